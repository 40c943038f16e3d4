/**
 * The part of the Lua C API that the machine is written over. Names and meanings are Lua's; what differs between engines (text, integers,
 * jumps) is named for what it does. Lua 5.3 and 5.4 agree on every number below.
 */
import type { Float } from '../../domain/json.js';

/** A lua_State. */
export type State = number | object;
export type CFunction = (L: State) => number;
/** Continues a C function that yielded; `context` is what it yielded with. */
export type Continuation = (L: State, status: number, context: number) => number;
export type Hook = (L: State) => void;

export const REGISTRY = -1_001_000;
export const FIRST_UPVALUE = REGISTRY - 1;
/** Registry index of the table of globals. */
export const GLOBALS = 2;

export const OK = 0;
export const YIELD = 1;
export const ERROR_SYNTAX = 3;
export const ERROR_MEMORY = 4;

export const NIL = 0;
export const BOOLEAN = 1;
export const LIGHT_USERDATA = 2;
export const NUMBER = 3;
export const STRING = 4;
export const TABLE = 5;
export const FUNCTION = 6;
export const USERDATA = 7;
export const THREAD = 8;

/** What the engine made of a JavaScript function. */
export type FunctionHandle<F> = { readonly handle: unknown; readonly type?: F };

export interface LuaCore {
  /** A state with the standard libraries opened. */
  readonly main: State;
  readonly memoryBytes: number;
  /** Bytes that Lua may take from now on, instead of those it was made with; absent = the engine has no cap. */
  capMemory?(bytes: number | undefined): void;

  makeFunction(fn: CFunction): FunctionHandle<CFunction>;
  makeContinuation(fn: Continuation): FunctionHandle<Continuation>;
  /** Calls `fn` about every `interval` instructions in every coroutine made from now on. */
  watch(fn: Hook, interval: number): void;
  /** Instructions between two calls of the hook in one coroutine, which those it makes inherit; absent = the interval stays. */
  readonly pace?: { of(L: State): number; set(L: State, interval: number): void };
  /** While `thrown` is set nothing in Lua catches it: for engines whose protected calls would; undefined ends that. */
  unwind(thrown: unknown): void;
  /** Thrown by the engine to unwind to its own protected call: whatever catches it must throw it on. */
  isJump(thrown: unknown): boolean;

  lua_gettop(L: State): number;
  lua_settop(L: State, index: number): void;
  lua_pushvalue(L: State, index: number): void;
  lua_rotate(L: State, index: number, n: number): void;
  lua_xmove(from: State, to: State, n: number): void;
  lua_checkstack(L: State, n: number): number;
  lua_type(L: State, index: number): number;
  lua_toboolean(L: State, index: number): number;
  lua_rawequal(L: State, a: number, b: number): number;
  lua_pushnil(L: State): void;
  /** A light userdata, always the same: no other is ever seen by scripts. */
  pushNull(L: State): void;
  lua_pushboolean(L: State, value: number): void;
  lua_createtable(L: State, list: number, fields: number): void;
  lua_setmetatable(L: State, index: number): unknown;
  lua_getmetatable(L: State, index: number): number;
  lua_rawget(L: State, index: number): unknown;
  lua_rawset(L: State, index: number): void;
  lua_next(L: State, index: number): number;
  lua_newthread(L: State): State;
  lua_isyieldable(L: State): number;
  luaL_ref(L: State, table: number): number;
  luaL_unref(L: State, table: number, ref: number): void;
  /** Does not return. */
  lua_error(L: State): number;

  rawGetIndex(L: State, table: number, n: number): void;
  rawSetIndex(L: State, table: number, n: number): void;
  rawLength(L: State, index: number): number;
  /** Raw `t[key] = value`: the table below, the value on top, which is taken off. */
  setField(L: State, key: string): void;
  /** What makes a table or coroutine itself. */
  identity(L: State, index: number): State;
  resume(L: State, from: State | undefined, args: number): number;
  /** Suspends the running coroutine without values; where it goes on with a continuation, that is called with `context`. */
  yield(L: State, context: number, continuation: FunctionHandle<Continuation> | undefined): number;
  protectedCall(L: State, args: number, results: number): number;
  /** A C function with the number `n` as its first upvalue. */
  pushClosure(L: State, fn: FunctionHandle<CFunction>, n: number): void;
  upvalueNumber(L: State): number;

  pushText(L: State, text: string | Uint8Array): void;
  /** A string (or number) as text where its bytes are UTF-8, else a copy of them. */
  readText(L: State, index: number): string | Uint8Array;
  /** An integer, a bigint beyond 2^53, or `float()` of a float. */
  pushNumber(L: State, value: number | bigint | Float): void;
  readNumber(L: State, index: number): number | bigint | Float;
  /** A userdata that carries a JavaScript object, without a metatable. */
  pushCarrier(L: State, carried: object): void;
  carried(L: State, index: number): object | undefined;
  /** Completes the metatable on top for carriers, so that what they carry is let go with them. */
  finishCarrierMetatable(L: State): void;
  /** Compiles text (never bytecode); the function or a message on top. */
  load(L: State, source: Uint8Array, chunkName: string): number;
  traceback(L: State, level: number): string;
  /** `chunk:line: ` of a level, or nothing. */
  where(L: State, level: number): string;
}
