/**
 * The machine's core over fengari, Lua 5.3 in JavaScript. Integers beyond 32 bits are floats inside; they come out as integers again.
 */
import { isUtf8 } from 'node:buffer';
import { Float, float } from '../../../domain/json.js';
import type { CFunction, Continuation, LuaCore, State } from '../../machine/core.js';
import { correctLibrary } from './library.js';
import { fengariPackage, type StateFields } from './package.js';

const MASK_COUNT = 8;
const INTEGER_MAX = 2 ** 31 - 1;
const INTEGER_MIN = -(2 ** 31);
const TEXT_MODE = Uint8Array.of(0x74);

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

/** Field names whose bytes are kept. */
const KEPT_NAMES = 2_000;
const names = new Map<string, Uint8Array>();

function nameBytes(name: string): Uint8Array {
  const known = names.get(name);
  if (known) return known;
  const bytes = bytesOf(name);
  if (names.size < KEPT_NAMES) names.set(name, bytes);
  return bytes;
}

export function createCore(): LuaCore {
  const { lauxlib, lua, lualib } = fengariPackage();
  const main = lauxlib.luaL_newstate();
  const global = (main as StateFields).l_G;
  lualib.luaL_openlibs(main);
  correctLibrary(main);
  const at = (L: State): object => L as object;
  let hook: Parameters<LuaCore['watch']>[0] = () => {};
  const readText = (L: State, index: number): string | Uint8Array => {
    const bytes = lua.lua_tolstring(at(L), index);
    if (bytes === null) return '';
    return isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8') : Uint8Array.from(bytes);
  };
  // What JavaScript throws inside of the package: limits are errors of the script's, anything else ends the state.
  lua.lua_atnativeerror(main, (L) => {
    const thrown = lua.lua_touserdata(L, 1);
    const message = global.unwinding === undefined && thrown instanceof RangeError ? limitMessage(thrown) : undefined;
    if (message === undefined) {
      global.unwinding ??= thrown;
      throw thrown;
    }
    lua.lua_pushstring(L, bytesOf(message));
    return 1;
  });
  return {
    main,
    // The heap is JavaScript's: there is nothing to measure for one state.
    memoryBytes: 0,
    makeFunction: (fn: CFunction) => ({ handle: fn }),
    makeContinuation: (fn: Continuation) => ({ handle: fn }),
    watch(fn, interval) {
      hook = fn;
      lua.lua_sethook(main, fn, MASK_COUNT, interval);
    },
    pace: {
      of: (L) => lua.lua_gethookcount(at(L)),
      set: (L, interval) => lua.lua_sethook(at(L), hook, MASK_COUNT, interval),
    },
    unwind(thrown) {
      global.unwinding = thrown;
    },
    isJump: (thrown) => typeof thrown === 'object' && thrown !== null && 'status' in thrown && 'previous' in thrown,
    lua_gettop: (L) => lua.lua_gettop(at(L)),
    lua_settop: (L, index) => lua.lua_settop(at(L), index),
    lua_pushvalue: (L, index) => lua.lua_pushvalue(at(L), index),
    lua_rotate: (L, index, n) => lua.lua_rotate(at(L), index, n),
    lua_xmove: (from, to, n) => lua.lua_xmove(at(from), at(to), n),
    lua_checkstack: (L, n) => (lua.lua_checkstack(at(L), n) ? 1 : 0),
    lua_type: (L, index) => lua.lua_type(at(L), index),
    lua_toboolean: (L, index) => (lua.lua_toboolean(at(L), index) ? 1 : 0),
    lua_rawequal: (L, a, b) => (lua.lua_rawequal(at(L), a, b) ? 1 : 0),
    lua_pushnil: (L) => lua.lua_pushnil(at(L)),
    lua_pushboolean: (L, value) => lua.lua_pushboolean(at(L), value !== 0),
    lua_createtable: (L, list, fields) => lua.lua_createtable(at(L), list, fields),
    lua_setmetatable: (L, index) => lua.lua_setmetatable(at(L), index),
    lua_getmetatable: (L, index) => (lua.lua_getmetatable(at(L), index) ? 1 : 0),
    lua_rawget: (L, index) => lua.lua_rawget(at(L), index),
    lua_rawset: (L, index) => lua.lua_rawset(at(L), index),
    lua_next: (L, index) => (lua.lua_next(at(L), index) ? 1 : 0),
    lua_newthread: (L) => lua.lua_newthread(at(L)),
    lua_isyieldable: (L) => (lua.lua_isyieldable(at(L)) ? 1 : 0),
    luaL_ref: (L, table) => lauxlib.luaL_ref(at(L), table),
    luaL_unref: (L, table, ref) => lauxlib.luaL_unref(at(L), table, ref),
    lua_error: (L) => lua.lua_error(at(L)),
    rawGetIndex: (L, table, n) => void lua.lua_rawgeti(at(L), table, n),
    rawSetIndex: (L, table, n) => lua.lua_rawseti(at(L), table, n),
    rawLength: (L, index) => lua.lua_rawlen(at(L), index),
    setField(L, key) {
      lua.lua_pushstring(at(L), nameBytes(key));
      lua.lua_rotate(at(L), -2, 1);
      lua.lua_rawset(at(L), -3);
    },
    identity: (L, index) => lua.lua_topointer(at(L), index),
    resume: (L, from, args) => lua.lua_resume(at(L), from === undefined ? null : at(from), args),
    yield: (L, context, continuation) => lua.lua_yieldk(at(L), 0, context, continuation?.handle ?? null),
    protectedCall: (L, args, results) => lua.lua_pcall(at(L), args, results, 0),
    pushClosure(L, fn, n) {
      lua.lua_pushlightuserdata(at(L), n);
      lua.lua_pushcclosure(at(L), fn.handle as (L: object) => number, 1);
    },
    pushNull: (L) => lua.lua_pushlightuserdata(at(L), 0),
    upvalueNumber: (L) => lua.lua_touserdata(at(L), lua.lua_upvalueindex(1)) as number,
    pushText: (L, text) => lua.lua_pushstring(at(L), typeof text === 'string' ? bytesOf(text) : text),
    readText,
    pushNumber(L, value) {
      if (value instanceof Float) return lua.lua_pushnumber(at(L), value.value);
      const number = Number(value);
      if (Number.isInteger(number) && number <= INTEGER_MAX && number >= INTEGER_MIN && !Object.is(number, -0))
        lua.lua_pushinteger(at(L), number);
      else lua.lua_pushnumber(at(L), number);
    },
    readNumber(L, index) {
      const value = lua.lua_tonumber(at(L), index);
      if (lua.lua_isinteger(at(L), index)) return value;
      // What does not fit into 32 bits was an integer outside: it is one again when it comes back.
      return Number.isSafeInteger(value) && (value > INTEGER_MAX || value < INTEGER_MIN) ? value : float(value);
    },
    pushCarrier(L, carried) {
      Object.assign(lua.lua_newuserdata(at(L), 0), { carried });
    },
    carried: (L, index) => (lua.lua_touserdata(at(L), index) as { carried?: object } | null)?.carried,
    finishCarrierMetatable() {},
    load: (L, source, chunkName) => lauxlib.luaL_loadbufferx(at(L), Uint8Array.from(source), source.length, bytesOf(chunkName), TEXT_MODE),
    traceback(L, level) {
      lauxlib.luaL_traceback(main, at(L), null, level);
      const trace = String(readText(main, -1));
      lua.lua_settop(main, -2);
      return trace.replace(/^\n/, '');
    },
    where(L, level) {
      lauxlib.luaL_where(at(L), level);
      const position = String(readText(L, -1));
      lua.lua_settop(at(L), -2);
      return position;
    },
  };
}

function limitMessage(error: RangeError): string | undefined {
  if (/call stack/i.test(error.message)) return 'stack overflow';
  return /allocation|array length|string length/i.test(error.message) ? 'not enough memory' : undefined;
}
