/** Types of a project, before they are printed in any language: what editors and embedding applications are told of its documents and jobs. */

export type Type =
  | { kind: 'plain'; name: 'string' | 'number' | 'integer' | 'boolean' | 'any' | 'table' | 'nil' }
  | { kind: 'literal'; value: string | number | boolean }
  | { kind: 'list'; of: Type }
  /** String keys. */
  | { kind: 'map'; of: Type }
  | { kind: 'union'; of: Type[] }
  | { kind: 'record'; members: Member[] }
  /** A class or alias, of the project's types, of the stubs or of the project itself. */
  | { kind: 'named'; name: string }
  | { kind: 'function'; params: Member[]; result?: Type };

export interface Member {
  /** Any text; printers escape it. */
  name: string;
  type: Type;
  optional: boolean;
  /** One line. */
  note?: string;
}

export type Declaration =
  | { kind: 'class'; name: string; parents: string[]; members: Member[]; note?: string }
  | { kind: 'alias'; name: string; type: Type; note?: string };

/** What one function takes and gives for one slug: `crap.collections.find` with "posts". The slug is the first parameter. */
export interface Signature {
  fn: string;
  params: Member[];
  result: Type;
}

/** One collection, global or job. */
export interface Described {
  slug: string;
  /** Stands in the names of its classes: `blog_posts` is `BlogPosts`. Unique within its kind. */
  name: string;
  declarations: Declaration[];
  signatures: Signature[];
}

export interface DescribedJob extends Described {
  data: Type;
  /** What the handler says that it returns; undefined when it says nothing. */
  result?: Type;
  /** Classes that the project itself declares and `data` and `result` lead to; not to be declared again in Lua. */
  own: Declaration[];
}

/** Everything in the order of slugs. */
export interface ProjectTypes {
  generation: 8 | 10;
  collections: Described[];
  globals: Described[];
  jobs: DescribedJob[];
  /** Members of the stubs' classes that the project adds: accessors by slug, in generation 10. */
  additions: Declaration[];
}

export const STRING: Type = { kind: 'plain', name: 'string' };
export const NUMBER: Type = { kind: 'plain', name: 'number' };
export const INTEGER: Type = { kind: 'plain', name: 'integer' };
export const BOOLEAN: Type = { kind: 'plain', name: 'boolean' };
export const ANY: Type = { kind: 'plain', name: 'any' };
export const TABLE: Type = { kind: 'plain', name: 'table' };
export const NIL: Type = { kind: 'plain', name: 'nil' };

export const literal = (value: string | number | boolean): Type => ({ kind: 'literal', value });
export const named = (name: string): Type => ({ kind: 'named', name });
export const listOf = (of: Type): Type => ({ kind: 'list', of });
export const mapOf = (of: Type): Type => ({ kind: 'map', of });

/** Flat, without repetitions; of one type that type itself, of none `any`. */
export function unionOf(types: readonly Type[]): Type {
  const flat = types.flatMap((type) => (type.kind === 'union' ? type.of : [type]));
  const seen = new Set<string>();
  const kept = flat.filter((type) => {
    const key = JSON.stringify(type);
    return !seen.has(key) && seen.add(key);
  });
  if (kept.length <= 1) return kept[0] ?? ANY;
  return { kind: 'union', of: kept };
}

export function member(name: string, type: Type, optional = false, note?: string): Member {
  return { name, type, optional, ...(note !== undefined && note !== '' && { note }) };
}

export function fn(params: Member[], result?: Type): Type {
  return { kind: 'function', params, ...(result && { result }) };
}

/** Names of classes, each given once: `blog_posts` is `BlogPosts`, a second one of the same name `BlogPosts_2`. */
export class Names {
  readonly #taken = new Set<string>();

  unique(name: string): string {
    let found = name;
    for (let n = 2; this.#taken.has(found); n++) found = `${name}_${n}`;
    this.#taken.add(found);
    return found;
  }
}

/** ASCII letters and digits of each word, the first of them large. */
export function pascal(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}
