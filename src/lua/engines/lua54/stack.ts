/** Values over the Lua stack: strings in the instance's memory, pushing JavaScript values, reading Lua ones. */
import { isUtf8 } from 'node:buffer';
import { Float, float } from '../../../domain/json.js';
import { BindingError, conversionError } from '../../errors.js';
import { type LuaFunction, type LuaKey, LuaTable, type LuaValue, Opaque } from '../../value.js';
import type { LuaApi, State } from './wasm.js';
import * as wasm from './wasm.js';

/** Tables within one another that are read or pushed; deeper data is refused. */
const DEPTH_LIMIT = 200;
const SCRATCH_BYTES = 4_096;

/** Functions and error values that JavaScript holds, by registry reference. */
export interface Holder {
  hold(L: State, index: number): LuaFunction;
  pushHeld(L: State, fn: LuaFunction): void;
}

export class Stack {
  readonly api: LuaApi;
  readonly #holder: Holder;
  readonly #scratch: number;
  /** 8 bytes for out parameters. */
  readonly out: number;
  #bytes: Buffer;

  constructor(api: LuaApi, holder: Holder) {
    this.api = api;
    this.#holder = holder;
    this.#scratch = api.malloc(SCRATCH_BYTES);
    this.out = api.malloc(8);
    this.#bytes = Buffer.from(api.memory.buffer);
  }

  /** The memory as bytes, renewed when it has grown. */
  get bytes(): Buffer {
    if (this.#bytes.buffer !== this.api.memory.buffer) this.#bytes = Buffer.from(this.api.memory.buffer);
    return this.#bytes;
  }

  /** Runs `body` with a NUL-terminated copy of `text` in memory. */
  withText<T>(text: string | Uint8Array, body: (pointer: number, length: number) => T): T {
    const length = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
    const small = length < SCRATCH_BYTES;
    const pointer = small ? this.#scratch : this.api.malloc(length + 1);
    if (pointer === 0) throw new BindingError('LUA_MEMORY', 'not enough memory', { prefixed: false });
    try {
      const { bytes } = this;
      if (typeof text === 'string') bytes.write(text, pointer, length, 'utf8');
      else bytes.set(text, pointer);
      bytes[pointer + length] = 0;
      return body(pointer, length);
    } finally {
      if (!small) this.api.free(pointer);
    }
  }

  pushText(L: State, text: string | Uint8Array): void {
    this.withText(text, (pointer, length) => this.api.lua_pushlstring(L, pointer, length));
  }

  /** The bytes of a string (or number) as text where they are UTF-8, else a copy of them. */
  readText(L: State, index: number): string | Uint8Array {
    const pointer = this.api.lua_tolstring(L, index, this.out);
    const { bytes } = this;
    const length = bytes.readUInt32LE(this.out);
    if (length === 0) return '';
    const text = bytes.toString('utf8', pointer, pointer + length);
    if (!text.includes('\ufffd')) return text;
    const raw = bytes.subarray(pointer, pointer + length);
    return isUtf8(raw) ? text : Uint8Array.from(raw);
  }

  /** Text for messages: what is no UTF-8 shows as replacement characters. */
  readMessage(L: State, index: number): string {
    const text = this.readText(L, index);
    return typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
  }

  readNumber(L: State, index: number): number | bigint | Float {
    const { api } = this;
    const value = api.lua_tonumberx(L, index, 0);
    if (api.lua_isinteger(L, index) === 0) return float(value);
    return Number.isSafeInteger(value) ? value : api.lua_tointegerx(L, index, 0);
  }

  /** A value and all that is in it. `hold`: functions are held for JavaScript, else they are opaque. */
  read(L: State, index: number, hold = false): LuaValue {
    return this.#read(L, index, hold, undefined, 0);
  }

  #read(L: State, index: number, hold: boolean, seen: Map<number, LuaTable> | undefined, depth: number): LuaValue {
    const { api } = this;
    switch (api.lua_type(L, index)) {
      case wasm.BOOLEAN:
        return api.lua_toboolean(L, index) !== 0;
      case wasm.NUMBER:
        return this.readNumber(L, index);
      case wasm.STRING:
        return this.readText(L, index);
      case wasm.TABLE:
        return this.#readTable(L, index, hold, seen ?? new Map(), depth);
      case wasm.FUNCTION:
        return hold ? this.#holder.hold(L, index) : new Opaque('function');
      case wasm.THREAD:
        return new Opaque('thread');
      case wasm.USERDATA:
      case wasm.LIGHT_USERDATA:
        return new Opaque('userdata');
      default:
        return undefined;
    }
  }

  /** A table met again (a cycle, a shared part) is the same LuaTable. */
  #readTable(L: State, index: number, hold: boolean, seen: Map<number, LuaTable>, depth: number): LuaTable {
    const { api } = this;
    const pointer = api.lua_topointer(L, index);
    const known = seen.get(pointer);
    if (known) return known;
    if (depth >= DEPTH_LIMIT) throw conversionError(`a table nests deeper than ${DEPTH_LIMIT} levels`);
    if (api.lua_checkstack(L, 4) === 0) throw conversionError('a table nests too deep for the Lua stack');
    const entries = new Map<LuaKey, LuaValue>();
    const table = new LuaTable(entries, Number(api.lua_rawlen(L, index)));
    seen.set(pointer, table);
    const at = index < 0 ? api.lua_gettop(L) + index + 1 : index;
    api.lua_pushnil(L);
    while (api.lua_next(L, at) !== 0) {
      const key = this.#readKey(L);
      entries.set(key, this.#read(L, -1, hold, seen, depth + 1));
      api.lua_settop(L, -2);
    }
    return table;
  }

  /** The key under the value on top; lua_next needs it unchanged, and converting a number to text in place would change it. */
  #readKey(L: State): LuaKey {
    const { api } = this;
    switch (api.lua_type(L, -2)) {
      case wasm.STRING:
        return this.readText(L, -2);
      case wasm.NUMBER:
        return this.readNumber(L, -2);
      case wasm.BOOLEAN:
        return api.lua_toboolean(L, -2) !== 0;
      case wasm.TABLE:
        return new Opaque('table');
      case wasm.FUNCTION:
        return new Opaque('function');
      case wasm.THREAD:
        return new Opaque('thread');
      default:
        return new Opaque('userdata');
    }
  }

  push(L: State, value: LuaValue): void {
    this.#push(L, value, 0);
  }

  #push(L: State, value: LuaValue, depth: number): void {
    const { api } = this;
    switch (typeof value) {
      case 'undefined':
        return api.lua_pushnil(L);
      case 'boolean':
        return api.lua_pushboolean(L, value ? 1 : 0);
      case 'string':
        return this.pushText(L, value);
      case 'bigint':
        return api.lua_pushinteger(L, BigInt.asIntN(64, value));
      case 'number':
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? api.lua_pushinteger(L, BigInt(value)) : api.lua_pushnumber(L, value);
      default:
    }
    if (value === null) return api.lua_pushnil(L);
    if (value instanceof Float) return api.lua_pushnumber(L, value.value);
    if (value instanceof Uint8Array) return this.pushText(L, value);
    if (value instanceof Opaque) return api.lua_pushnil(L);
    if (depth >= DEPTH_LIMIT) throw conversionError(`a value nests deeper than ${DEPTH_LIMIT} levels`);
    if (api.lua_checkstack(L, 4) === 0) throw conversionError('a value nests too deep for the Lua stack');
    if (Array.isArray(value)) return this.#pushList(L, value, depth);
    if (value instanceof LuaTable) return this.#pushEntries(L, value.entries, value.length, depth);
    if (value instanceof Map) return this.#pushEntries(L, value as Map<LuaKey, LuaValue>, 0, depth);
    if ((value as { kind?: unknown }).kind === 'function' && 'ref' in value) return this.#holder.pushHeld(L, value as LuaFunction);
    const keys = Object.keys(value);
    api.lua_createtable(L, 0, keys.length);
    for (const key of keys) {
      const member = (value as { [key: string]: LuaValue })[key];
      if (member === undefined || member === null) continue;
      this.pushText(L, key);
      this.#push(L, member, depth + 1);
      api.lua_rawset(L, -3);
    }
  }

  #pushList(L: State, list: readonly LuaValue[], depth: number): void {
    const { api } = this;
    api.lua_createtable(L, list.length, 0);
    for (let i = 0; i < list.length; i++) {
      this.#push(L, list[i], depth + 1);
      api.lua_rawseti(L, -2, BigInt(i + 1));
    }
  }

  #pushEntries(L: State, entries: Map<LuaKey, LuaValue>, length: number, depth: number): void {
    const { api } = this;
    api.lua_createtable(L, length, Math.max(entries.size - length, 0));
    for (const [key, member] of entries) {
      if (key instanceof Opaque || (key instanceof Float && Number.isNaN(key.value))) continue;
      this.#push(L, key as LuaValue, depth + 1);
      this.#push(L, member, depth + 1);
      api.lua_rawset(L, -3);
    }
  }
}
