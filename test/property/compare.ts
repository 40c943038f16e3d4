/** Comparing what was read with what a model expects, wherever it was read: in process, from Lua, from the JSON of another process. */
import { Float, type Json } from '../../src/domain/json.js';
import { parseJson } from '../../src/domain/json-text.js';
import { LuaTable } from '../../src/lua/value.js';

/** Text that holds this JSON, however its keys are ordered. */
export class JsonText {
  readonly value: Json;
  constructor(value: Json) {
    this.value = value;
  }
}

/** Text of a form. */
export class TextLike {
  readonly pattern: RegExp;
  constructor(pattern: RegExp) {
    this.pattern = pattern;
  }
}

export type Expected = Json | JsonText | TextLike | Expected[] | { [key: string]: Expected };

/** What is different, with its path; empty when nothing is. */
export function differences(actual: unknown, expected: Expected, path = ''): string[] {
  if (expected instanceof TextLike) {
    return typeof actual === 'string' && expected.pattern.test(actual) ? [] : [`${path}: ${show(actual)} is not like ${expected.pattern}`];
  }
  if (expected instanceof JsonText) {
    if (typeof actual !== 'string') return [`${path}: ${show(actual)} is no text`];
    return differences(parsed(actual), expected.value, `${path}(json)`);
  }
  const [got, wanted] = [plain(actual), plain(expected)];
  if (Array.isArray(wanted) && Array.isArray(got)) {
    if (wanted.length !== got.length) return [`${path}: ${show(got)} instead of ${show(wanted)}`];
    return wanted.flatMap((each, i) => differences(got[i], each as Expected, `${path}[${i}]`));
  }
  if (isTable(wanted) && isTable(got)) {
    const keys = [...new Set([...Object.keys(wanted), ...Object.keys(got)])];
    return keys.flatMap((key) => {
      if (!Object.hasOwn(got, key)) return [`${path}.${key}: absent instead of ${show(wanted[key])}`];
      if (!Object.hasOwn(wanted, key)) return [`${path}.${key}: ${show(got[key])} instead of nothing`];
      return differences(got[key], wanted[key] as Expected, `${path}.${key}`);
    });
  }
  return Object.is(got, wanted) ? [] : [`${path}: ${show(got)} instead of ${show(wanted)}`];
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    return `no JSON (${(error as Error).message}): ${text}`;
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonText) && !(value instanceof TextLike)
  );
}

/** One level in a form that compares: Lua tables as lists or objects, floats told from integers, an empty list and an empty table alike. */
function plain(value: unknown): unknown {
  if (value instanceof Float) return Number.isInteger(value.value) ? `float ${value.value}` : value.value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : `integer ${value}`;
  if (value instanceof LuaTable) return plain(tableOf(value));
  if (Array.isArray(value)) return value.length === 0 ? '(empty)' : value;
  if (!isTable(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  return members.length === 0 ? '(empty)' : Object.fromEntries(members);
}

function tableOf(table: LuaTable): unknown {
  if (table.length === 0) return Object.fromEntries([...table.entries].map(([key, member]) => [String(key), member]));
  return Array.from({ length: table.length }, (_, i) => table.get(i + 1));
}

/** A Lua table with all that is in it as lists and objects; an empty one is a list. */
export function plainTable(value: unknown): unknown {
  if (!(value instanceof LuaTable)) return value;
  const at = value.entries.size === 0 ? [] : tableOf(value);
  if (Array.isArray(at)) return at.map(plainTable);
  return Object.fromEntries(Object.entries(at as object).map(([key, member]) => [key, plainTable(member)]));
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, member) => {
    if (member instanceof Float) return `float ${member.value}`;
    if (typeof member === 'bigint') return `integer ${member}`;
    if (member instanceof LuaTable) return tableOf(member);
    return member as unknown;
  });
}

/** A value as Lua source: floats stay floats, every byte that could mean something is written as its number. */
export function luaSource(value: Json | undefined): string {
  if (value === undefined || value === null) return 'nil';
  if (value instanceof Float) return floatSource(value.value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : floatSource(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return textSource(value);
  if (Array.isArray(value)) return `{${value.map(luaSource).join(', ')}}`;
  return `{${Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `[${textSource(key)}] = ${luaSource(member)}`)
    .join(', ')}}`;
}

function floatSource(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function textSource(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`,
  );
  return `"${bytes.join('')}"`;
}
