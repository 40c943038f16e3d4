/** Values over the Lua stack: JavaScript values are pushed, Lua ones read, tables whole. */
import { Float } from '../../domain/json.js';
import { conversionError } from '../errors.js';
import { type LuaFunction, type LuaKey, LuaTable, type LuaValue, NULL, Opaque, Shadowed } from '../value.js';
import type { LuaCore, State } from './core.js';
import * as c from './core.js';

/** Tables within one another that are read or pushed; deeper data is refused. */
const DEPTH_LIMIT = 200;
/** Slots beside the values themselves that pushing them takes. */
const ROOM = 8;

/** Functions and error values that JavaScript holds, by registry reference. */
export interface Holder {
  hold(L: State, index: number): LuaFunction;
  pushHeld(L: State, fn: LuaFunction): void;
  /** A function of lua-stdlib. */
  pushNamed(L: State, name: string): void;
}

export class Stack {
  readonly core: LuaCore;
  readonly #holder: Holder;
  /** See Vm. */
  listNulls: 'hole' | 'value' = 'hole';

  constructor(core: LuaCore, holder: Holder) {
    this.core = core;
    this.#holder = holder;
  }

  /** A value and all that is in it. `hold`: functions are held for JavaScript, else they are opaque. */
  read(L: State, index: number, hold = false): LuaValue {
    return this.#read(L, index, hold, undefined, 0);
  }

  #read(L: State, index: number, hold: boolean, seen: Map<State, LuaTable> | undefined, depth: number): LuaValue {
    const { core } = this;
    switch (core.lua_type(L, index)) {
      case c.BOOLEAN:
        return core.lua_toboolean(L, index) !== 0;
      case c.NUMBER:
        return this.core.readNumber(L, index);
      case c.STRING:
        return this.core.readText(L, index);
      case c.TABLE:
        return this.#readTable(L, index, hold, seen ?? new Map(), depth);
      case c.FUNCTION:
        return hold ? this.#holder.hold(L, index) : new Opaque('function');
      case c.THREAD:
        return new Opaque('thread');
      case c.USERDATA:
        return new Opaque('userdata');
      case c.LIGHT_USERDATA:
        return NULL;
      default:
        return undefined;
    }
  }

  /** A table met again (a cycle, a shared part) is the same LuaTable. */
  #readTable(L: State, index: number, hold: boolean, seen: Map<State, LuaTable>, depth: number): LuaTable {
    const { core } = this;
    const pointer = core.identity(L, index);
    const known = seen.get(pointer);
    if (known) return known;
    if (depth >= DEPTH_LIMIT) throw conversionError(`a table nests deeper than ${DEPTH_LIMIT} levels`);
    if (core.lua_checkstack(L, 4) === 0) throw conversionError('a table nests too deep for the Lua stack');
    const entries = new Map<LuaKey, LuaValue>();
    const table = new LuaTable(entries, core.rawLength(L, index));
    seen.set(pointer, table);
    const at = index < 0 ? core.lua_gettop(L) + index + 1 : index;
    core.lua_pushnil(L);
    while (core.lua_next(L, at) !== 0) {
      const key = this.#readKey(L);
      entries.set(key, this.#read(L, -1, hold, seen, depth + 1));
      core.lua_settop(L, -2);
    }
    return table;
  }

  /** The key under the value on top; lua_next needs it unchanged, and converting a number to text in place would change it. */
  #readKey(L: State): LuaKey {
    const { core } = this;
    switch (core.lua_type(L, -2)) {
      case c.STRING:
        return this.core.readText(L, -2);
      case c.NUMBER:
        return this.core.readNumber(L, -2);
      case c.BOOLEAN:
        return core.lua_toboolean(L, -2) !== 0;
      case c.TABLE:
        return new Opaque('table');
      case c.FUNCTION:
        return new Opaque('function');
      case c.THREAD:
        return new Opaque('thread');
      default:
        return new Opaque('userdata');
    }
  }

  /** Makes room for `n` more values: writing past the top of a Lua stack would corrupt its memory. */
  reserve(L: State, n: number): void {
    if (this.core.lua_checkstack(L, n + ROOM) === 0) throw conversionError(`too many values for the Lua stack (${n})`);
  }

  push(L: State, value: LuaValue): void {
    this.#push(L, value, 0);
  }

  #push(L: State, value: LuaValue, depth: number): void {
    const { core } = this;
    switch (typeof value) {
      case 'undefined':
        return core.lua_pushnil(L);
      case 'boolean':
        return core.lua_pushboolean(L, value ? 1 : 0);
      case 'string':
        return this.core.pushText(L, value);
      case 'bigint':
      case 'number':
        return core.pushNumber(L, value);
      default:
    }
    if (value === null) return core.lua_pushnil(L);
    if (value instanceof Float) return core.pushNumber(L, value);
    if (value instanceof Uint8Array) return this.core.pushText(L, value);
    if (value instanceof Opaque) return value === NULL ? core.pushNull(L) : core.lua_pushnil(L);
    if (depth >= DEPTH_LIMIT) throw conversionError(`a value nests deeper than ${DEPTH_LIMIT} levels`);
    if (core.lua_checkstack(L, 4) === 0) throw conversionError('a value nests too deep for the Lua stack');
    if (Array.isArray(value)) return this.#pushList(L, value, depth);
    if (value instanceof LuaTable) return this.#pushEntries(L, value.entries, value.length, depth);
    if (value instanceof Map) return this.#pushEntries(L, value as Map<LuaKey, LuaValue>, 0, depth);
    if ((value as { kind?: unknown }).kind === 'function' && 'ref' in value) return this.#holder.pushHeld(L, value as LuaFunction);
    if (value instanceof Shadowed) return this.#pushShadowed(L, value, depth);
    const keys = Object.keys(value);
    core.lua_createtable(L, 0, keys.length);
    for (const key of keys) {
      const member = (value as { [key: string]: LuaValue })[key];
      if (member === undefined || member === null) continue;
      this.#push(L, member, depth + 1);
      core.setField(L, key);
    }
  }

  #pushShadowed(L: State, { own, behind }: Shadowed, depth: number): void {
    const { core } = this;
    this.#push(L, own, depth);
    core.lua_createtable(L, 0, 2);
    this.#push(L, behind, depth);
    core.setField(L, '__index');
    this.#holder.pushNamed(L, 'write_shadowed');
    core.setField(L, '__newindex');
    core.lua_setmetatable(L, -2);
  }

  #pushList(L: State, list: readonly LuaValue[], depth: number): void {
    const { core } = this;
    core.lua_createtable(L, list.length, 0);
    for (let i = 0; i < list.length; i++) {
      if (list[i] === null && this.listNulls === 'value') core.pushNull(L);
      else this.#push(L, list[i], depth + 1);
      core.rawSetIndex(L, -2, i + 1);
    }
  }

  #pushEntries(L: State, entries: Map<LuaKey, LuaValue>, length: number, depth: number): void {
    const { core } = this;
    core.lua_createtable(L, length, Math.max(entries.size - length, 0));
    for (const [key, member] of entries) {
      if (key instanceof Opaque || (key instanceof Float && Number.isNaN(key.value))) continue;
      this.#push(L, key as LuaValue, depth + 1);
      this.#push(L, member, depth + 1);
      core.lua_rawset(L, -3);
    }
  }
}

/** Text for messages: what is no UTF-8 shows as replacement characters. */
export function readMessage(core: LuaCore, L: State, index: number): string {
  const text = core.readText(L, index);
  return typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
}
