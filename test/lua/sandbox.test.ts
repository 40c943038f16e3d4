import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { LuaFunction, LuaValue } from '../../src/lua/value.js';
import { Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';
import { walkEverything } from '../support/walk.js';

/** Every value reachable from the globals and through metatables, one path each; tables that a call gives are walked too. */
const WALK = `${walkEverything(10)}
  local seen, out = {}, {}
  local function visit(path, value)
    local kind = type(value)
    local compound = kind == "function" or kind == "table" or kind == "userdata" or kind == "thread"
    if compound then
      if seen[value] then return end
      seen[value] = true
    end
    out[#out + 1] = path
    if not compound then return end
    local metatable = getmetatable(value)
    if type(metatable) == "table" then visit("metatable(" .. path .. ")", metatable) end
    if kind ~= "table" then return end
    local names, values = {}, {}
    for key, inner in each(path, value) do
      names[#names + 1], values[tostring(key)] = tostring(key), inner
      if type(key) ~= "string" and type(key) ~= "number" then visit(path .. ".<key>", key) end
    end
    table.sort(names)
    for _, name in ipairs(names) do visit(path == "_G" and name or path .. "." .. name, values[name]) end
  end
  for _, name in ipairs({ "string", "table", "math", "os", "io", "coroutine", "utf8" }) do visit(name, _G[name]) end
  visit("_G", _G)
  visit("metatable(string)", getmetatable(""))
  for _, value in ipairs({ 1, true, print, coroutine.create(print) }) do visit("metatable(" .. type(value) .. ")", getmetatable(value)) end
  local _, problem = pcall(crap.json.decode, "{")
  visit("metatable(error)", getmetatable(problem))
  visit("metatable(file)", getmetatable(io.open("x.lua")))
  return table.concat(out, "\\n")`;

function documented(): string[] {
  const page = readFileSync(new URL('../../docs/lua.md', import.meta.url), 'utf8');
  const table = page.slice(page.indexOf('| Names |'));
  return [...table.matchAll(/^\| (`.*?) \| (.+) \|$/gm)].flatMap(([, names, why]) => {
    expect(why!.length).toBeGreaterThan(5);
    return [...names!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
  });
}

const benches = new Benches();
afterEach(() => benches.dispose());

describe.each(engines)('the sandbox of $name', (engine) => {
  const open = (generation: 8 | 10 = 10) => benches.open(engine, { generation, files: { 'x.lua': 'return {}' } });

  it('holds exactly what docs/lua.md lists, with a reason each', async () => {
    const { value } = await open();
    const reached = String(await value(WALK)).split('\n');
    const is54 = (name: string) => name === 'coroutine.close' || name.startsWith('metatable(string).__');
    const expected = documented().filter((name) => engine.capabilities.lua54 || !is54(name) || name === 'metatable(string).__index');
    // The metatable of strings looks up in the library, which is walked by its own name.
    const aliases = ['metatable(string).__index', 'metatable(boolean)', 'metatable(number)', 'metatable(function)', 'metatable(thread)'];
    const hidden = ['metatable(error)', 'metatable(file)'];
    const left = (names: string[]) => names.filter((name) => !aliases.includes(name) && !hidden.includes(name)).sort();
    expect(left(reached)).toEqual(left(expected));
  });

  it('says of functions of io that start processes or make files what to do instead', async () => {
    const { run } = await open();
    const [popen, tmpfile] = await run('return select(2, pcall(io.popen, "echo ran")), select(2, pcall(io.tmpfile))');
    expect(String(popen)).toContain('io.popen is not available to a project: processes cannot be started from a script');
    expect(String(tmpfile)).toContain('io.tmpfile is not available to a project');
  });

  it('shows no metatable of the host, and no global of its own', async () => {
    const { run } = await open();
    expect(
      await run(`
        local _, problem = pcall(crap.json.decode, "{")
        return getmetatable(problem), getmetatable(io.open("x.lua")), getmetatable(string), getmetatable(crap.util), __lookup, __crap_host, fengari, js, debug`),
    ).toEqual([false, false, false, false, undefined, undefined, undefined, undefined, undefined]);
  });

  it.each([
    ['string.format = print', "attempt to change 'string.format': string is read-only"],
    ['table.insert(string, 1)', "attempt to change 'string[1]'"],
    ['rawset(string, "format", print)', "attempt to change 'a library.format'"],
    ['getmetatable("").__index = {}', "attempt to change 'the metatable of strings.__index'"],
    ['getmetatable("").__index.upper = print', "attempt to change 'string.upper'"],
    ['math.floor = nil', "attempt to change 'math.floor'"],
    ['package.loaded.table.concat = print', "attempt to change 'table.concat'"],
    ['package.loaded = {}', "attempt to change 'package.loaded'"],
    ['crap.util.trim = print', "attempt to change 'crap.util.trim'"],
    ['crap.jobs.queue = print', "attempt to change 'crap.jobs.queue'"],
    ['crap.collections.config.get = print', "attempt to change 'crap.collections.config.get'"],
    ['setmetatable(string, {})', 'cannot change a protected metatable'],
    ['setmetatable(crap.util, {})', 'cannot change a protected metatable'],
    ['io.stdout.write = print', 'attempt to change'],
    ['io.write("").write = print', 'attempt to change'],
    ['rawset(io.write(""), "write", print)', 'attempt to change'],
    ['table.remove(os)', ''],
    ['table.sort(math, function() end)', ''],
    ['table.move({ print }, 1, 1, 1, string)', "attempt to change 'string[1]'"],
  ])('refuses %s', async (chunk, message) => {
    const { run } = await open();
    const before = await run(SNAPSHOT);
    const [ok, text] = await run(`local ok, e = pcall(function() ${chunk} end) return ok, tostring(e)`);
    if (message !== '') expect([ok, text]).toEqual([false, expect.stringContaining(message)]);
    expect(await run(SNAPSHOT)).toEqual(before);
  });

  it('lets a script write to crap, _G, package.path and package.loaded, as the reference does', async () => {
    const { run } = await open();
    expect(
      await run(`
        crap.extra = 1; extra = 2; rawset(_G, "more", 3); package.path = package.path .. ";/x/?.lua"
        package.loaded.made = { 4 }; package.preload.later = function() return 5 end
        return crap.extra, extra, more, require("made")[1], (require("later"))`),
    ).toEqual([1, 2, 3, 4, 5]);
  });

  it('keeps the host working when a script replaces every global', async () => {
    const { session, run } = await open();
    const fn = session.vm.get('crap.util.map') as LuaFunction;
    await run(`
      local wanted = {}
      for name in pairs(_G) do if name ~= "_G" and name ~= "crap" then wanted[#wanted + 1] = name end end
      local error = error
      for _, name in ipairs(wanted) do _G[name] = function() error("replaced") end end`);
    expect(await run('return crap.util.trim("  x "), crap.util.omit({ a = 1, b = 2 }, { "a" }).b, ("%d"):format(3)')).toEqual([
      'x',
      2,
      '3',
    ]);
    expect(await run('return crap.json.decode("[1]")[1], (crap.util.deep_merge({ a = { 1 } }, { a = { 2 } })).a[1]')).toEqual([1, 2]);
    session.vm.release(fn);
  });

  it('reads frozen tables with pairs, rawget and the length operator', async () => {
    const { run } = await open();
    expect(
      await run(`
        local n = 0
        for name, fn in pairs(crap.log) do n = n + 1; assert(type(fn) == "function" and crap.log[name] == fn) end
        local _, state = pairs(string)
        return n, rawget(string, "rep") == string.rep, state == string, #math, require("string") == string, io.type(io.stdout), io.type(io.open("x.lua"))`),
    ).toEqual([3, true, true, 0, true, 'file', 'file'] satisfies LuaValue[]);
  });
});

const SNAPSHOT = `
  local out = {}
  for _, t in ipairs({ string, table, math, os, io, coroutine, utf8, crap.util, crap.jobs, crap.collections.config }) do
    for name, value in pairs(t) do out[#out + 1] = tostring(name) .. tostring(value) end
  end
  table.sort(out)
  return table.concat(out, " ")`;
