import { afterEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { createVm, type TestVm } from '../support/vm.js';

const open: TestVm[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.dispose();
});

describe.each(engines)('the library of $name', (engine) => {
  async function vm(files: Record<string, string> = {}): Promise<TestVm> {
    const made = await createVm(engine, { files });
    open.push(made);
    return made;
  }

  it('gives errors of metamethods one position, their own (regression: the sort added a second)', async () => {
    const { run } = await vm();
    const chunk = `
      local sorted = { __lt = function() error("from lt") end }
      local t = { setmetatable({}, sorted), setmetatable({}, sorted), setmetatable({}, sorted) }
      local found = setmetatable({}, { __index = function() error("from index") end })
      local _, a = pcall(function() table.sort(t); return 1 end)
      local _, b = pcall(function() local s = ("x"):gsub("x", found); return s end)
      return a, b`;
    expect(await run(chunk)).toEqual(['test:2: from lt', 'test:4: from index']);
  });

  it('puts the position of the script before its own complaints (regression: two of the twins had none)', async () => {
    const { run } = await vm();
    const chunk = `
      local many = {}
      for i = 1, 200 do many[i] = i end
      local _, a = pcall(function() table.sort({ 3, 2, 1, 4, 5, 6, 7, 8 }, function() return true end) return 1 end)
      local _, b = pcall(function() table.sort(many, function() return true end) return 1 end)
      local _, c = pcall(function() local s = ("x"):gsub("x", function() return {} end) return s end)
      local _, d = pcall(table.sort, { 3, 2, 1, 4 }, function() return true end)
      return a, tostring(b):match("invalid order function for sorting") or tostring(b):match("attempt to compare"), c, d`;
    expect(await run(chunk)).toEqual([
      'test:4: invalid order function for sorting',
      'invalid order function for sorting',
      'test:6: invalid replacement value (a table)',
      'invalid order function for sorting',
    ]);
  });

  it('sorts as Lua does, whatever the order and size', async () => {
    const { run } = await vm();
    const chunk = `
      local bad = {}
      for _, n in ipairs({ 0, 1, 2, 3, 4, 100, 101, 102, 103, 104, 105, 106, 500, 3000 }) do
        for _, shape in ipairs({ "up", "down", "equal", "mixed" }) do
          local a, b = {}, {}
          for i = 1, n do
            local v = shape == "up" and i or shape == "down" and -i or shape == "equal" and 7 or (i * 7919) % 1009
            a[i], b[i] = v, v
          end
          table.sort(a)
          table.sort(b, function(x, y) return x < y end)
          for i = 1, n do
            if a[i] ~= b[i] then bad[#bad + 1] = n .. shape break end
          end
        end
      end
      return table.concat(bad, " ")`;
    expect(await run(chunk)).toEqual(['']);
  });

  it("leaves the script's random numbers alone while it sorts (regression)", async () => {
    const { run } = await vm();
    const chunk = `
      local t = {}
      for i = 1, 500 do t[i] = (i * 7919) % 1009 end
      math.randomseed(7)
      local first = math.random(1, 1000000)
      math.randomseed(7)
      table.sort(t, function(a, b) return a < b end)
      return first == math.random(1, 1000000)`;
    expect(await run(chunk)).toEqual([true]);
  });

  it("replaces by a function what Lua's own replacement by text would", async () => {
    const { run } = await vm();
    const chunk = `
      local subjects = { "", "abc", "hello world", "aaa", "k=v, a=b", "THE (quick) fox", "a,b,,c", "  x ", "\\0a\\0" }
      local patterns = { "", "o*", "^a", "^", "()", "%w", "%f[%a]%a+", ",*", "x*", "%s*$", "a-", ".", "%b()", "(%w)", "%z" }
      local bad, tried = {}, 0
      for _, s in ipairs(subjects) do
        for _, p in ipairs(patterns) do
          for _, limit in ipairs({ 100, 0, 1, 2, -1 }) do
            local text, n = s:gsub(p, "<%1>", limit)
            local by, m = s:gsub(p, function(match) return "<" .. match .. ">" end, limit)
            tried = tried + 1
            if text ~= by or n ~= m then bad[#bad + 1] = ("%q %q %d: %s %d, not %s %d"):format(s, p, limit, by, m, text, n) end
          end
        end
      end
      return table.concat(bad, "\\n"), tried`;
    expect(await run(chunk)).toEqual(['', 675]);
  });

  it('loads modules with a byte order mark or a first line for a shell, and no bytecode', async () => {
    const { run } = await vm({
      'marked.lua': '\ufeffreturn "marked"',
      'shell.lua': '#!/usr/bin/lua\nlocal ok, e = pcall(error, "x", 2)\nreturn "shell"',
      'compiled.lua': '\x1bLua',
    });
    const [marked, shell, compiled] = await run(
      'local a, b = require("marked"), require("shell"); return a, b, (select(2, pcall(require, "compiled")))',
    );
    expect([marked, shell]).toEqual(['marked', 'shell']);
    expect(compiled).toMatch(/^error loading module 'compiled' from file '.*\/compiled\.lua':\n\t/);
  });

  it('shows warnings of a script among what it prints, once it wants them', async () => {
    const { run, printed } = await vm();
    const [none, wrong] = await run(
      'warn("before"); warn("@on"); warn("low ", "disk ", 5); warn("@unknown"); warn("@off"); warn("after"); return select(2, pcall(warn)), select(2, pcall(warn, "a", {}))',
    );
    expect(printed).toEqual(['Lua warning: low disk 5']);
    expect(none).toBe("bad argument #1 to 'warn' (string expected, got no value)");
    expect(wrong).toBe("bad argument #2 to 'warn' (string expected, got table)");
  });

  it('shows scripts the globals of the reference and no others', async () => {
    const { run } = await vm();
    const [names, loaded] = await run(`
      local function keys(t) local n = {} for k in pairs(t) do n[#n + 1] = k end table.sort(n) return table.concat(n, " ") end
      return keys(_G), keys(package.loaded)`);
    expect(names).toBe(
      '_G _VERSION assert collectgarbage coroutine error getmetatable io ipairs math next os package pairs pcall print rawequal rawget rawlen rawset require select setmetatable string table tonumber tostring type utf8 warn xpcall',
    );
    expect(loaded).toBe('_G coroutine io math os package string table utf8');
  });

  it('still resolves references when a script has been through the globals', async () => {
    const { run, vm: machine } = await vm({ 'hooks/one.lua': 'return function() return 1 end' });
    const { runAsync } = await import('../../src/domain/op.js');
    await run('for _, name in ipairs({ "pcall", "select", "type" }) do _G[name] = nil end');
    const fn = await runAsync(machine.resolve('hooks.one'));
    expect(await runAsync(machine.call(fn, []))).toEqual([1]);
    machine.release(fn);
  });
});
