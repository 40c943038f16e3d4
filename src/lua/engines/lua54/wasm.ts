/**
 * PUC Lua 5.4 as WebAssembly (the binary that the wasmoon package ships), instantiated directly: no emscripten runtime, no file
 * system, no processes. setjmp and longjmp are the pair invoke_vii / _emscripten_throw_longjmp; a JavaScript exception of any other
 * kind passes through every Lua frame, which is how a script is ended that catches its own errors.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A lua_State. */
export type State = number;

/** The C API as the binary exports it; pointers and ints are numbers, lua_Integer is a bigint. */
export interface LuaApi {
  memory: WebAssembly.Memory;
  __indirect_function_table: WebAssembly.Table;
  __wasm_call_ctors(): void;
  emscripten_stack_init(): void;
  stackSave(): number;
  stackRestore(pointer: number): void;
  setThrew(threw: number, value: number): void;
  malloc(size: number): number;
  free(pointer: number): void;
  luaL_newstate(): State;
  lua_close(L: State): void;
  luaL_openlibs(L: State): void;
  lua_newthread(L: State): State;
  lua_resetthread(L: State): number;
  lua_gettop(L: State): number;
  lua_settop(L: State, index: number): void;
  lua_pushvalue(L: State, index: number): void;
  lua_rotate(L: State, index: number, n: number): void;
  lua_xmove(from: State, to: State, n: number): void;
  lua_checkstack(L: State, n: number): number;
  lua_type(L: State, index: number): number;
  lua_isinteger(L: State, index: number): number;
  lua_tonumberx(L: State, index: number, isNumber: number): number;
  lua_tointegerx(L: State, index: number, isInteger: number): bigint;
  lua_toboolean(L: State, index: number): number;
  lua_tolstring(L: State, index: number, length: number): number;
  lua_touserdata(L: State, index: number): number;
  lua_topointer(L: State, index: number): number;
  lua_rawlen(L: State, index: number): bigint;
  lua_pushnil(L: State): void;
  lua_pushnumber(L: State, value: number): void;
  lua_pushinteger(L: State, value: bigint): void;
  lua_pushboolean(L: State, value: number): void;
  lua_pushlstring(L: State, text: number, length: number): number;
  lua_pushlightuserdata(L: State, pointer: number): void;
  lua_pushcclosure(L: State, fn: number, upvalues: number): void;
  lua_createtable(L: State, list: number, fields: number): void;
  lua_newuserdatauv(L: State, size: number, values: number): number;
  lua_setmetatable(L: State, index: number): number;
  lua_getmetatable(L: State, index: number): number;
  lua_rawequal(L: State, a: number, b: number): number;
  lua_rawget(L: State, index: number): number;
  lua_rawset(L: State, index: number): void;
  lua_setfield(L: State, index: number, key: number): void;
  lua_rawgeti(L: State, index: number, n: bigint): number;
  lua_rawseti(L: State, index: number, n: bigint): void;
  lua_getglobal(L: State, name: number): number;
  lua_next(L: State, index: number): number;
  lua_error(L: State): number;
  lua_pcallk(L: State, args: number, results: number, handler: number, context: number, k: number): number;
  lua_yieldk(L: State, results: number, context: number, k: number): number;
  lua_resume(L: State, from: State, args: number, results: number): number;
  lua_status(L: State): number;
  lua_isyieldable(L: State): number;
  lua_sethook(L: State, hook: number, mask: number, count: number): void;
  lua_gethookcount(L: State): number;
  luaL_ref(L: State, table: number): number;
  luaL_unref(L: State, table: number, ref: number): void;
  luaL_loadbufferx(L: State, text: number, length: number, name: number, mode: number): number;
  luaL_traceback(L: State, of: State, message: number, level: number): void;
  luaL_where(L: State, level: number): void;
}

/** Thrown by longjmp and caught by setjmp only; anything that catches it must throw it on. */
export class LongJump {}
const LONG_JUMP = new LongJump();

const PAGE = 65_536;
let compiled: WebAssembly.Module | undefined;

/** Compiled once a thread: a few milliseconds. */
export function compile(): WebAssembly.Module {
  if (compiled) return compiled;
  const file = createRequire(import.meta.url)
    .resolve('wasmoon')
    .replace(/index\.js$/, 'glue.wasm');
  compiled = new WebAssembly.Module(readFileSync(file));
  return compiled;
}

/**
 * An instance of its own with one state; its memory never grows beyond `cap.bytes`, which may change (allocation then fails inside Lua:
 * "not enough memory").
 * `grown` is called whenever it has grown: views of it are of no use any more.
 */
export function instantiate(cap: { bytes: number }, grown: () => void): { api: LuaApi; main: State } {
  let main: State = 0;
  const refuse = () => -1;
  const env: Record<string, WebAssembly.ImportValue> = {
    abort: () => {
      throw new Error('the Lua runtime aborted');
    },
    exit: () => {
      throw new Error('the Lua runtime wanted to exit');
    },
    invoke_vii: (fn: number, a: number, b: number) => {
      const stack = api.stackSave();
      try {
        (table.get(fn) as (a: number, b: number) => void)(a, b);
      } catch (thrown) {
        if (thrown !== LONG_JUMP) throw thrown;
        api.stackRestore(stack);
        api.setThrew(1, 0);
      }
    },
    _emscripten_throw_longjmp: () => {
      throw LONG_JUMP;
    },
    emscripten_resize_heap: (wanted: number) => {
      const bytes = wanted >>> 0;
      const current = api.memory.buffer.byteLength;
      if (bytes > cap.bytes) return 0;
      // Grows by a fifth where the cap allows it, so that steady growth does not call here for each allocation.
      const target = Math.min(Math.max(bytes, current + Math.floor(current / 5)), cap.bytes);
      try {
        api.memory.grow(Math.ceil((Math.max(target, bytes) - current) / PAGE));
        grown();
        return 1;
      } catch {
        return 0;
      }
    },
    // The seed of the string table is taken from the clock when the state is made: one seed makes `pairs` and JSON texts repeat themselves.
    emscripten_date_now: () => (main === 0 ? 0 : Date.now()),
    _emscripten_get_now_is_monotonic: () => 1,
  };
  const wasi: Record<string, WebAssembly.ImportValue> = {
    // No environment variables.
    environ_sizes_get: (count: number, size: number) => {
      const view = new DataView(api.memory.buffer);
      view.setUint32(count, 0, true);
      view.setUint32(size, 0, true);
      return 0;
    },
    environ_get: () => 0,
  };
  const imports: WebAssembly.Imports = { env, wasi_snapshot_preview1: wasi };
  for (const { module, name } of WebAssembly.Module.imports(compile())) imports[module]![name] ??= refuse;
  const instance = new WebAssembly.Instance(compile(), imports);
  const api = instance.exports as unknown as LuaApi;
  const table = api.__indirect_function_table;
  api.__wasm_call_ctors();
  api.emscripten_stack_init();
  main = api.luaL_newstate();
  return { api, main };
}

type Signature = 'c-function' | 'hook' | 'continuation';
const I32 = 0x7f;
const SHAPES: Record<Signature, { params: number; results: number }> = {
  'c-function': { params: 1, results: 1 },
  hook: { params: 2, results: 0 },
  continuation: { params: 3, results: 1 },
};
const wrappers = new Map<Signature, WebAssembly.Module>();

/** Puts a JavaScript function into the function table: a module that imports it and exports it again gives it a wasm type. */
export function addFunction(api: LuaApi, signature: Signature, fn: (...args: number[]) => unknown): number {
  let module = wrappers.get(signature);
  if (!module) {
    const { params, results } = SHAPES[signature];
    const type = [0x60, params, ...Array<number>(params).fill(I32), results, ...Array<number>(results).fill(I32)];
    const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    const types = [1, type.length + 1, 1, ...type];
    const imported = [2, 7, 1, 1, 0x65, 1, 0x66, 0, 0];
    const exported = [7, 5, 1, 1, 0x66, 0, 0];
    module = new WebAssembly.Module(new Uint8Array([...header, ...types, ...imported, ...exported]));
    wrappers.set(signature, module);
  }
  const wrapped = new WebAssembly.Instance(module, { e: { f: fn } }).exports['f'];
  const table = api.__indirect_function_table;
  const index = table.length;
  table.grow(1);
  table.set(index, wrapped);
  return index;
}
