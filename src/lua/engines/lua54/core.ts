/** The machine's core over one WebAssembly instance: text in its memory, 64-bit integers, userdata that carry objects by number. */
import { isUtf8 } from 'node:buffer';
import { Float, float } from '../../../domain/json.js';
import { BindingError } from '../../errors.js';
import {
  type CFunction,
  type Continuation,
  FIRST_UPVALUE,
  type FunctionHandle,
  type Hook,
  type LuaCore,
  type State,
} from '../../machine/core.js';
import { addFunction, instantiate, LongJump, type LuaApi } from './wasm.js';

const SCRATCH_BYTES = 4_096;
/** Shorter texts are copied byte by byte while they are ASCII: a call out of JavaScript costs more. */
const SHORT_TEXT = 48;
/** Field names that keep a place in the instance's memory, and how long one may be. */
const KEPT_NAMES = 2_000;
const LONGEST_KEPT_NAME = 64;
/** List positions with a bigint made beforehand. */
const POSITIONS = Array.from({ length: 1_025 }, (_, i) => BigInt(i));
const MASK_COUNT = 8;
const TEXT_MODE = 0x74;

/** What an instance has before Lua allocates: a cap is on top of it, as the reference counts what Lua itself takes. */
const BASE_MEMORY = 32 * 1024 * 1024;

/** A core in which Lua takes at most `maxBytes`, or what `capMemory` says for a while. */
export function createCore(maxBytes: number): LuaCore {
  let text: Text | undefined;
  const cap = { bytes: BASE_MEMORY + maxBytes };
  const { api, main } = instantiate(cap, () => text?.renew());
  api.luaL_openlibs(main);
  text = new Text(api);
  const capMemory = (bytes = maxBytes) => {
    cap.bytes = BASE_MEMORY + bytes;
  };
  return coreOver(api, main, text, capMemory);
}

function coreOver(api: LuaApi, main: number, text: Text, capMemory: NonNullable<LuaCore['capMemory']>): LuaCore {
  const handle = <F>(pointer: number): FunctionHandle<F> => ({ handle: pointer });
  const carried = new Map<number, object>();
  let carriers = 0;
  let hook = 0;
  const carrierAt = (L: State, index: number): number => {
    const pointer = api.lua_touserdata(L as number, index);
    return pointer === 0 ? 0 : text.bytes.readUInt32LE(pointer);
  };
  const collect = addFunction(api, 'c-function', (L) => {
    carried.delete(carrierAt(L!, 1));
    return 0;
  });
  // Functions that take and give only numbers are the instance's own: a wrapper would cost on every call.
  const own = api as unknown as Pick<LuaCore, Extract<keyof LuaCore, keyof LuaApi>>;
  return {
    ...own,
    main,
    capMemory,
    get memoryBytes() {
      return api.memory.buffer.byteLength;
    },
    makeFunction: (fn: CFunction) => handle(addFunction(api, 'c-function', fn as (...args: number[]) => unknown)),
    makeContinuation: (fn: Continuation) => handle(addFunction(api, 'continuation', fn as (...args: number[]) => unknown)),
    watch(fn: Hook, interval: number) {
      hook = addFunction(api, 'hook', fn as (...args: number[]) => unknown);
      api.lua_sethook(main, hook, MASK_COUNT, interval);
    },
    pace: {
      of: (L) => api.lua_gethookcount(L as number),
      set: (L, interval) => api.lua_sethook(L as number, hook, MASK_COUNT, interval),
    },
    // A foreign exception passes through every pcall here: nothing is left to catch.
    unwind() {},
    isJump: (thrown) => thrown instanceof LongJump,
    rawGetIndex: (L, table, n) => void api.lua_rawgeti(L as number, table, BigInt(n)),
    rawSetIndex: (L, table, n) => api.lua_rawseti(L as number, table, POSITIONS[n] ?? BigInt(n)),
    rawLength: (L, index) => Number(api.lua_rawlen(L as number, index)),
    identity: (L, index) => api.lua_topointer(L as number, index),
    resume: (L, from, args) => api.lua_resume(L as number, (from as number | undefined) ?? 0, args, text.out),
    yield: (L, context, continuation) => api.lua_yieldk(L as number, 0, context, (continuation?.handle as number | undefined) ?? 0),
    protectedCall: (L, args, results) => api.lua_pcallk(L as number, args, results, 0, 0, 0),
    pushClosure(L, fn, n) {
      api.lua_pushlightuserdata(L as number, n);
      api.lua_pushcclosure(L as number, fn.handle as number, 1);
    },
    pushNull: (L) => api.lua_pushlightuserdata(L as number, 0),
    upvalueNumber: (L) => api.lua_touserdata(L as number, FIRST_UPVALUE),
    pushText: (L, value) => text.push(L as number, value),
    setField(L, key) {
      const pointer = text.keep(key);
      if (pointer !== 0) return api.lua_setfield(L as number, -2, pointer);
      text.push(L as number, key);
      api.lua_rotate(L as number, -2, 1);
      api.lua_rawset(L as number, -3);
    },
    readText: (L, index) => text.read(L, index),
    pushNumber(L, value) {
      if (value instanceof Float) api.lua_pushnumber(L as number, value.value);
      else if (typeof value === 'bigint') api.lua_pushinteger(L as number, BigInt.asIntN(64, value));
      else if (Number.isSafeInteger(value) && !Object.is(value, -0)) api.lua_pushinteger(L as number, BigInt(value));
      else api.lua_pushnumber(L as number, value);
    },
    readNumber(L, index) {
      const value = api.lua_tonumberx(L as number, index, 0);
      if (api.lua_isinteger(L as number, index) === 0) return float(value);
      return Number.isSafeInteger(value) ? value : api.lua_tointegerx(L as number, index, 0);
    },
    pushCarrier(L, object) {
      const pointer = api.lua_newuserdatauv(L as number, 4, 0);
      text.bytes.writeUInt32LE(++carriers, pointer);
      carried.set(carriers, object);
    },
    carried: (L, index) => carried.get(carrierAt(L, index)),
    finishCarrierMetatable(L) {
      text.with('__gc', (pointer, length) => void api.lua_pushlstring(L as number, pointer, length));
      api.lua_pushcclosure(L as number, collect, 0);
      api.lua_rawset(L as number, -3);
    },
    load: (L, source, chunkName) => text.load(L, source, chunkName),
    traceback(L, level) {
      api.luaL_traceback(main, L as number, 0, level);
      const trace = text.read(main, -1);
      api.lua_settop(main, -2);
      return String(trace).replace(/^\n/, '');
    },
    where(L, level) {
      api.luaL_where(L as number, level);
      const position = String(text.read(L, -1));
      api.lua_settop(L as number, -2);
      return position;
    },
  };
}

/** Strings in the instance's memory. */
class Text {
  readonly #api: LuaApi;
  readonly #scratch: number;
  /** 8 bytes for out parameters. */
  readonly out: number;
  /** The memory as bytes. */
  bytes: Buffer;
  readonly #kept = new Map<string, number>();

  constructor(api: LuaApi) {
    this.#api = api;
    this.#scratch = api.malloc(SCRATCH_BYTES);
    this.out = api.malloc(8);
    this.bytes = Buffer.from(api.memory.buffer);
  }

  /** After the memory has grown. */
  renew(): void {
    this.bytes = Buffer.from(this.#api.memory.buffer);
  }

  /** As a Lua string on top. */
  push(L: State, value: string | Uint8Array): void {
    const length = typeof value === 'string' && value.length < SHORT_TEXT ? this.#ascii(this.#scratch, value) : -1;
    if (length >= 0) this.#api.lua_pushlstring(L as number, this.#scratch, length);
    else this.with(value, (pointer, size) => void this.#api.lua_pushlstring(L as number, pointer, size));
  }

  /** Copies a text of ASCII only and gives its length, else -1. */
  #ascii(pointer: number, value: string): number {
    const { bytes } = this;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return -1;
      bytes[pointer + i] = code;
    }
    return value.length;
  }

  /** Where a field name stands, ended by NUL; 0 for names that are not kept. Lua finds a string by its address without reading it. */
  keep(name: string): number {
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    if (this.#kept.size >= KEPT_NAMES || name.length > LONGEST_KEPT_NAME || name.includes('\0')) return 0;
    const size = Buffer.byteLength(name);
    const pointer = this.#api.malloc(size + 1);
    if (pointer === 0) return 0;
    this.bytes.write(name, pointer, size, 'utf8');
    this.bytes[pointer + size] = 0;
    this.#kept.set(name, pointer);
    return pointer;
  }

  /** Runs `body` with a NUL-terminated copy of `text` in memory. */
  with<T>(text: string | Uint8Array, body: (pointer: number, length: number) => T): T {
    const length = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
    const small = length < SCRATCH_BYTES;
    const pointer = small ? this.#scratch : this.#allocate(length + 1);
    try {
      const { bytes } = this;
      if (typeof text === 'string') bytes.write(text, pointer, length, 'utf8');
      else bytes.set(text, pointer);
      bytes[pointer + length] = 0;
      return body(pointer, length);
    } finally {
      if (!small) this.#api.free(pointer);
    }
  }

  read(L: State, index: number): string | Uint8Array {
    const pointer = this.#api.lua_tolstring(L as number, index, this.out);
    const { bytes } = this;
    const length = bytes.readUInt32LE(this.out);
    if (pointer === 0 || length === 0) return '';
    const text = bytes.toString('utf8', pointer, pointer + length);
    if (!text.includes('\ufffd')) return text;
    const raw = bytes.subarray(pointer, pointer + length);
    return isUtf8(raw) ? text : Uint8Array.from(raw);
  }

  /** The name takes the scratch memory, so the source gets memory of its own; the mode stands behind it. */
  load(L: State, source: Uint8Array, chunkName: string): number {
    return this.with(chunkName, (name) => {
      const pointer = this.#allocate(source.length + 2);
      this.bytes.set(source, pointer);
      const mode = pointer + source.length;
      this.bytes.set([TEXT_MODE, 0], mode);
      const status = this.#api.luaL_loadbufferx(L as number, pointer, source.length, name, mode);
      this.#api.free(pointer);
      return status;
    });
  }

  #allocate(size: number): number {
    const pointer = this.#api.malloc(size);
    if (pointer === 0) throw new BindingError('LUA_MEMORY', 'not enough memory', { prefixed: false });
    return pointer;
  }
}
