/** Corrections of the package's library, before lua-stdlib is laid over it: what it gets wrong, and what would take memory without bound. */
import type { Fn, L } from 'fengari';
import { formatFunction } from './format.js';
import { fengariPackage, STRING_LIMIT } from './package.js';

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text));
const STRING = 4;
const NUMBER = 3;

export function correctLibrary(main: L): void {
  const { lua } = fengariPackage();
  const corrected: Record<string, Record<string, Fn>> = {
    string: { format: formatFunction(), char: charFunction(), rep: repFunction() },
    table: { concat: concatFunction() },
  };
  for (const [library, functions] of Object.entries(corrected)) {
    lua.lua_getglobal(main, bytesOf(library));
    for (const [name, fn] of Object.entries(functions)) {
      lua.lua_pushcclosure(main, fn, 0);
      lua.lua_setfield(main, -2, bytesOf(name));
    }
  }
  lua.lua_settop(main, 0);
}

function charFunction(): Fn {
  const { lua, lauxlib } = fengariPackage();
  return (state) => {
    const given = lua.lua_gettop(state);
    const bytes = new Uint8Array(given);
    for (let i = 1; i <= given; i++) {
      const code = lauxlib.luaL_checkinteger(state, i);
      if (code < 0 || code > 255) lauxlib.luaL_argerror(state, i, bytesOf('value out of range'));
      bytes[i - 1] = code;
    }
    lua.lua_pushstring(state, bytes);
    return 1;
  };
}

function repFunction(): Fn {
  const { lua, lauxlib } = fengariPackage();
  return (state) => {
    const text = lauxlib.luaL_checkstring(state, 1);
    const times = lauxlib.luaL_checknumber(state, 2);
    if (!Number.isInteger(times)) lauxlib.luaL_argerror(state, 2, bytesOf('number has no integer representation'));
    const between = lua.lua_type(state, 3) <= 0 ? new Uint8Array() : lauxlib.luaL_checkstring(state, 3);
    const size = times <= 0 ? 0 : text.length * times + between.length * (times - 1);
    if (size > 2 ** 31) lauxlib.luaL_error(state, bytesOf('resulting string too large'));
    if (size > STRING_LIMIT) tooLarge(state);
    const bytes = new Uint8Array(size);
    if (size > 0) {
      bytes.set(text, 0);
      bytes.set(between, text.length);
      // Each step doubles what stands there.
      for (let done = text.length + between.length; done < size; done *= 2) bytes.copyWithin(done, 0, Math.min(done, size - done));
    }
    lua.lua_pushstring(state, bytes);
    return 1;
  };
}

function concatFunction(): Fn {
  const { lua, lauxlib } = fengariPackage();
  return (state) => {
    if (lua.lua_type(state, 1) !== 5 && !lua.lua_getmetatable(state, 1)) lauxlib.luaL_checktype(state, 1, 5);
    lua.lua_settop(state, 4);
    const between = lua.lua_type(state, 2) <= 0 ? new Uint8Array() : lauxlib.luaL_checkstring(state, 2);
    const first = lua.lua_type(state, 3) <= 0 ? 1 : lauxlib.luaL_checkinteger(state, 3);
    const last = lua.lua_type(state, 4) <= 0 ? lauxlib.luaL_len(state, 1) : lauxlib.luaL_checkinteger(state, 4);
    const parts: Uint8Array[] = [];
    let size = 0;
    for (let i = first; i <= last; i++) {
      lua.lua_geti(state, 1, i);
      const type = lua.lua_type(state, -1);
      if (type !== STRING && type !== NUMBER)
        lauxlib.luaL_error(state, bytesOf(`invalid value (${typeName(state)}) at index ${i} in table for 'concat'`));
      const part = lua.lua_tolstring(state, -1)!;
      lua.lua_settop(state, -2);
      parts.push(part);
      size += part.length + (i < last ? between.length : 0);
      if (size > STRING_LIMIT) tooLarge(state);
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const [i, part] of parts.entries()) {
      bytes.set(part, at);
      at += part.length;
      if (i < parts.length - 1) {
        bytes.set(between, at);
        at += between.length;
      }
    }
    lua.lua_pushstring(state, bytes);
    return 1;
  };
}

function typeName(state: L): string {
  const { lua } = fengariPackage();
  return Buffer.from(lua.lua_typename(state, lua.lua_type(state, -1))).toString();
}

function tooLarge(state: L): never {
  const { lua, lauxlib } = fengariPackage();
  lua.lua_pushstring(state, bytesOf('not enough memory'));
  lua.lua_error(state);
  return lauxlib.luaL_error(state, bytesOf('not enough memory'));
}
