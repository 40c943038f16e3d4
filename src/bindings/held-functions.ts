/** Lua functions that the host holds: telling them apart, and letting go of those inside a value. */
import { type LuaFunction, LuaTable, type LuaValue } from '../lua/value.js';
import type { Vm } from '../lua/vm.js';

export function isLuaFunction(value: LuaValue): value is LuaFunction {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'function' && 'ref' in value;
}

/** Lets go of every function in a value as read from Lua, `except` one. Tables may hold themselves. */
export function releaseFunctions(vm: Vm, value: LuaValue, except?: LuaFunction, seen: Set<LuaTable> = new Set()): void {
  if (value instanceof LuaTable) {
    if (seen.has(value)) return;
    seen.add(value);
    for (const entry of value.entries.values()) if (typeof entry === 'object') releaseFunctions(vm, entry, except, seen);
  } else if (isLuaFunction(value) && value !== except) {
    vm.release(value);
  }
}
