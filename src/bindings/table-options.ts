/** Values inside option tables, converted as the reference converts them; its texts have no "bad argument" part there. */
import { Float, numberOf } from '../domain/json.js';
import { conversionError } from '../lua/errors.js';
import { parseLuaNumber } from '../lua/number-text.js';
import { luaTypeName } from '../lua/type-names.js';
import type { LuaTable, LuaValue } from '../lua/value.js';
import { utf8Text } from './utf8.js';

/** A string; numbers count as their text. */
export function textOf(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Float) return String(value);
  if (value instanceof Uint8Array) {
    const text = utf8Text(value);
    throw conversionError(`error converting Lua string to String (${typeof text === 'string' ? 'invalid' : text.problem})`);
  }
  throw conversionError(`error converting Lua ${luaTypeName(value)} to String (expected string or number)`);
}

export function textOption(table: LuaTable, key: string): string {
  return textOf(table.get(key));
}

/** A number from 0 (fractions stay); numeric text counts. undefined = not given. `type` is the reference's, for its texts. */
export function unsignedOption(table: LuaTable, key: string, type: 'u32' | 'u64'): number | undefined {
  const value = table.get(key);
  if (value === undefined) return undefined;
  const number = typeof value === 'string' ? parseLuaNumber(value) : numberOf(value);
  const failed = (why: string) => conversionError(`error converting Lua ${luaTypeName(value)} to ${type} (${why})`);
  if (number === undefined || Number.isNaN(Number(number))) throw failed('expected number or string coercible to number');
  if (number < 0 || (type === 'u32' && number >= 2 ** 32)) throw failed('out of range');
  return Number(number);
}
