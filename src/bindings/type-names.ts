/** Names of Lua types as the reference's texts have them. */
import { Float } from '../domain/json.js';
import { LuaTable, type LuaValue, Opaque } from '../lua/value.js';

/** `nil`, `boolean`, `integer`, `number`, `string`, `table`, `function`, `userdata`, `thread`. */
export function luaTypeName(value: LuaValue): string {
  if (value === undefined || value === null) return 'nil';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (value instanceof Float) return 'number';
  if (typeof value === 'string' || value instanceof Uint8Array) return 'string';
  if (value instanceof Opaque) return value.type;
  if (value instanceof LuaTable || Array.isArray(value)) return 'table';
  return (value as { kind?: unknown }).kind === 'function' ? 'function' : 'table';
}
