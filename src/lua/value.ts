/**
 * Lua values as JavaScript sees them, the same for every engine.
 *
 * nil: undefined (null is accepted when pushing) · boolean · integer: whole `number` (bigint beyond 2^53) · float: fractional `number`,
 * else `Float` (see domain/json.ts) · string: `string` when valid UTF-8, else `Uint8Array` · table: `LuaTable` when read;
 * when pushed also plain arrays (1-based), plain objects and Maps · function: `LuaFunction` where a binding asks for one, else an `Opaque`
 * · `crap.null`: `NULL`; a `null` in a pushed list is nil or `crap.null` (`Vm.listNulls`), anywhere else nil.
 */
import type { Float } from '../domain/json.js';

export type LuaKey = string | number | bigint | boolean | Float | Uint8Array | Opaque;

/** A table read from Lua: a snapshot, raw (no metamethods), in the order of `next`. */
export class LuaTable {
  /** The border that `rawlen` gives. */
  readonly length: number;
  readonly entries: Map<LuaKey, LuaValue>;
  constructor(entries: Map<LuaKey, LuaValue> = new Map(), length = 0) {
    this.entries = entries;
    this.length = length;
  }
  get(key: LuaKey): LuaValue {
    return this.entries.get(key);
  }
}

/** A Lua function held by the host; valid in the VM that it came from until released. */
export interface LuaFunction {
  readonly kind: 'function';
  readonly vm: object;
  readonly ref: number;
}

/** Something that has no JavaScript form (a function where none was asked for, userdata, a coroutine, a table as key). */
export class Opaque {
  readonly type: 'function' | 'userdata' | 'thread' | 'table';
  constructor(type: 'function' | 'userdata' | 'thread' | 'table') {
    this.type = type;
  }
}

/** JSON null as a Lua value of its own (`crap.null`): what scripts write to clear a field, and members of lists under generation 10. */
export const NULL = new Opaque('userdata');

/** Pushed as a table with second names: those `behind` are found by name (`__index`), but are no keys for `next`, `pairs` and JSON. */
export class Shadowed {
  readonly own: { [key: string]: LuaValue };
  readonly behind: { [key: string]: LuaValue };
  constructor(own: { [key: string]: LuaValue }, behind: { [key: string]: LuaValue }) {
    this.own = own;
    this.behind = behind;
  }
}

export type LuaValue =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | Float
  | string
  | Uint8Array
  | LuaTable
  | LuaFunction
  | Opaque
  | Shadowed
  | LuaValue[]
  | { [key: string]: LuaValue };
