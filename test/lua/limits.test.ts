import { afterEach, describe, expect, it } from 'vitest';
import { RunAbort } from '../../src/domain/errors.js';
import { runAsync } from '../../src/domain/op.js';
import { nextInterval } from '../../src/lua/machine/pace.js';
import type { LuaFunction, LuaValue } from '../../src/lua/value.js';
import { type Binding, Multi } from '../../src/lua/vm.js';
import { engines } from '../support/engines.js';
import { createVm, type TestVm, unlimited, waiting } from '../support/vm.js';

const open: TestVm[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.dispose();
});

/** Keeps the thread busy as a synchronous statement does. */
function busy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe.each(engines)('limits of $name', (engine) => {
  async function vm(options: Parameters<typeof createVm>[1] = {}): Promise<TestVm> {
    const made = await createVm(engine, options);
    open.push(made);
    return made;
  }
  const slow = (calls: { n: number }): Record<string, Binding> => ({
    slow: {
      params: [],
      run() {
        calls.n++;
        busy(5);
        return undefined;
      },
    },
  });

  it.each([
    ['', 'while true do host.slow() end'],
    [', caught or not', 'while true do pcall(host.slow) end'],
    [', in a coroutine', 'coroutine.wrap(function() while true do pcall(host.slow) end end)()'],
    [', in a comparator of the library', 'table.sort({ 2, 1 }, function() while true do pcall(host.slow) end end)'],
  ])('[STOP] slow host calls end at the deadline%s (regression: 2,000 of them passed first)', async (_, chunk) => {
    const calls = { n: 0 };
    const made = await vm({ bindings: slow(calls) });
    made.vm.begin({ ...unlimited, deadline: performance.now() + 50 });
    const error = await made.run(chunk).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunAbort);
    expect((error as RunAbort).reason).toBe('timed_out');
    expect(calls.n).toBeLessThanOrEqual(11);
    expect(made.vm.spent).toBe(true);
  });

  it('[STOP] a wait that ends past the deadline is not gone on from', async () => {
    let reached = false;
    const made = await vm({
      bindings: {
        wait: {
          params: [],
          *run() {
            return yield* waiting<undefined>('test', async () => busy(40) as undefined);
          },
        },
        reached: {
          params: [],
          run() {
            reached = true;
          },
        },
      },
    });
    made.vm.begin({ ...unlimited, deadline: performance.now() + 20 });
    const error = await made.run('host.wait() host.reached()').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'timed_out' });
    expect(reached).toBe(false);
  });

  it('slow host calls let the other runs of the thread go on between them', async () => {
    const calls = { n: 0 };
    const [a, b] = [await vm({ bindings: slow(calls) }), await vm()];
    a.vm.begin({ ...unlimited, sliceMs: 10 });
    let before = 0;
    const long = a.run('for i = 1, 40 do host.slow() end return "done"');
    const short = b.run('return 1').then(() => new Promise<void>((resolve) => setImmediate(resolve)));
    await short.then(() => {
      before = calls.n;
    });
    expect(await long).toEqual(['done']);
    expect(before).toBeLessThan(20);
    expect(calls.n).toBe(40);
  });

  it('a binding preempted before it runs gets its arguments, gives its results and raises its errors', async () => {
    const calls = { n: 0 };
    const made = await vm({
      bindings: {
        ...slow(calls),
        echo: { params: ['any', 'any'], run: (a: LuaValue, b: LuaValue) => new Multi(b, a) },
        fail: {
          params: [],
          run() {
            throw new Error('failed');
          },
        },
      },
    });
    made.vm.begin({ ...unlimited, sliceMs: 1 });
    const [a, b, ok, text] = await made.run(`
      host.slow()
      local a, b = host.echo("x", { 5 })
      host.slow()
      local ok, e = pcall(host.fail)
      return a[1], b, ok, e.message`);
    expect([a, b, ok, text]).toEqual([5, 'x', false, 'failed']);
  });

  it('many results and many arguments have room (regression: they were written past the end of the Lua stack)', async () => {
    const made = await vm({
      bindings: {
        many: { params: ['integer'], run: (n: number) => new Multi(...Array.from({ length: n }, (_, i) => [i, { i }])) },
      },
    });
    const chunk =
      'local last = (select(-1, host.many(...))) return select("#", host.many(...)), last[1], last[2].i, (select(300, host.many(...)))[1]';
    await made.run(`function many(...) ${chunk} end function count(...) return select("#", ...), (select(-1, ...)) end`);
    const [many, count] = [made.vm.get('many') as LuaFunction, made.vm.get('count') as LuaFunction];
    expect(await runAsync(made.vm.call(many, [2_000]))).toEqual([2_000, 1_999, 1_999, 299]);
    expect(
      await runAsync(
        made.vm.call(
          count,
          Array.from({ length: 3_000 }, (_, i) => i),
        ),
      ),
    ).toEqual([3_000, 2_999]);
    expect(await made.run('return select("#", host.many(50000))')).toEqual([50_000]);
    expect(await made.run('return 1 + 1')).toEqual([2]);
  });
});

describe('the pace of the hook', () => {
  it('tightens while instructions are slow and widens while they are quick, within its bounds', () => {
    expect(nextInterval(100, 0.01)).toBe(400);
    expect(nextInterval(400, 0.01)).toBe(1_000);
    expect(nextInterval(1_000, 0.01)).toBe(1_000);
    expect(nextInterval(1_000, 3)).toBe(1_000);
    expect(nextInterval(1_000, 50)).toBe(100);
    expect(nextInterval(100, 10_000)).toBe(5);
  });
});
