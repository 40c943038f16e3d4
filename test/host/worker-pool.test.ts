import { afterEach, describe, expect, it } from 'vitest';
import type { ClaimedRun } from '../../src/domain/run.js';
import { HostEmitter } from '../../src/host/events.js';
import { threadEntry, WorkerPool } from '../../src/host/worker-pool.js';
import type { FinishedRun } from '../../src/host/worker-thread.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import { emptyRegistry } from '../../src/project/registry.js';
import type { FromWorker } from '../../src/worker/protocol.js';

let claims = 0;
function claimed(id: string, act: object): ClaimedRun {
  return {
    id,
    slug: 'stub',
    queue: 'default',
    data: JSON.stringify(act),
    claim: ++claims,
    attempt: 1,
    maxAttempts: 1,
    priority: 0,
    uniqueKey: null,
    scheduledBy: null,
    createdAt: 0,
  };
}

/** A pool over stub threads whose ends and messages can be awaited. */
class Stage {
  readonly queue = new FairWriteQueue();
  readonly events = new HostEmitter();
  readonly ends = new Map<string, FinishedRun>();
  readonly started = new Set<string>();
  readonly starts: string[] = [];
  readonly messages: FromWorker[] = [];
  rooms = 0;
  readonly #watchers = new Set<() => void>();
  readonly pool: WorkerPool;

  constructor(options: { threads?: number; maxSlots?: number; maxHeapMib?: number; crap?: unknown } = {}) {
    this.pool = new WorkerPool({
      setup: {
        host: 'h',
        projectDir: '/p',
        databasePath: '/p/db',
        crap: options.crap,
        moonlighter: {},
        generation: 8,
        registry: emptyRegistry(),
      },
      threads: options.threads ?? 1,
      maxSlots: options.maxSlots ?? 4,
      ...(options.maxHeapMib !== undefined && { maxHeapMib: options.maxHeapMib }),
      queue: this.queue,
      events: this.events,
      entry: new URL('./stub-thread.mjs', import.meta.url),
      onStarted: (run) =>
        this.#note(() => {
          this.started.add(run.id);
          this.starts.push(run.id);
        }),
      onFinished: (end) => this.#note(() => this.ends.set(end.run.id, end)),
      onMessage: (message) => this.#note(() => this.messages.push(message)),
      onRoom: () =>
        this.#note(() => {
          this.rooms++;
        }),
    });
  }

  #note(act: () => void): void {
    act();
    for (const watcher of [...this.#watchers]) watcher();
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }
}

const stages: Stage[] = [];
async function stage(options: ConstructorParameters<typeof Stage>[0] = {}): Promise<Stage> {
  const made = new Stage(options);
  stages.push(made);
  await made.pool.start();
  return made;
}
afterEach(async () => {
  await Promise.all(stages.splice(0).map((s) => s.pool.stop()));
});

describe('worker pool', () => {
  it('finds the compiled thread entry from src', () => {
    expect(threadEntry().pathname).toMatch(/\/dist\/bundle\/worker\/thread\.js$/);
  });

  it('gives runs to the least loaded thread and reports each end once', async () => {
    const s = await stage({ threads: 2, maxSlots: 2 });
    for (const id of ['a', 'b', 'c', 'd']) expect(s.pool.give(claimed(id, { wait: 30 }), 1000)).toBe(true);
    expect(s.pool.free).toBe(0);
    expect(s.pool.give(claimed('e', {}), 1000)).toBe(false);
    await s.until(() => s.ends.size === 4);
    expect(new Set([...s.ends.values()].map((e) => e.worker)).size).toBe(2);
    expect([...s.ends.values()].every((e) => e.report.outcome === 'completed' && e.report.committed)).toBe(true);
    expect(s.pool.free).toBe(4);
  });

  it('[STOP] asks a run to stop at its deadline and leaves the thread alone when it does', async () => {
    const s = await stage();
    const replaced: string[] = [];
    s.events.on('worker:replaced', (e) => replaced.push(e.reason));
    s.pool.give(claimed('slow', { wait: 60_000 }), 40);
    await s.until(() => s.ends.has('slow'));
    expect(s.ends.get('slow')?.report.outcome).toBe('timed_out');
    expect(s.ends.get('slow')?.durationMs).toBeLessThan(250 + 40);
    expect(replaced).toEqual([]);
  });

  it('a run that has returned is not timed out while it is completed', async () => {
    const s = await stage();
    s.pool.give(claimed('returned', { completing: 500 }), 50);
    await s.until(() => s.ends.has('returned'));
    expect(s.ends.get('returned')?.report).toMatchObject({ outcome: 'completed', committed: true });
  });

  it('[ONCE] what belongs to an earlier claim of a run neither ends nor stops it', async () => {
    const s = await stage();
    s.pool.give(claimed('late', { late: true }), 1000);
    await s.until(() => s.ends.has('late'));
    expect(s.ends.get('late')?.report.outcome).toBe('completed');
    const run = claimed('again', { wait: 60_000 });
    s.pool.give(run, 60_000);
    expect(s.pool.stopRun('again', run.claim - 1, 'cancelled')).toBe(false);
    expect(s.pool.running).toBe(1);
    expect(s.pool.stopRun('again', run.claim, 'cancelled')).toBe(true);
    await s.until(() => s.ends.has('again'));
  });

  it('[STOP] a handler that sends nothing is known to have begun, and its timeout counts from there', async () => {
    const s = await stage();
    // The second is taken when the first has blocked the thread for as long as both may take: its own time begins there.
    s.pool.give(claimed('first', { block: 300 }), 350);
    s.pool.give(claimed('second', { block: 200 }), 350);
    await s.until(() => s.ends.size === 2);
    expect([...s.ends.values()].map((end) => end.report.outcome)).toEqual(['completed', 'completed']);
    expect(s.ends.get('second')!.durationMs).toBeGreaterThanOrEqual(200);
    s.pool.give(claimed('endless', { spin: true }), 60_000);
    await s.until(() => s.started.has('endless'));
  });

  it('[STOP] terminates a thread that does not answer, frees its slot within 250 ms, releases the runs beside it', async () => {
    const s = await stage();
    s.pool.give(claimed('spin', { spin: true }), 50);
    s.pool.give(claimed('beside', { wait: 60_000 }), 60_000);
    await s.until(() => s.ends.size === 2);
    const spin = s.ends.get('spin');
    expect(spin?.report).toMatchObject({ outcome: 'timed_out', committed: false, error: { message: 'timeout after 0.05s' } });
    expect(spin?.durationMs).toBeLessThan(50 + 250);
    expect(s.ends.get('beside')?.report).toMatchObject({ outcome: 'released', committed: false });
    // The replacement takes the next run at once.
    expect(s.pool.free).toBe(4);
    s.pool.give(claimed('next', {}), 1000);
    await s.until(() => s.ends.has('next'));
    expect(s.ends.get('next')?.report.outcome).toBe('completed');
  });

  it('Regression: gives to another thread what a blocked one has not taken, instead of letting it wait for the end of the block', async () => {
    const s = await stage({ threads: 2, maxSlots: 4 });
    s.pool.give(claimed('blocking', { block: 1_500 }), 60_000);
    await s.until(() => s.started.has('blocking'));
    const blocked = s.pool.threadOf('blocking');
    const beside = Array.from({ length: 4 }, (_, i) => `beside ${i}`);
    for (const id of beside) s.pool.give(claimed(id, {}), 60_000);
    await s.until(() => beside.every((id) => s.ends.has(id)));
    expect(s.ends.has('blocking')).toBe(false);
    for (const id of beside) expect(s.ends.get(id)).toMatchObject({ report: { outcome: 'completed' } });
    expect(beside.map((id) => s.ends.get(id)!.worker)).not.toContain(blocked);
    await s.until(() => s.ends.has('blocking') && s.rooms > 0);
    // One for each thread: what was posted before has been heard by then.
    for (const id of ['last 1', 'last 2']) s.pool.give(claimed(id, { wait: 50 }), 60_000);
    await s.until(() => s.ends.has('last 1') && s.ends.has('last 2'));
    expect(new Set([s.ends.get('last 1')!.worker, s.ends.get('last 2')!.worker]).size).toBe(2);
    expect(s.starts.toSorted()).toEqual(['blocking', ...beside, 'last 1', 'last 2'].toSorted());
    expect(s.pool.free).toBe(8);
  });

  it('Regression: what a blocked thread has not taken, and no other has room for, is given back, and the thread is given nothing until it answers', async () => {
    const s = await stage({ threads: 1, maxSlots: 4 });
    s.pool.give(claimed('blocker', { block: 2_500 }), 60_000);
    s.pool.give(claimed('kept', { wait: 1 }), 60_000);
    await s.until(() => s.ends.has('kept'));
    expect(s.ends.get('kept')?.report).toMatchObject({ outcome: 'released', committed: false });
    expect(s.ends.has('blocker')).toBe(false);
    expect(s.pool.free).toBe(0);
    await s.until(() => s.rooms > 0);
    expect(s.starts.filter((id) => id === 'kept')).toEqual([]);
    expect(s.pool.free).toBeGreaterThanOrEqual(3);
  });

  it('Regression: a run that is withdrawn before it begins leaves no timer behind', async () => {
    const s = await stage();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    s.pool.give(claimed('blocking', { block: 150 }), 1000);
    await s.until(() => s.started.has('blocking'));
    const before = timers();
    const second = claimed('second', {});
    s.pool.give(second, 60_000);
    expect(timers()).toBeGreaterThan(before);
    expect(s.pool.stopRun('second', second.claim, 'cancelled')).toBe(true);
    // What looks for starts is left, and ends by itself.
    expect(timers()).toBe(before + 1);
  });

  it('a run that its thread has not taken is cancelled at once, without harm to the thread', async () => {
    const s = await stage();
    s.pool.give(claimed('blocking', { block: 600 }), 60_000);
    await s.until(() => s.started.has('blocking'));
    const waiting = claimed('waiting', {});
    s.pool.give(waiting, 60_000);
    expect(s.pool.stopRun('waiting', waiting.claim, 'cancelled')).toBe(true);
    expect(s.ends.get('waiting')?.report.outcome).toBe('cancelled');
    await s.until(() => s.ends.has('blocking'));
    expect(s.ends.get('blocking')?.report.outcome).toBe('completed');
    expect(s.started.has('waiting')).toBe(false);
  });

  it('Regression: of the runs of a thread that ends by itself, the one that was executed is lost, those beside it are released', async () => {
    const s = await stage();
    s.pool.give(claimed('beside', { wait: 60_000 }), 60_000);
    s.pool.give(claimed('exit', { exit: true }), 1000);
    await s.until(() => s.ends.size === 2);
    expect(s.ends.get('exit')?.report).toMatchObject({ outcome: 'lost', error: { code: 'WORKER_CRASHED' } });
    expect(s.ends.get('beside')?.report.outcome).toBe('released');
  });

  it('Regression: where memory runs out while the run that computes lets others go before it, that one is lost and no other', async () => {
    const s = await stage({ maxHeapMib: 32 });
    s.pool.give(claimed('beside', { wait: 60_000 }), 60_000);
    s.pool.give(claimed('fill', { fill: true }), 60_000);
    await s.until(() => s.ends.size === 2);
    expect(s.ends.get('fill')?.report).toMatchObject({ outcome: 'lost', error: { message: expect.stringContaining('memory') } });
    expect(s.ends.get('beside')?.report.outcome).toBe('released');
  });

  it('[BOUNDARY] Regression: a run that lets no other go on is lost, and what it kept from ending in time is given back, instead of the other way round', async () => {
    const s = await stage();
    const replaced: string[] = [];
    s.events.on('worker:replaced', (e) => replaced.push(e.reason));
    s.pool.give(claimed('beside', { wait: 60_000 }), 1_400);
    s.pool.give(claimed('hog', { hog: true }), 60_000);
    await s.until(() => s.ends.size === 2);
    expect(s.ends.get('beside')?.report.outcome).toBe('released');
    expect(s.ends.get('beside')?.durationMs).toBeLessThan(1_400 + 250);
    expect(replaced).toEqual(['run hog (stub) let no other go on']);
    expect(s.ends.get('hog')?.report).toMatchObject({
      outcome: 'lost',
      error: { message: `lost: its worker thread ended: ${replaced[0]}` },
    });
  });

  it('a run that has only just begun to keep the others from going on is not to blame for a timeout', async () => {
    const s = await stage();
    s.pool.give(claimed('beside', { wait: 60_000 }), 300);
    s.pool.give(claimed('hog', { hog: true }), 60_000);
    await s.until(() => s.ends.size === 2);
    expect(['beside', 'hog'].map((id) => s.ends.get(id)?.report.outcome)).toEqual(['timed_out', 'released']);
  });

  it('reports the runs of a thread that ends by itself as lost, where nobody knows which it was, and starts another', async () => {
    const s = await stage();
    s.pool.give(claimed('beside', { wait: 60_000 }), 60_000);
    s.pool.give(claimed('exit', { exit: 'unseen' }), 1000);
    await s.until(() => s.ends.size === 2);
    expect([...s.ends.values()].map((e) => e.report.outcome)).toEqual(['lost', 'lost']);
    s.pool.give(claimed('next', {}), 1000);
    await s.until(() => s.ends.has('next'));
    expect(s.ends.get('next')?.report.outcome).toBe('completed');
  });

  it('takes the write queue back from a thread that died as the writer', async () => {
    const s = await stage();
    s.pool.give(claimed('hold', { hold: true }), 60_000);
    await s.until(() => s.messages.some((m) => m.type === 'log'));
    expect(s.queue.holder?.owner).toBe('hold');
    s.pool.crashThreadOf('hold');
    await s.until(() => s.ends.has('hold'));
    expect(s.ends.get('hold')?.report.outcome).toBe('lost');
    expect(s.queue.holder).toBeUndefined();
  });

  it('releases what still runs when it stops, also what does not answer', async () => {
    const s = await stage({ threads: 2, maxSlots: 1 });
    s.pool.give(claimed('polite', { wait: 60_000 }), 60_000);
    s.pool.give(claimed('deaf', { spin: true }), 60_000);
    await s.until(() => s.started.size === 2);
    await s.pool.stop();
    expect(s.ends.get('polite')?.report.outcome).toBe('released');
    expect(s.ends.get('deaf')?.report.outcome).toBe('released');
    expect(s.pool.free).toBe(0);
  });

  it('Regression: on_init fails when its thread ends, instead of never ending', async () => {
    const s = await stage();
    await expect(s.pool.initialise()).rejects.toMatchObject({ code: 'ON_INIT_FAILED' });
  });

  it('Regression: a stop ends a start that still waits for its threads', async () => {
    const s = new Stage();
    const start = expect(s.pool.start()).rejects.toMatchObject({ code: 'HOST_STOPPED' });
    await s.pool.stop();
    await start;
    expect(s.pool.size).toBe(0);
  });

  it('fails to start with the thread’s own reason when the project does not load', async () => {
    const broken = new Stage({ crap: { unusable: true } });
    await expect(broken.pool.start()).rejects.toMatchObject({ code: 'PROJECT_INVALID', message: 'the project does not load' });
  });
});
