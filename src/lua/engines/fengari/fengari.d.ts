/** The part of fengari's JavaScript form of the C API that this engine uses; the package ships no types. */
declare module 'fengari' {
  export type L = object;
  export type Fn = (L: L) => number;
  export const lua: Record<string, (...args: never[]) => unknown> & {
    lua_gettop(L: L): number;
    lua_settop(L: L, index: number): void;
    lua_pushvalue(L: L, index: number): void;
    lua_rotate(L: L, index: number, n: number): void;
    lua_xmove(from: L, to: L, n: number): void;
    lua_checkstack(L: L, n: number): boolean;
    lua_type(L: L, index: number): number;
    lua_toboolean(L: L, index: number): boolean;
    lua_rawequal(L: L, a: number, b: number): number;
    lua_pushnil(L: L): void;
    lua_pushboolean(L: L, value: boolean): void;
    lua_pushinteger(L: L, value: number): void;
    lua_pushnumber(L: L, value: number): void;
    lua_pushstring(L: L, text: Uint8Array): void;
    lua_pushlightuserdata(L: L, value: unknown): void;
    lua_pushcclosure(L: L, fn: Fn, upvalues: number): void;
    lua_createtable(L: L, list: number, fields: number): void;
    lua_setmetatable(L: L, index: number): boolean;
    lua_getmetatable(L: L, index: number): boolean;
    lua_rawget(L: L, index: number): number;
    lua_rawset(L: L, index: number): void;
    lua_rawgeti(L: L, index: number, n: number): number;
    lua_rawseti(L: L, index: number, n: number): void;
    lua_rawlen(L: L, index: number): number;
    lua_next(L: L, index: number): number;
    lua_newthread(L: L): L;
    lua_newuserdata(L: L, size: number): object;
    lua_touserdata(L: L, index: number): unknown;
    lua_topointer(L: L, index: number): object;
    lua_tothread(L: L, index: number): L | null;
    lua_isinteger(L: L, index: number): boolean;
    lua_tonumber(L: L, index: number): number;
    lua_tolstring(L: L, index: number): Uint8Array | null;
    lua_isyieldable(L: L): boolean;
    lua_yieldk(L: L, results: number, context: number, k: unknown): number;
    lua_resume(L: L, from: L | null, args: number): number;
    lua_pcall(L: L, args: number, results: number, handler: number): number;
    lua_error(L: L): number;
    lua_sethook(L: L, hook: unknown, mask: number, count: number): void;
    lua_upvalueindex(n: number): number;
    lua_atnativeerror(L: L, fn: Fn): unknown;
    lua_getfield(L: L, index: number, name: Uint8Array): number;
    lua_setfield(L: L, index: number, name: Uint8Array): void;
    lua_getglobal(L: L, name: Uint8Array): number;
  };
  export const lauxlib: {
    luaL_newstate(): L;
    luaL_ref(L: L, table: number): number;
    luaL_unref(L: L, table: number, ref: number): void;
    luaL_loadbufferx(L: L, text: Uint8Array, length: number, name: Uint8Array, mode: Uint8Array): number;
    luaL_traceback(L: L, of: L, message: null, level: number): void;
    luaL_where(L: L, level: number): void;
    luaL_checkstring(L: L, argument: number): Uint8Array;
    luaL_checknumber(L: L, argument: number): number;
    luaL_tolstring(L: L, index: number): Uint8Array;
    /** Do not return. */
    luaL_argerror(L: L, argument: number, message: Uint8Array): never;
    luaL_error(L: L, message: Uint8Array): never;
  };
  export const lualib: { luaL_openlibs(L: L): void };
  export function to_luastring(text: string): Uint8Array;
}
