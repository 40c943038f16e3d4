/** Arguments of bindings: checked and converted by type with mlua's coercions and texts (Lua API 2). */
import { Float } from '../domain/json.js';
import { conversionError } from './errors.js';
import { utf8Fault } from './json.js';
import { luaNumberText, parseLuaNumber } from './number-text.js';
import { luaTypeName } from './type-names.js';
import { LuaTable, type LuaValue } from './value.js';
import type { ParamType } from './vm.js';

/** `position` counts from 1. */
export function convertArgument(value: LuaValue, type: ParamType, position: number): LuaValue {
  if (type === 'any') return value;
  const missing = value === undefined || value === null;
  if (missing && type.endsWith('?')) return undefined;
  switch (type) {
    case 'string':
    case 'string?':
      return toText(value, position);
    case 'bytes':
      return value instanceof Uint8Array ? value : toText(value, position);
    case 'integer':
    case 'integer?': {
      const number = toNumber(value);
      if (number === undefined) throw bad(position, value, 'i64', ' (expected number or string coercible to number)');
      if (typeof number === 'bigint') return number;
      if (!Number.isFinite(number)) throw bad(position, value, 'i64', ' (out of range)');
      const whole = Math.trunc(number);
      return Object.is(whole, -0) ? 0 : whole;
    }
    case 'number':
    case 'number?': {
      const number = toNumber(value);
      if (number === undefined) throw bad(position, value, 'f64', ' (expected number or string coercible to number)');
      return Number(number);
    }
    case 'boolean':
    case 'boolean?':
      return !missing && value !== false;
    case 'table':
    case 'table?':
      if (value instanceof LuaTable) return value;
      throw bad(position, value, 'table', '');
    case 'function':
    case 'function?':
      if (luaTypeName(value) === 'function') return value;
      throw bad(position, value, 'function', '');
    default:
      return value;
  }
}

function toText(value: LuaValue, position: number): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Float) return luaNumberText(value);
  if (value instanceof Uint8Array) throw bad(position, value, 'String', ` (${utf8Fault(value)})`);
  throw bad(position, value, 'String', ' (expected string or number)');
}

function toNumber(value: LuaValue): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Float) return value.value;
  return typeof value === 'string' ? parseLuaNumber(value) : undefined;
}

function bad(position: number, value: LuaValue, type: string, detail: string): Error {
  return conversionError(`bad argument #${position}: error converting Lua ${luaTypeName(value)} to ${type}${detail}`);
}
