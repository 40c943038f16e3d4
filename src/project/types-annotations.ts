/** LuaLS annotations in files of the project: types as text become types of the model, classes are found with their fields. */
import { ANY, fn, listOf, literal, type Member, mapOf, member, NIL, named, type Type, unionOf } from './types-model.js';

export interface AnnotatedClass {
  name: string;
  parents: string[];
  members: Member[];
}

/** Classes and aliases of one file; what does not parse is left out. */
export interface Annotated {
  classes: Map<string, AnnotatedClass>;
  aliases: Map<string, Type>;
}

export function readAnnotated(source: string): Annotated {
  const found: Annotated = { classes: new Map(), aliases: new Map() };
  let open: AnnotatedClass | undefined;
  for (const line of source.split(/\r?\n/)) {
    const annotation = /^\s*---\s?@(class|field|alias)\s+(?:\((?:exact|partial)\)\s*)?(.*)$/.exec(line);
    if (!annotation) {
      if (!/^\s*---/.test(line)) open = undefined;
      continue;
    }
    const [, tag, body = ''] = annotation;
    if (tag === 'class') {
      const [, name, parents] = /^([\w.-]+)\s*(?::\s*([\w.,\s-]+?))?\s*$/.exec(body) ?? [];
      open = name === undefined ? undefined : { name, parents: parents?.split(/\s*,\s*/) ?? [], members: [] };
      if (open) found.classes.set(open.name, open);
    } else if (tag === 'alias') {
      const [, name, text] = /^([\w.-]+)\s+(.+)$/.exec(body) ?? [];
      const type = text === undefined ? undefined : parseType(text);
      if (name !== undefined && type) found.aliases.set(name, type.type);
    } else if (open) {
      const [, key, quoted, mark, text] =
        /^(?:(?:public|private|protected|package)\s+)?(?:([A-Za-z_]\w*)|\["([^"\\]*)"\])(\?)?\s+(.+)$/.exec(body) ?? [];
      const type = text === undefined ? undefined : parseType(text);
      const name = key ?? quoted;
      if (name !== undefined && type)
        open.members.push(member(name, type.type, mark === '?', type.rest.replace(/^\s*[#@]?\s*/, '').trim()));
    }
  }
  return found;
}

/** A type at the beginning of a text, and what follows it; undefined when there is none that this understands. */
export function parseType(text: string): { type: Type; rest: string } | undefined {
  const reader = new TypeReader(text);
  try {
    const type = reader.union();
    return { type, rest: reader.rest() };
  } catch (error) {
    if (error instanceof NoType) return undefined;
    throw error;
  }
}

class NoType extends Error {}

const PLAIN = new Set(['string', 'number', 'integer', 'boolean', 'any', 'table', 'nil']);

class TypeReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rest(): string {
    return this.#text.slice(this.#at);
  }

  union(): Type {
    const types = [this.#suffixed()];
    while (this.#match(/\s*\|\s*/y) !== undefined) types.push(this.#suffixed());
    return unionOf(types);
  }

  #suffixed(): Type {
    let type = this.#primary();
    for (;;) {
      if (this.#match(/\[\]/y) !== undefined) type = listOf(type);
      else if (this.#match(/\?/y) !== undefined) type = unionOf([type, NIL]);
      else return type;
    }
  }

  #primary(): Type {
    if (this.#match(/\(\s*/y) !== undefined) {
      const type = this.union();
      this.#want(/\s*\)/y);
      return type;
    }
    if (this.#match(/\{\s*/y) !== undefined) return this.#record();
    if (this.#match(/fun\s*\(\s*/y) !== undefined) return this.#function();
    const quoted = this.#match(/"(?:[^"\\]|\\["\\])*"|'(?:[^'\\]|\\['\\])*'/y);
    if (quoted !== undefined) return literal(quoted.slice(1, -1).replace(/\\(.)/g, '$1'));
    const number = this.#match(/-?\d+(?:\.\d+)?\b/y);
    if (number !== undefined) return literal(Number(number));
    const name = this.#match(/[A-Za-z_][\w.-]*/y);
    if (name === undefined) throw new NoType();
    if (name === 'true' || name === 'false') return literal(name === 'true');
    const parameters = this.#match(/<\s*/y) === undefined ? [] : this.#parameters();
    if (name === 'table' && parameters.length > 0) return mapOf(parameters[1] ?? ANY);
    // A generic context stands for what it is given: crap.JobHandlerContext<D> has data of D.
    if (name === 'crap.JobHandlerContext' && parameters[0]) return { kind: 'record', members: [member('data', parameters[0])] };
    return PLAIN.has(name) ? ({ kind: 'plain', name } as Type) : named(name);
  }

  #parameters(): Type[] {
    const types = [this.union()];
    while (this.#match(/\s*,\s*/y) !== undefined) types.push(this.union());
    this.#want(/\s*>/y);
    return types;
  }

  #record(): Type {
    const members: Member[] = [];
    let indexed: Type | undefined;
    while (this.#match(/\s*\}/y) === undefined) {
      const key = this.#match(/\s*(?:[A-Za-z_]\w*|\["[^"\\]*"\]|\[[\w.]+\])/y)?.trim();
      if (key === undefined) throw new NoType();
      const optional = this.#match(/\?/y) !== undefined;
      this.#want(/\s*:\s*/y);
      const type = this.union();
      if (key.startsWith('[') && !key.startsWith('["')) indexed = type;
      else members.push(member(key.replace(/^\["(.*)"\]$/, '$1'), type, optional));
      this.#match(/\s*[,;]/y);
    }
    return indexed && members.length === 0 ? mapOf(indexed) : { kind: 'record', members };
  }

  #function(): Type {
    const params: Member[] = [];
    while (this.#match(/\s*\)/y) === undefined) {
      const name = this.#match(/[A-Za-z_]\w*|\.\.\./y);
      if (name === undefined) throw new NoType();
      const optional = this.#match(/\?/y) !== undefined;
      params.push(member(name, this.#match(/\s*:\s*/y) === undefined ? ANY : this.union(), optional));
      this.#match(/\s*,\s*/y);
    }
    return fn(params, this.#match(/\s*:\s*/y) === undefined ? undefined : this.union());
  }

  #want(pattern: RegExp): void {
    if (this.#match(pattern) === undefined) throw new NoType();
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at += match[0].length;
    return match[0];
  }
}
