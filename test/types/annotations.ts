/** A strict reader of LuaLS annotations: every `---@` line must follow the grammar; names that are used and names that are defined come out. */

export interface Member {
  name: string;
  optional: boolean;
  /** Class names in its type. */
  refs: string[];
  text: string;
}

export interface StubClass {
  name: string;
  parents: string[];
  members: Member[];
}

export interface StubFunction {
  /** `crap.jobs.queue` */
  name: string;
  params: Member[];
  returns: string[];
  overloads: string[];
  described: boolean;
}

export interface Annotations {
  classes: StubClass[];
  aliases: Map<string, string[]>;
  functions: StubFunction[];
  /** Names of types wherever they are used, with the line. */
  used: { name: string; line: number }[];
  /** What breaks the grammar. */
  faults: string[];
}

const BUILT_IN = new Set('nil any boolean string number integer function table thread userdata lightuserdata true false'.split(' '));

export function readAnnotations(text: string): Annotations {
  const out: Annotations = { classes: [], aliases: new Map(), functions: [], used: [], faults: [] };
  let block: { params: Member[]; returns: string[]; overloads: string[]; generics: Set<string>; described: boolean } = fresh();
  let open: StubClass | undefined;
  const lines = text.split('\n');
  const readLine = (line: string, number: number): void => {
    const fault = (why: string): void => {
      out.faults.push(`${number}: ${why}: ${line}`);
    };
    const typed = (source: string): { rest: string; refs: string[] } => {
      const parser = new TypeParser(source);
      const refs = parser.type();
      for (const name of refs) if (!BUILT_IN.has(name) && !block.generics.has(name)) out.used.push({ name, line: number });
      return { rest: parser.rest(), refs };
    };
    const member = (source: string, pattern: RegExp): Member | undefined => {
      const match = pattern.exec(source);
      if (!match) {
        fault('not a name and a type');
        return undefined;
      }
      const { rest, refs } = typed(source.slice(match[0].length));
      if (rest !== '' && !/^\s+\S/.test(rest)) fault('garbage behind the type');
      return { name: match[1] ?? '', optional: match[2] === '?', refs, text: source.slice(match[0].length) };
    };
    try {
      const annotation = /^---@(\w+)(?: (.*))?$/.exec(line);
      if (annotation) {
        const [, tag, body = ''] = annotation;
        if (/\s$/.test(line)) fault('blanks at the end');
        switch (tag) {
          case 'meta':
            if (number > 1) fault('meta is not on the first line');
            break;
          case 'class': {
            const match = /^([\w.-]+)(?:\s*:\s*([\w.-]+(?:\s*,\s*[\w.-]+)*))?$/.exec(body);
            if (!match) return fault('not a class');
            const parents = match[2]?.split(/\s*,\s*/) ?? [];
            for (const name of parents) out.used.push({ name, line: number });
            open = { name: match[1]!, parents, members: [] };
            out.classes.push(open);
            return;
          }
          case 'field': {
            if (!open) return fault('a field without a class');
            const found = member(body, /^([A-Za-z_]\w*|\["(?:[^"\\]|\\.)*"\]|\[\w+\])(\?)? /);
            if (found) open.members.push(found);
            return;
          }
          case 'alias': {
            const match = /^([\w.-]+) /.exec(body);
            if (!match) return fault('not an alias');
            const { rest, refs } = typed(body.slice(match[0].length));
            if (rest !== '') fault('garbage behind the alias');
            if (out.aliases.has(match[1]!)) fault('alias defined twice');
            out.aliases.set(match[1]!, refs);
            return;
          }
          case 'generic':
            for (const part of body.split(/,\s*/)) {
              const match = /^(\w+)(?:\s*:\s*([\w.]+))?$/.exec(part);
              if (match) block.generics.add(match[1]!);
              else fault('not a generic');
            }
            return;
          case 'param': {
            const found = member(body, /^([A-Za-z_]\w*|\.\.\.)(\?)? /);
            if (found) block.params.push(found);
            return;
          }
          case 'return': {
            const { rest } = typed(body);
            if (rest !== '' && !/^ (\w+|\.\.\.)( .*)?$/.test(rest)) fault('garbage behind the return type');
            block.returns.push(body);
            return;
          }
          case 'overload': {
            const { rest } = typed(body);
            if (rest !== '' || !body.startsWith('fun(')) fault('not a function type');
            block.overloads.push(body);
            return;
          }
          case 'type':
          case 'deprecated':
            if (tag === 'type' && typed(body).rest !== '') fault('garbage behind the type');
            return;
          default:
            return fault('unknown annotation');
        }
        return;
      }
      if (line.startsWith('--- ')) {
        block.described = true;
        return;
      }
      open = undefined;
      if (line.startsWith('---')) return fault('neither an annotation nor a description');
      const fn = /^function ([\w.]+)\(([\w, .]*)\) end$/.exec(line);
      if (fn) {
        const names = fn[2] === '' ? [] : fn[2]!.split(', ');
        const told = block.params.map(({ name }) => name);
        if (names.join() !== told.join()) fault(`parameters (${names}) are not those told (${told})`);
        const last = block.params.findLastIndex(({ optional }) => !optional);
        if (block.params.slice(0, last + 1).some(({ optional }) => optional)) fault('an optional parameter before one that is not');
        const { params, returns, overloads, described } = block;
        out.functions.push({ name: fn[1]!, params, returns, overloads, described });
      } else if (line !== '' && !line.startsWith('-- ') && !/^(local )?[\w.]+ = \{\}$/.test(line) && !/^return \w*$/.test(line)) {
        fault('code that is no stub');
      }
      block = fresh();
    } catch (error) {
      if (!(error instanceof TypeFault)) throw error;
      fault(error.message);
    }
  };
  lines.forEach((line, index) => {
    readLine(line, index + 1);
  });
  return out;
}

function fresh() {
  return { params: [] as Member[], returns: [] as string[], overloads: [] as string[], generics: new Set<string>(), described: false };
}

class TypeFault extends Error {}

/** Recursive descent over one type expression; `type` gives the names in it. */
class TypeParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rest(): string {
    return this.#text.slice(this.#at);
  }

  type(): string[] {
    const refs = this.#suffixed();
    while (this.#take('|')) refs.push(...this.#suffixed());
    return refs;
  }

  #suffixed(): string[] {
    const refs = this.#primary();
    while (this.#take('[]') || this.#take('?'));
    return refs;
  }

  #primary(): string[] {
    if (this.#take('(')) {
      const refs = this.type();
      this.#want(')');
      return refs;
    }
    if (this.#take('{')) return this.#record();
    if (this.#match(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?/y)) return [];
    if (this.#take('fun(')) return this.#function();
    const name = this.#match(/[A-Za-z_][\w.-]*/y);
    if (name === undefined) throw new TypeFault(`a type is missing at '${this.rest()}'`);
    if (!this.#take('<')) return [name];
    const refs = this.type();
    while (this.#take(', ')) refs.push(...this.type());
    this.#want('>');
    return [name, ...refs];
  }

  #record(): string[] {
    const refs: string[] = [];
    do {
      this.#take(' ');
      const key = this.#match(/[A-Za-z_]\w*|\["(?:[^"\\]|\\.)*"\]|\[\w+\]/y);
      if (key === undefined) throw new TypeFault(`a key is missing at '${this.rest()}'`);
      this.#take('?');
      this.#want(': ');
      refs.push(...this.type());
    } while (this.#take(','));
    this.#take(' ');
    this.#want('}');
    return refs;
  }

  #function(): string[] {
    const refs: string[] = [];
    if (!this.#take(')')) {
      do {
        const name = this.#match(/[A-Za-z_]\w*|\.\.\./y);
        if (name === undefined) throw new TypeFault(`a parameter is missing at '${this.rest()}'`);
        this.#take('?');
        this.#want(': ');
        refs.push(...this.type());
      } while (this.#take(', '));
      this.#want(')');
    }
    if (this.#take(': ')) refs.push(...this.type());
    return refs;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #want(text: string): void {
    if (!this.#take(text)) throw new TypeFault(`expected '${text}' at '${this.rest()}'`);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at += match[0].length;
    return match[0];
  }
}
