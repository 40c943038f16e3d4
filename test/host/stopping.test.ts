import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { allowance } from '../support/allowance.js';
import { job, numbers, RunningHost } from './running.js';

let running: RunningHost | undefined;
afterEach(async () => {
  await running?.dispose();
  running = undefined;
});

const one = '[workers]\nthreads = 1\n';

const loops: Record<string, string> = {
  plain: 'while true do end',
  'inside pcall': 'while true do pcall(function() while true do end end) end',
  'inside a sort comparator': 'table.sort({ 3, 1, 2, 5, 4 }, function(a, b) while true do end end)',
  'inside a coroutine': 'local co = coroutine.wrap(function() while true do end end); while true do pcall(co) end',
  'inside a pattern match': 'return (("a"):rep(200000)):find((".-"):rep(20) .. "b")',
};

describe('stopping', () => {
  it.each(Object.keys(loops))(
    '[STOP] ends a handler that loops %s at its timeout; its slot is free within 250 ms and nothing stays',
    async (name) => {
      running = await RunningHost.start({
        'collections/numbers.lua': numbers,
        'moonlighter.toml': one,
        'crap.toml': '[access]\ndefault_deny = false\n[jobs]\nmax_concurrent = 1\n',
        ...job('loop', 'timeout = 1', `crap.collections.create("numbers", { number = 1 })\n${loops[name]}`),
        ...job('after', '', 'return "fine"'),
      });
      const allowed = allowance();
      const [loop] = await running.enqueue('loop');
      const [after] = await running.enqueue('after');
      await running.ended(2);
      const [stopped, next] = running.finished;
      expect(stopped).toMatchObject({ run: { id: loop }, outcome: 'timed_out', next: 'failed', error: { message: 'timeout after 1s' } });
      // Counted on the main thread, which hears of the start up to some ten ms late when both cores are busy.
      expect(stopped!.durationMs).toBeGreaterThanOrEqual(900);
      expect(stopped!.durationMs).toBeLessThan(1_000 + allowed(250));
      expect(running.run(loop!)).toMatchObject({ status: 'failed', error: 'timeout after 1s' });
      expect(next).toMatchObject({ run: { id: after }, outcome: 'completed' });
      expect(running.rows('SELECT number FROM numbers')).toEqual([]);
    },
  );

  it('[STOP] a waiting handler is stopped at its timeout without harm to the thread', async () => {
    running = await RunningHost.start({
      'moonlighter.toml': one,
      ...job('nap', 'timeout = 1', 'pcall(crap.sleep, 30)\npcall(crap.sleep, 30)'),
    });
    const replaced: string[] = [];
    running.host.events.on('worker:replaced', (e) => replaced.push(e.reason));
    const allowed = allowance();
    await running.enqueue('nap');
    await running.ended(1);
    expect(running.finished[0]).toMatchObject({ outcome: 'timed_out' });
    expect(running.finished[0]!.durationMs).toBeLessThan(1_000 + allowed(200));
    expect(replaced).toEqual([]);
  });

  it('[STOP] [FAIR] a CPU-bound handler lets the runs beside it go on', async () => {
    running = await RunningHost.start({
      'moonlighter.toml': one,
      ...job('spin', 'timeout = 2', 'while true do end'),
      ...job('quick', 'concurrency = 5', 'crap.sleep(0.01)\nreturn 1'),
    });
    await running.enqueue('spin');
    await running.until(() => running!.started.length === 1);
    await running.enqueue('quick', [{}, {}, {}]);
    await running.ended(4);
    expect(running.finished.map((e) => e.outcome)).toEqual(['completed', 'completed', 'completed', 'timed_out']);
  });

  it('a thread that crashes gives back its runs; they are executed again without a retry spent', async () => {
    running = await RunningHost.start({
      'collections/numbers.lua': numbers,
      'moonlighter.toml': one,
      ...job('work', 'concurrency = 5', 'crap.sleep(ctx.job.attempt == 1 and 0.2 or 0)\nreturn ctx.job.attempt'),
    });
    const ids = await running.enqueue('work', [{}, {}]);
    await running.until(() => running!.started.length === 2);
    running.host.crashThreadOf(ids[0]!);
    await running.ended(4);
    // Only the run whose code was being executed counts a loss; both slept, so it is either or neither.
    const released = ['lost', 'released'];
    expect(running.finished.slice(0, 2).map((e) => [released.includes(e.outcome), e.next])).toEqual([
      [true, 'pending'],
      [true, 'pending'],
    ]);
    expect(ids.map((id) => running!.run(id))).toMatchObject([
      { status: 'completed', attempt: 1, claim: 2 },
      { status: 'completed', attempt: 1, claim: 2 },
    ]);
  });

  it('a stop waits for what ends in time and gives the rest back unharmed', async () => {
    running = await RunningHost.start({
      'moonlighter.toml': `${one}[jobs]\nshutdown_grace = "1s"\n`,
      ...job('brief', '', 'crap.sleep(0.2)'),
      ...job('long', '', 'crap.sleep(60)'),
    });
    const [brief] = await running.enqueue('brief');
    const [long] = await running.enqueue('long');
    await running.until(() => running!.started.length === 2);
    await running.host.stop('test');
    expect(running.run(brief!)).toMatchObject({ status: 'completed' });
    expect(running.run(long!)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(running.run(long!).dueAt).toBeLessThanOrEqual(Date.now());
    expect(running.rows('SELECT id FROM _ml_hosts')).toEqual([]);
  });

  it('[DURABLE] a stop that finds the database locked waits until what it gives back is recorded', async () => {
    running = await RunningHost.start({
      'crap.toml': '[database]\nbusy_timeout = 100\n',
      'moonlighter.toml': `${one}[jobs]\nshutdown_grace = "0s"\n`,
      ...job('long', '', 'crap.sleep(60)'),
    });
    const [long] = await running.enqueue('long');
    await running.until(() => running!.started.length === 1);
    const other = openDatabase({ path: running.databasePath });
    other.run('BEGIN IMMEDIATE');
    const stopped = running.host.stop('test');
    // Its first try has given up, the next comes a moment later.
    await running.until(() => running!.log.some(({ line }) => line.text.startsWith('The database cannot be written')));
    other.run('ROLLBACK');
    other.close();
    await stopped;
    expect(running.run(long!)).toMatchObject({ status: 'pending', attempt: 0 });
  });
});
