import { describe, expect, it } from 'vitest';
import { type LuaFunction, LuaTable } from '../../src/lua/value.js';
import { engines } from '../support/engines.js';
import { createVm, type TestVm } from '../support/vm.js';

describe.each(engines)('[BOUNDARY] endless recursion on $name is an error that can be caught', (engine) => {
  it.each([
    ['a binding', 'local function f() return host.call(f) end', 'f'],
    ['pcall', 'local function f() local ok, e = pcall(f) if not ok then error(e, 0) end return ok end', 'f'],
    ['gsub', 'local function f() return (("x"):gsub("x", f)) end', 'f'],
    ['sort', 'local function f() table.sort({ 1, 2, 3 }, f) return true end', 'f'],
    ['__index', 'local m = {} m.__index = function(t, k) return t[k .. "x"] end', 'function() return setmetatable({}, m).a end'],
    ['__tostring', 'local t = setmetatable({}, { __tostring = function(s) return tostring(s) end })', 'function() return tostring(t) end'],
    ['__eq', 'local m = {} m.__eq = function(a, b) return a == b end', 'function() return setmetatable({}, m) == setmetatable({}, m) end'],
    ['coroutines', 'local function f() return coroutine.wrap(f)() end', 'f'],
  ])('through %s', async (_, chunk, call) => {
    let made: TestVm;
    const nested = {
      params: ['function'] as const,
      *run(fn: LuaFunction) {
        const results = yield* made.vm.call(fn, []);
        made.vm.release(fn);
        return results[0] instanceof LuaTable ? 1 : results[0];
      },
    };
    made = await createVm(engine, { bindings: { call: nested } });
    const [ok, text] = await made.run(`${chunk} local ok, e = pcall(${call}) return ok, tostring(e)`);
    expect([ok, text]).toEqual([false, expect.stringContaining('stack overflow')]);
    expect(await made.run('return 1 + 1')).toEqual([2]);
    made.dispose();
  });
});
