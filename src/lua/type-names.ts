/** Lua's name of a value's type as the reference prints it: `integer` and `number` apart. */
import { Float } from '../domain/json.js';
import { LuaTable, type LuaValue, Opaque } from './value.js';

export function luaTypeName(value: LuaValue): string {
  if (value === undefined || value === null) return 'nil';
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return typeof value;
    case 'bigint':
      return 'integer';
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'number';
    default:
  }
  if (value instanceof Float) return 'number';
  if (value instanceof Uint8Array) return 'string';
  if (value instanceof Opaque) return value.type;
  if (value instanceof LuaTable || Array.isArray(value)) return 'table';
  return (value as { kind?: unknown }).kind === 'function' && 'ref' in value ? 'function' : 'table';
}
