/**
 * JSON texts that keep integers and floats apart, strict, with serde_json's messages (Lua API 7): what scripts, job data and results use.
 */
import { Float, float, formatFloat, type Json, type JsonObject } from './json.js';

/** Arrays and objects within one another; the 128th is refused, as serde_json does. */
const PARSE_DEPTH = 128;

/** `message` is serde_json's: `expected value at line 1 column 5`. Columns count bytes. */
export class JsonTextError extends Error {
  readonly line: number;
  readonly column: number;
  constructor(reason: string, line: number, column: number) {
    super(`${reason} at line ${line} column ${column}`);
    this.name = 'JsonTextError';
    this.line = line;
    this.column = column;
  }
}

/** Integers beyond 64 bits and whole floats become `Float`, integers beyond 2^53 `bigint`. Of equal keys the last counts. */
export function parseJson(text: string): Json {
  return new Parser(text).document();
}

const INTEGER_MAX = 2n ** 63n - 1n;
const INTEGER_MIN = -(2n ** 63n);
const ESCAPES: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Json {
    const value = this.#value();
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#error('trailing characters', this.#at + 1);
    return value;
  }

  #value(): Json {
    this.#blanks();
    const char = this.#text[this.#at];
    switch (char) {
      case undefined:
        throw this.#error('EOF while parsing a value', this.#at);
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        if (char === '-' || (char >= '0' && char <= '9')) return this.#number();
        throw this.#error('expected value', this.#at + 1);
    }
  }

  #nested<T>(body: () => T): T {
    this.#depth++;
    if (this.#depth >= PARSE_DEPTH) throw this.#error('recursion limit exceeded', this.#at + 1);
    this.#at++;
    const value = body();
    this.#depth--;
    return value;
  }

  #array(): Json[] {
    const list: Json[] = [];
    this.#blanks();
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return list;
    }
    for (;;) {
      list.push(this.#value());
      this.#blanks();
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#error('EOF while parsing a list', this.#at);
      this.#at++;
      if (char === ']') return list;
      if (char !== ',') throw this.#error('expected `,` or `]`', this.#at);
      this.#blanks();
      if (this.#text[this.#at] === ']') throw this.#error('trailing comma', this.#at + 1);
    }
  }

  #object(): JsonObject {
    const object: JsonObject = {};
    this.#blanks();
    if (this.#text[this.#at] === '}') {
      this.#at++;
      return object;
    }
    for (;;) {
      const quote = this.#text[this.#at];
      if (quote === undefined) throw this.#error('EOF while parsing an object', this.#at);
      if (quote !== '"') throw this.#error(quote === '}' ? 'trailing comma' : 'key must be a string', this.#at + 1);
      const key = this.#string();
      this.#blanks();
      const colon = this.#text[this.#at];
      if (colon === undefined) throw this.#error('EOF while parsing an object', this.#at);
      if (colon !== ':') throw this.#error('expected `:`', this.#at + 1);
      this.#at++;
      const value = this.#value();
      // A key named __proto__ must be data, not the prototype.
      Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
      this.#blanks();
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#error('EOF while parsing an object', this.#at);
      this.#at++;
      if (char === '}') return object;
      if (char !== ',') throw this.#error('expected `,` or `}`', this.#at);
      this.#blanks();
    }
  }

  #word<T>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      const char = this.#text[this.#at + i];
      if (char === undefined) throw this.#error('EOF while parsing a value', this.#at + i);
      if (char !== word[i]) throw this.#error('expected ident', this.#at + i + 1);
    }
    this.#at += word.length;
    return value;
  }

  #number(): Json {
    const begin = this.#at;
    if (this.#text[this.#at] === '-') this.#at++;
    const first = this.#text[this.#at];
    if (first === undefined) throw this.#error('EOF while parsing a value', this.#at);
    if (!isDigit(first)) throw this.#error('invalid number', this.#at + 1);
    this.#at++;
    if (first === '0' && isDigit(this.#text[this.#at])) throw this.#error('invalid number', this.#at + 1);
    this.#digits();
    let fractional = false;
    if (this.#text[this.#at] === '.') {
      fractional = true;
      this.#at++;
      this.#required();
    }
    const exponent = this.#text[this.#at];
    if (exponent === 'e' || exponent === 'E') {
      fractional = true;
      this.#at++;
      const sign = this.#text[this.#at];
      if (sign === '+' || sign === '-') this.#at++;
      this.#required();
    }
    const text = this.#text.slice(begin, this.#at);
    if (!fractional && text !== '-0') {
      const value = Number(text);
      if (Number.isSafeInteger(value)) return value;
      const exact = BigInt(text);
      if (exact >= INTEGER_MIN && exact <= INTEGER_MAX) return exact;
    }
    const value = Number(text);
    if (!Number.isFinite(value)) throw this.#error('number out of range', this.#at);
    return float(value);
  }

  #required(): void {
    const char = this.#text[this.#at];
    if (char === undefined) throw this.#error('EOF while parsing a value', this.#at);
    if (!isDigit(char)) throw this.#error('invalid number', this.#at + 1);
    this.#digits();
  }

  #digits(): void {
    while (isDigit(this.#text[this.#at])) this.#at++;
  }

  #string(): string {
    this.#at++;
    let out = '';
    let from = this.#at;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#error('EOF while parsing a string', this.#at);
      if (char === '"') {
        out += this.#text.slice(from, this.#at);
        this.#at++;
        return out;
      }
      if (char < ' ') {
        this.#at++;
        throw this.#error('control character (\\u0000-\\u001F) found while parsing a string', this.#at);
      }
      if (char !== '\\') {
        this.#at++;
        continue;
      }
      out += this.#text.slice(from, this.#at);
      out += this.#escape();
      from = this.#at;
    }
  }

  #escape(): string {
    const char = this.#text[this.#at + 1];
    if (char === undefined) throw this.#error('EOF while parsing a string', this.#at + 1);
    this.#at += 2;
    const simple = ESCAPES[char];
    if (simple !== undefined) return simple;
    if (char !== 'u') throw this.#error('invalid escape', this.#at);
    const high = this.#hex();
    if (high >= 0xdc00 && high <= 0xdfff) throw this.#error('lone leading surrogate in hex escape', this.#at);
    if (high < 0xd800 || high > 0xdbff) return String.fromCharCode(high);
    if (this.#text[this.#at] !== '\\' || this.#text[this.#at + 1] !== 'u') throw this.#error('unexpected end of hex escape', this.#at + 1);
    this.#at += 2;
    const low = this.#hex();
    if (low < 0xdc00 || low > 0xdfff) throw this.#error('lone leading surrogate in hex escape', this.#at);
    return String.fromCharCode(high, low);
  }

  #hex(): number {
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (digits.length < 4) throw this.#error('EOF while parsing a string', this.#text.length);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#error('invalid escape', this.#at + 4);
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }

  #blanks(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === ' ' || char === '\n' || char === '\t' || char === '\r') this.#at++;
      else return;
    }
  }

  /** `consumed` characters have been read: the column is their number in the last line, in bytes. */
  #error(reason: string, consumed: number): JsonTextError {
    const read = this.#text.slice(0, consumed);
    const line = read.lastIndexOf('\n');
    const lines = line < 0 ? 1 : read.split('\n').length;
    const text = read.slice(line + 1);
    // The character that is refused counts as its first byte, what was read before it whole.
    const whole = text === '' || reason.startsWith('EOF');
    return new JsonTextError(reason, lines, whole ? Buffer.byteLength(text) : Buffer.byteLength(text.slice(0, -1)) + 1);
  }
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}

/** Compact text: floats as `formatFloat` prints them, keys in their order. Throws "Invalid float value" for NaN and infinities. */
export function stringifyJson(value: Json): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return value.toString();
    case 'number':
      return number(value, !Number.isInteger(value));
    default:
  }
  if (value instanceof Float) return number(value.value, true);
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined) members.push(`${quote(key)}:${stringifyJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

function number(value: number, isFloat: boolean): string {
  if (!Number.isFinite(value)) throw new RangeError('Invalid float value');
  return isFloat ? formatFloat(value) : String(value);
}

/** JSON.stringify escapes exactly what serde_json does, and lone surrogates, which a valid Lua string cannot hold. */
function quote(text: string): string {
  return JSON.stringify(text);
}
