/** Lua values of definition tables as JavaScript has them, with the reference's coercions: strings take numbers, numbers take numeric text. */
import { Float, type Json, type JsonObject, numberOf } from '../domain/json.js';
import { utf8Fault } from '../lua/json.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';

/** A definition that cannot be used. `inner`: the reference shows `runtime error: ` in front of this text. */
export class ParseFailure extends Error {
  readonly inner: boolean;
  constructor(message: string, options: { inner?: boolean } = {}) {
    super(message);
    this.name = 'ParseFailure';
    this.inner = options.inner ?? false;
  }
}

const MAX_DEPTH = 64;
const NUMERIC = /^\s*[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$/;

/** The text of a string or number; undefined for everything else. */
export function textOf(value: LuaValue): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Float) return String(value);
  return undefined;
}

/** The text of an element that must be a string; throws the conversion text of the reference. */
export function textElement(value: LuaValue): string {
  const text = textOf(value);
  if (text !== undefined) return text;
  if (value instanceof Uint8Array) throw new ParseFailure(`error converting Lua string to String (${utf8Fault(value)})`);
  throw new ParseFailure(`error converting Lua ${luaTypeName(value)} to String (expected string or number)`);
}

/** A finite number, also from numeric text; undefined for everything else. */
export function finiteNumber(value: LuaValue): number | undefined {
  const number = typeof value === 'string' && NUMERIC.test(value) ? Number(value) : numberOf(value);
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

/** A non-negative integer (fractions are cut); undefined for everything else. */
export function naturalNumber(value: LuaValue): number | undefined {
  const number = finiteNumber(value);
  return number !== undefined && number > -1 && number <= Number.MAX_SAFE_INTEGER ? Math.trunc(number) + 0 : undefined;
}

/** The values at 1..#t. */
export function listItems(table: LuaTable): LuaValue[] {
  const items: LuaValue[] = [];
  for (let index = 1; index <= table.length; index++) items.push(table.get(index));
  return items;
}

/**
 * Free-form tables (admin, upload, options of a ref) as plain, cloneable JSON: floats become numbers, functions and
 * non-finite numbers null, and an empty table an object.
 */
export function toJson(value: LuaValue, depth = 0): Json {
  if (depth > MAX_DEPTH) throw new ParseFailure(`Table nesting exceeds maximum depth of ${MAX_DEPTH}`, { inner: true });
  if (typeof value === 'boolean' || typeof value === 'string' || typeof value === 'bigint') return value;
  const number = numberOf(value);
  if (number !== undefined) return Number.isFinite(number) ? number : null;
  if (!(value instanceof LuaTable)) return null;
  if (value.length > 0 && ![...value.entries.keys()].some((key) => typeof key === 'string')) {
    return listItems(value).map((item) => toJson(item, depth + 1));
  }
  return toJsonObject(value, depth);
}

export function toJsonObject(table: LuaTable, depth = 0): JsonObject {
  return Object.fromEntries([...table.entries].map(([key, value]) => [String(key), toJson(value, depth + 1)]));
}
