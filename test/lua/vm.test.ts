import { afterEach, describe, expect, it } from 'vitest';
import { RunAbort } from '../../src/domain/errors.js';
import { Float } from '../../src/domain/json.js';
import { runAsync } from '../../src/domain/op.js';
import { BindingError, LuaError } from '../../src/lua/errors.js';
import { type LuaFunction, LuaTable, type LuaValue } from '../../src/lua/value.js';
import { Multi } from '../../src/lua/vm.js';
import { drive, RunControl } from '../../src/worker/run-control.js';
import { engines, needing } from '../support/engines.js';
import { createVm, type TestVm, unlimited, waiting } from '../support/vm.js';

const open: TestVm[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.dispose();
});

describe.each(engines)('$name', (engine) => {
  async function vm(options: Parameters<typeof createVm>[1] = {}): Promise<TestVm> {
    const made = await createVm(engine, options);
    open.push(made);
    return made;
  }
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => expect.fail('nothing was raised'),
      (error: unknown) => error as LuaError,
    );

  describe('values', () => {
    it('come out of a chunk with integers and floats apart', async () => {
      const { run } = await vm();
      expect(await run('return 1, 1.0, 1.5, "x", true, nil, -0.0, 2^63')).toEqual([
        1,
        new Float(1),
        1.5,
        'x',
        true,
        undefined,
        new Float(-0),
        new Float(2 ** 63),
      ]);
    });

    needing(engine, 'integers64')('of 64 bits are exact both ways', async () => {
      const { run } = await vm({ bindings: { echo: { params: ['any'], run: (value: LuaValue) => value } } });
      expect(await run('return 9007199254740993, host.echo(math.mininteger) == math.mininteger, math.maxinteger')).toEqual([
        9007199254740993n,
        true,
        2n ** 63n - 1n,
      ]);
    });

    it('go into a binding and back unchanged', async () => {
      const seen: LuaValue[] = [];
      const { run } = await vm({
        bindings: {
          echo: {
            params: ['any'],
            run(value: LuaValue) {
              seen.push(value);
              return value;
            },
          },
        },
      });
      const [text] = await run(`
        local t = { 1, 2.5, "Zoë \\u{1F600}", { a = { b = false } }, n = 3 }
        local back = host.echo(t)
        assert(math.type(back[1]) == "integer" and math.type(back[2]) == "float" and back[3] == t[3] and back[4].a.b == false and back.n == 3)
        local odd = host.echo("\\xff\\0")
        return odd == "\\xff\\0" and math.type(host.echo(3.0)) .. " " .. tostring(host.echo(math.mininteger) == math.mininteger) .. " " .. tostring(host.echo(-0.0))`);
      expect(text).toBe('float true -0.0');
      expect(seen[0]).toBeInstanceOf(LuaTable);
      expect((seen[0] as LuaTable).length).toBe(4);
    });

    it('of tables come in an order that repeats itself from state to state, while random numbers do not', async () => {
      const chunk =
        'local out = {} for k in pairs({ alpha = 1, beta = 2, gamma = 3, delta = 4, n = 5 }) do out[#out + 1] = k end return table.concat(out, " "), math.random(1 << 30)';
      const seen = [];
      for (let i = 0; i < 4; i++)
        seen.push(await (await vm()).run(engine.capabilities.lua54 ? chunk : chunk.replace('1 << 30', '2147483647')));
      expect(new Set(seen.map(([order]) => order)).size).toBe(1);
      expect(new Set(seen.map(([, random]) => random)).size).toBeGreaterThan(1);
    });

    it('keep cycles as cycles', async () => {
      let seen: LuaValue;
      const { run } = await vm({
        bindings: {
          take: {
            params: ['table'],
            run(t: LuaTable) {
              seen = t;
            },
          },
        },
      });
      await run('local t = {}; t.self = t; host.take(t)');
      expect((seen as LuaTable).get('self')).toBe(seen);
    });

    it('of an argument of the wrong type are refused in the words of the reference', async () => {
      const { run } = await vm({ bindings: { f: { params: ['string', 'integer?', 'table?'], run: () => 'ok' } } });
      const text = async (call: string) =>
        (await run(`local ok, e = pcall(function() return ${call} end); return tostring(e):match("^[^\\n]*")`))[0];
      expect(await text('host.f()')).toBe('bad argument #1: error converting Lua nil to String (expected string or number)');
      expect(await text('host.f("\\xff")')).toBe(
        'bad argument #1: error converting Lua string to String (invalid utf-8 sequence of 1 bytes from index 0)',
      );
      expect(await text('host.f(5, "x")')).toBe(
        'bad argument #2: error converting Lua string to i64 (expected number or string coercible to number)',
      );
      expect(await text('host.f(5, "0x10", 1.5)')).toBe('bad argument #3: error converting Lua number to table');
      expect(await text('host.f(5, 2.7, {}, "extra")')).toBe('ok');
    });
  });

  describe('errors', () => {
    it('carry chunk, line and traceback', async () => {
      const { run } = await vm();
      const error = await failure(run('\n\nlocal function inner() error("boom") end\ninner()'));
      expect(error).toBeInstanceOf(LuaError);
      expect(error).toMatchObject({ kind: 'runtime', message: 'test:3: boom', chunk: 'test', line: 3 });
      expect(error.traceback).toMatch(/^stack traceback:\n\t.*error/);
      expect(error.render()).toMatch(/^runtime error: test:3: boom\nstack traceback:/);
    });

    it('through coroutine.wrap and the twins of the library carry the position of the script', async () => {
      const { run } = await vm();
      const chunk = `
        local co = coroutine.wrap(function() end)
        co()
        local _, a = pcall(function() co() end)
        local _, b = pcall(function() table.sort({ 1, "x" }, nil) end)
        local _, c = pcall(function() string.gsub() end)
        local _, d = pcall(function() string.gsub("x", "(", function() end) end)
        local _, e = pcall(function() coroutine.resume(5) end)
        return a, b, c, d, e`;
      expect(await run(chunk)).toEqual([
        'test:4: cannot resume dead coroutine',
        'attempt to compare string with number',
        "test:6: bad argument #1 to 'gsub' (string expected, got no value)",
        expect.stringMatching(/^test:7: unfinished capture/),
        "test:8: bad argument #1 to 'resume' (coroutine expected)",
      ]);
    });

    it('of syntax are told apart', async () => {
      const { run } = await vm();
      expect(await failure(run('local = 5'))).toMatchObject({ kind: 'syntax', line: 1, message: "test:1: <name> expected near '='" });
    });

    it('of a binding are values with code, message and text, and come out as their cause', async () => {
      const thrown = new BindingError('NO_SUCH', "Collection 'x' not found", { remedy: 'define it' });
      const { run } = await vm({
        bindings: {
          fail: {
            params: [],
            run() {
              throw thrown;
            },
          },
        },
      });
      const [a, b, c, d, e, f] = await run(`
        local ok, e = pcall(host.fail)
        return type(e), tostring(e):match("^[^\\n]*"), e.code .. "|" .. e.message .. "|" .. e.remedy, ("failed: " .. e):sub(1, 28), e:match("not %a+"), getmetatable(e)`);
      expect([a, b, c, d, e, f]).toEqual([
        'userdata',
        "runtime error: Collection 'x' not found",
        "NO_SUCH|Collection 'x' not found|define it",
        'failed: runtime error: Colle',
        'not found',
        false,
      ]);
      const error = await failure(run('local ok, e = pcall(host.fail); error(e)'));
      expect(error).toMatchObject({ kind: 'runtime', code: 'NO_SUCH', cause: thrown });
      expect(error.render()).toMatch(/^runtime error: Collection 'x' not found\nstack traceback:/);
    });

    it('that are tables keep their identity through a host call', async () => {
      const { run } = await vm({
        bindings: {
          call: {
            params: ['function'],
            *run(fn: LuaFunction) {
              const made = open.at(-1)!;
              return (yield* made.vm.call(fn, []))[0];
            },
          },
        },
      });
      expect(await run('local t = { code = 5 }; local ok, e = pcall(host.call, function() error(t) end); return ok, e == t')).toEqual([
        false,
        true,
      ]);
      const error = await failure(run('error(setmetatable({}, { __tostring = function() return "as text" end }))'));
      expect(error.message).toBe('as text');
    });
  });

  describe('waiting', () => {
    const later = (value: LuaValue) => waiting('test', () => new Promise<LuaValue>((resolve) => setImmediate(() => resolve(value))));
    const bindings = {
      later: {
        params: ['any'] as const,
        *run(value: LuaValue) {
          return yield* later(value);
        },
      },
      fail_later: {
        params: [] as const,
        *run() {
          return yield* waiting<LuaValue>('test', async () => {
            throw new BindingError('LATE', 'late failure');
          });
        },
      },
      call: {
        params: ['function'] as const,
        *run(fn: LuaFunction) {
          const results = yield* open.at(-1)!.vm.call(fn, ['in']);
          return new Multi(...results, yield* later('after'));
        },
      },
    };

    it.each([
      ['plainly', 'return host.later(5)', [5]],
      ['in pcall', 'return pcall(host.later, 5)', [true, 5]],
      ['with an error', 'local ok, e = pcall(host.fail_later); return ok, e.code', [false, 'LATE']],
      [
        'in a project coroutine',
        'local co = coroutine.create(function(a) local b = host.later(a); local c = coroutine.yield(b + 1); return host.later(c) end)\nlocal _, x = coroutine.resume(co, 1); local _, y = coroutine.resume(co, "z"); return x, y, coroutine.status(co)',
        [2, 'z', 'dead'],
      ],
      [
        'in coroutines within coroutines',
        'local co = coroutine.wrap(function() local inner = coroutine.wrap(function() coroutine.yield(host.later(1)); coroutine.yield(host.later(2)) end)\ncoroutine.yield(inner()); coroutine.yield(inner()) end)\nreturn co(), co()',
        [1, 2],
      ],
      [
        'in a wrap iterator',
        'local out = {}; for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(host.later(i)) end end) do out[#out + 1] = v end\nreturn table.concat(out, ",")',
        ['1,2,3'],
      ],
      [
        'in a sort comparator',
        'local t = { 3, 1, 2 }; table.sort(t, function(a, b) return host.later(a) < b end); return table.concat(t, ",")',
        ['1,2,3'],
      ],
      ['in a gsub callback', 'return (("a-b"):gsub("%a", function(c) return host.later(c:upper()) end))', ['A-B']],
      ['in a metamethod', 'return setmetatable({}, { __index = function(_, k) return host.later(k) end }).key', ['key']],
      ['in a function called by a binding', 'return host.call(function(x) return host.later(x), 2 end)', ['in', 2, 'after']],
      [
        'in a function called by a binding in a project coroutine',
        'local co = coroutine.create(function() return host.call(function() return (select(2, coroutine.resume(coroutine.create(function() return host.later("deep") end)))) end) end)\nreturn select(2, coroutine.resume(co))',
        ['deep', 'after'],
      ],
      [
        'and is no yield of the script',
        'local co = coroutine.create(function() host.later(1) return "end" end); local ok, v = coroutine.resume(co); return v, coroutine.status(co)',
        ['end', 'dead'],
      ],
    ])('%s', async (_, chunk, expected) => {
      const { run } = await vm({ bindings });
      expect(await run(chunk as string)).toEqual(expected);
    });

    it('inside a module that is being required', async () => {
      const { run } = await vm({ bindings, files: { 'm/slow.lua': 'local x = host.later(7)\nreturn { x = x, name = ... }' } });
      const [x, name, again] = await run('local m = require("m.slow"); return m.x, m.name, require("m.slow") == m');
      expect([x, name, again]).toEqual([7, 'm.slow', true]);
    });

    it('below a C function is refused with the remedy', async () => {
      const { run } = await vm({ bindings });
      const [code] = await run(
        'local t = setmetatable({}, { __tostring = function() return host.later("x") end }); local ok, e = pcall(tostring, t); return e.code',
      );
      expect(code).toBe('CANNOT_WAIT_HERE');
    });

    it('yielding at the root is an error of the script', async () => {
      const { run } = await vm();
      expect(
        await run('local ok, e = pcall(coroutine.yield, 1); local _, main = coroutine.running(); return e, main, coroutine.isyieldable()'),
      ).toEqual(['attempt to yield from outside a coroutine', true, false]);
    });
  });

  describe('[STOP]', () => {
    it.each([
      ['a plain loop', 'while true do end'],
      ['a loop that catches', 'while true do pcall(function() while true do end end) end'],
      ['a loop of caught errors', 'while true do pcall(error, "x") end'],
      ['a loop after a caught error', 'pcall(error) while true do end'],
      ['a sort comparator', 'table.sort({ 3, 1, 2, 5 }, function() while true do end end)'],
      ['a comparator that catches', 'while true do pcall(table.sort, { 3, 1, 2 }, function() while true do end end) end'],
      ['a gsub callback', '("abc"):gsub(".", function() while true do end end)'],
      ['a coroutine nest', 'local function nest(n) if n == 0 then while true do end end return coroutine.wrap(nest)(n - 1) end nest(50)'],
      ['a __tostring', 'tostring(setmetatable({}, { __tostring = function() while true do end end }))'],
      ...(engine.capabilities.lua54
        ? [['a __close', 'do local x <close> = setmetatable({}, { __close = function() while true do end end }) end']]
        : []),
      ['an xpcall handler', 'while true do xpcall(error, function() while true do end end) end'],
      ['a loop of host calls', 'while true do host.nothing() end'],
    ])('%s ends at its deadline', async (_, chunk) => {
      const made = await vm({ bindings: { nothing: { params: [], run: () => undefined } } });
      made.vm.begin({ deadline: performance.now() + 60, maxInstructions: Number.POSITIVE_INFINITY, sliceMs: 10 });
      const begun = process.cpuUsage();
      const error = await failure(made.run(chunk));
      expect(error).toBeInstanceOf(RunAbort);
      expect((error as unknown as RunAbort).reason).toBe('timed_out');
      expect(process.cpuUsage(begun).user).toBeLessThan(250_000);
      expect(made.vm.spent).toBe(true);
    });

    it('the instruction budget counts in coroutines and cannot be caught', async () => {
      const made = await vm();
      made.vm.begin({ ...unlimited, maxInstructions: 1_000_000 });
      const error = await failure(made.run('while true do pcall(coroutine.wrap(function() while true do end end)) end'));
      expect((error as unknown as RunAbort).reason).toBe('instruction_limit');
    });

    it('Regression: the instruction budget counts on after errors that were caught', async () => {
      const made = await vm();
      made.vm.begin({ ...unlimited, maxInstructions: 1_000_000 });
      const error = await failure(made.run('for i = 1, 10 do pcall(error) end while true do pcall(error) end'));
      expect((error as unknown as RunAbort).reason).toBe('instruction_limit');
    });

    needing(engine, 'memoryCap')('memory is capped', async () => {
      const made = await vm({ maxMemoryBytes: 32 * 1024 * 1024 });
      const error = await failure(made.run('local t = {}; while true do t[#t + 1] = ("x"):rep(100000) .. #t end'));
      expect(error).toMatchObject({ kind: 'memory', message: 'not enough memory' });
      const [caught] = await made.run('return select(2, pcall(string.rep, "x", 1 << 28))');
      expect(String(caught)).toContain('not enough memory');
    });

    needing(engine, 'memoryCap')('the cap of one run holds until its end', async () => {
      const made = await vm();
      const grow = 'local t = {}; for i = 1, 2000 do t[i] = ("x"):rep(30000) .. i end return #t';
      made.vm.begin({ ...unlimited, maxMemoryBytes: 8 * 1024 * 1024 });
      expect(await failure(made.run(grow))).toMatchObject({ kind: 'memory' });
      made.vm.end();
      made.vm.begin(unlimited);
      expect(await made.run(grow)).toEqual([2000]);
    });

    it('Regression: what a binding does at its end is done also when its run is stopped while it waits, the innermost first', async () => {
      const ended: string[] = [];
      const control = new RunControl();
      const made = await vm();
      made.vm.register('deep', {
        wait: {
          params: [],
          *run() {
            try {
              yield* waiting('test', () => {
                setImmediate(() => control.stop('cancelled'));
                return new Promise(() => {});
              });
              return undefined;
            } finally {
              ended.push('inner');
            }
          },
        },
        call: {
          params: ['function'],
          *run(fn: LuaFunction) {
            try {
              yield* made.vm.call(fn, []);
              return undefined;
            } finally {
              ended.push('outer');
            }
          },
        },
      });
      control.onStop((reason) => made.vm.stop(reason));
      made.vm.begin(unlimited);
      const error = await drive(made.vm.execute('pcall(deep.call, function() pcall(deep.wait) end)', '=test'), control).catch((e) => e);
      expect(error.reason).toBe('cancelled');
      expect(ended).toEqual(['inner', 'outer']);
    });

    it('an operation that gives the run up leaves the VM usable', async () => {
      const made = await vm({
        bindings: {
          conflict: {
            params: [],
            // biome-ignore lint/correctness/useYield: an Op that does not wait
            *run() {
              throw new RunAbort('conflict', 'again');
            },
          },
        },
      });
      const error = await failure(made.run('pcall(coroutine.wrap(function() pcall(host.conflict); reached = true end)); reached = true'));
      expect((error as unknown as RunAbort).reason).toBe('conflict');
      expect(made.vm.spent).toBe(false);
      expect(await made.run('return reached, 1 + 1')).toEqual([undefined, 2]);
    });

    it('a long loop lets another VM go on', async () => {
      const [a, b] = [await vm(), await vm()];
      a.vm.begin({ ...unlimited, sliceMs: 5 });
      const order: string[] = [];
      const long = a.run('local x = 0; for i = 1, 3000000 do x = x + i end return x').then((r) => {
        order.push('long');
        return r;
      });
      await b.run('return 1');
      order.push('short');
      await long;
      expect(order).toEqual(['short', 'long']);
    });

    it('10,000 levels of Lua recursion work and an endless one can be caught', async () => {
      const { run } = await vm();
      expect(await run('local function down(n) if n == 0 then return 0 end return 1 + down(n - 1) end return down(10000)')).toEqual([
        10000,
      ]);
      expect(
        await run(
          'local function again(n) return 1 + again(n + 1) end local ok, e = pcall(again, 1); return ok, tostring(e):match("stack overflow")',
        ),
      ).toEqual([false, 'stack overflow']);
    });
  });

  describe('references', () => {
    const files = {
      'hooks/one.lua': 'return function(ctx) return "one" end',
      'hooks/many.lua': 'local M = {}\nfunction M.a() return "a" end\nM.text = "no function"\nreturn M',
      'hooks/broken.lua': 'local = 1',
    };
    it('resolve to the module itself or to a field of it', async () => {
      const { vm: machine } = await vm({ files });
      for (const [ref, expected] of [
        ['hooks.one', 'one'],
        ['hooks.many.a', 'a'],
      ] as const) {
        const fn = await runAsync(machine.resolve(ref));
        expect(await runAsync(machine.call(fn, []))).toEqual([expected]);
        machine.release(fn);
      }
    });
    it.each([
      ['nodot', "Hook ref 'nodot' must be module.function format"],
      ['hooks.none.f', "Failed to require module 'hooks.none'"],
      ['hooks.broken.f', "Failed to require module 'hooks.broken'"],
      ['hooks.many.text', "Function 'text' not found in module 'hooks.many'"],
      ['hooks.many.nope', "Function 'nope' not found in module 'hooks.many'"],
    ])('%s does not resolve', async (ref, message) => {
      const { vm: machine } = await vm({ files });
      expect((await failure(runAsync(machine.resolve(ref)))).render()).toBe(message);
    });
    it('require stays in the project folder', async () => {
      const made = await vm({ files });
      const { symlinkSync } = await import('node:fs');
      const outside = await vm({ files: { 'secret.lua': 'return "secret"' } });
      symlinkSync(`${outside.dir}/secret.lua`, `${made.dir}/link.lua`);
      const text = async (name: string) => String((await made.run(`return select(2, pcall(require, "${name}"))`))[0]);
      expect(await text('link')).toMatch(/^module 'link' not found:/);
      expect(await text('../../etc/passwd')).toMatch(/not found/);
      expect(await text(`${outside.dir}/secret`)).toMatch(/not found/);
      expect(await text('hooks.broken')).toBe(
        `error loading module 'hooks.broken' from file '${made.dir}/hooks/broken.lua':\n\t${made.dir}/hooks/broken.lua:1: <name> expected near '='`,
      );
    });
  });

  needing(engine, 'garbageCollection')('holds nothing after 50,000 calls', async () => {
    const made = await vm({ bindings: { nothing: { params: ['any'], run: () => undefined } } });
    await made.run('function f(x) host.nothing({ x }) return x end collectgarbage()');
    const fn = made.vm.get('f') as LuaFunction;
    const used = async () =>
      Number(((await made.run('collectgarbage(); collectgarbage(); return collectgarbage("count")'))[0] as Float).valueOf());
    for (let i = 0; i < 1_000; i++) await runAsync(made.vm.call(fn, [i]));
    const before = await used();
    for (let i = 0; i < 50_000; i++) await runAsync(made.vm.call(fn, [{ list: [i] }]));
    expect((await used()) - before).toBeLessThan(20);
  });
});
