/**
 * Reading of definition tables: what is wrong is collected with its place, so that a definition shows all its problems at once.
 * What the reference ignores in silence is a warning under generation 8 and an error under 10.
 */
import type { Problem } from '../domain/errors.js';
import { suggest } from '../domain/suggest.js';
import { BindingError } from '../lua/errors.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import { finiteNumber, listItems, naturalNumber, ParseFailure, textOf } from './parse-value.js';

export interface ParseOptions {
  generation: 8 | 10;
  /** Of the `define` call: path relative to the project, 1-based line. */
  file?: string;
  line?: number;
}

/** What is known while one definition is parsed. */
export class Parsing {
  readonly generation: 8 | 10;
  readonly warnings: Problem[] = [];
  readonly errors: Problem[] = [];
  readonly #kind: 'collection' | 'global';
  readonly #slug: string;
  readonly #options: ParseOptions;

  constructor(kind: 'collection' | 'global', slug: string, options: ParseOptions) {
    this.#kind = kind;
    this.#slug = slug;
    this.#options = options;
    this.generation = options.generation;
  }

  warn(code: string, path: string, message: string, remedy?: string): void {
    this.warnings.push(this.#problem('warning', code, path, message, remedy));
  }

  /** Ignored by the reference: a warning under generation 8, an error under 10. */
  strict(code: string, path: string, message: string, remedy?: string): void {
    if (this.generation === 10) this.error(code, path, message, remedy);
    else this.warn(code, path, message, remedy);
  }

  error(code: string, path: string, message: string, remedy?: string): void {
    this.errors.push(this.#problem('error', code, path, message, remedy));
  }

  /** Runs `body`; a ParseFailure is collected as an error at `path` and ends only this part. */
  attempt<T>(path: string, body: () => T): T | undefined {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof ParseFailure)) throw error;
      this.error('DEFINITION_INVALID', path, error.inner ? `runtime error: ${error.message}` : error.message);
      return undefined;
    }
  }

  /** Throws when anything was wrong: "Failed to parse collection 'x': …", all problems and warnings in `details.problems`. */
  finish(): void {
    if (this.errors.length === 0) return;
    const remedies = this.errors.map((problem) => problem.remedy).filter((remedy) => remedy !== undefined);
    throw new BindingError(this.errors[0]!.code, this.#prefix(this.errors.map(({ message }) => message).join('; ')), {
      remedy: remedies[0] ?? `correct the definition of ${this.#kind} '${this.#slug}'`,
      details: {
        slug: this.#slug,
        problems: [...this.errors.map((problem) => this.#complete(problem)), ...this.warnings],
      },
    });
  }

  #complete(problem: Problem): Problem {
    const { message, field, remedy } = problem;
    const within = field === undefined ? '' : `${field} in `;
    return {
      ...problem,
      message: this.#prefix(message),
      remedy: remedy ?? `correct ${within}the definition of ${this.#kind} '${this.#slug}'`,
    };
  }

  #prefix(text: string): string {
    return `Failed to parse ${this.#kind} '${this.#slug}': ${text}`;
  }

  #problem(severity: Problem['severity'], code: string, path: string, message: string, remedy?: string): Problem {
    const { file, line } = this.#options;
    const where = severity === 'warning' ? `${this.#kind} '${this.#slug}': ${message}` : message;
    return { severity, code, message: where, file, line, field: path || undefined, remedy };
  }
}

/** One table of a definition, read key by key. `path` is dotted and starts at the definition ("" = itself). */
export class Reader {
  readonly parsing: Parsing;
  readonly table: LuaTable;
  readonly path: string;

  constructor(parsing: Parsing, table: LuaTable, path: string) {
    this.parsing = parsing;
    this.table = table;
    this.path = path;
  }

  at(key: string): string {
    return this.path ? `${this.path}.${key}` : key;
  }

  has(key: string): boolean {
    return this.table.get(key) !== undefined;
  }

  get(key: string): LuaValue {
    return this.table.get(key);
  }

  /** Anything but a boolean is an error in both generations. */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.get(key);
    if (value === undefined || value === null) return fallback;
    if (typeof value === 'boolean') return value;
    throw new ParseFailure(`Field config key '${key}' expected a boolean, got ${luaTypeName(value)}`, { inner: true });
  }

  string(key: string): string | undefined {
    return this.#typed(key, 'a string', textOf);
  }

  number(key: string): number | undefined {
    return this.#typed(key, 'a number', finiteNumber);
  }

  natural(key: string): number | undefined {
    return this.#typed(key, 'a non-negative integer', naturalNumber);
  }

  /** A table; what is none counts as absent. */
  child(key: string): Reader | undefined {
    const table = this.#typed(key, 'a table', (value) => (value instanceof LuaTable ? value : undefined));
    return table && new Reader(this.parsing, table, this.at(key));
  }

  /** The elements of a list; what is none counts as absent. Named entries of the table are reported. */
  list(key: string, of: string): LuaValue[] | undefined {
    const table = this.#typed(key, `a list of ${of}`, (value) => (value instanceof LuaTable ? value : undefined));
    if (!table) return undefined;
    const named = [...table.entries.keys()].filter((name) => typeof name === 'string');
    if (named.length > 0) this.ignored(key, `a list of ${of}`, `a table with the key '${named[0]}'`);
    return listItems(table);
  }

  /** Elements of a list that must be tables; throws the conversion text of the reference for others. */
  tables(key: string, of: string): Reader[] | undefined {
    return this.list(key, of)?.map((item, index) => this.element(key, item, index));
  }

  element(key: string, item: LuaValue, index: number): Reader {
    if (!(item instanceof LuaTable)) throw new ParseFailure(`error converting Lua ${luaTypeName(item)} to table`);
    return new Reader(this.parsing, item, `${this.at(key)}[${index + 1}]`);
  }

  ignored(key: string, expected: string, got: string, remedy?: string): void {
    this.parsing.strict(
      'DEFINITION_VALUE_IGNORED',
      this.at(key),
      `'${this.at(key)}' expected ${expected}, got ${got}; it is ignored`,
      remedy,
    );
  }

  /** Reports keys that are not known here, with a suggestion. `what` names the table in the text: "field", "collection" … */
  unknownKeys(what: string, known: readonly string[]): void {
    for (const key of this.table.entries.keys()) {
      if (typeof key === 'string' && known.includes(key)) continue;
      const name = String(key);
      const near = suggest(name, known);
      this.parsing.strict(
        'DEFINITION_UNKNOWN_KEY',
        this.at(name),
        `Unknown ${what} config key '${name}'${near === undefined ? '' : ` (did you mean '${near}'?)`}. Valid keys: ${known.join(', ')}`,
        near === undefined ? `remove '${name}'` : `write '${near}' instead of '${name}'`,
      );
    }
  }

  #typed<T>(key: string, expected: string, convert: (value: LuaValue) => T | undefined): T | undefined {
    const value = this.get(key);
    if (value === undefined || value === null) return undefined;
    const converted = convert(value);
    if (converted === undefined) {
      const got = typeof value === 'string' ? `string '${value}'` : luaTypeName(value);
      this.ignored(key, expected, got);
    }
    return converted;
  }
}
