import { afterEach, describe, expect, it } from 'vitest';
import type { ClaimedRun } from '../../src/domain/run.js';
import { Dispatcher, type DispatcherOptions } from '../../src/host/dispatcher.js';
import { RunEnds } from '../../src/host/run-ends.js';
import type { RunReport } from '../../src/worker/protocol.js';
import { createStage, jobs, type Stage } from './stage.js';

/** Slots without threads: runs stay until the test ends them. */
class FakePool {
  readonly running = new Map<string, ClaimedRun>();
  readonly given: ClaimedRun[] = [];
  slots: number;
  full = false;
  readonly #watchers = new Set<() => void>();
  constructor(slots: number) {
    this.slots = slots;
  }
  give(run: ClaimedRun): boolean {
    if (this.full) return false;
    this.running.set(run.id, run);
    this.given.push(run);
    for (const watcher of [...this.#watchers]) watcher();
    return true;
  }
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.given.length < count) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }
}

const stages: Stage[] = [];
const dispatchers: Dispatcher[] = [];
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((d) => d.stop()));
  for (const stage of stages.splice(0)) stage.dispose();
});

async function set(
  registry: ReturnType<typeof jobs>,
  options: Partial<DispatcherOptions> & { slots?: number; stage?: Stage; host?: string } = {},
) {
  const stage = options.stage ?? (await createStage());
  if (!options.stage) stages.push(stage);
  const pool = new FakePool(options.slots ?? 100);
  const host = options.host ?? 'h1';
  const ends = new RunEnds({
    host,
    acts: stage.acts,
    events: stage.events,
    clock: stage.clock,
    registry,
    onChange: () => dispatcher.wake(),
  });
  const { slots: _slots, stage: _stage, ...more } = options;
  const dispatcher = new Dispatcher({
    host,
    acts: stage.acts,
    events: stage.events,
    registry,
    clock: stage.clock,
    queues: undefined,
    maxConcurrent: 100,
    queueConcurrency: new Map(),
    ownLimit: Number.POSITIVE_INFINITY,
    leaseMs: 30_000,
    pollMs: 60_000,
    free: () => pool.slots - pool.running.size,
    running: () => pool.running.size,
    give: (run) => pool.give(run),
    release: (run) => ends.giveBack(run),
    ...more,
  });
  dispatchers.push(dispatcher);
  const end = (id: string, report: Partial<RunReport> = {}) => {
    const run = pool.running.get(id)!;
    pool.running.delete(id);
    const ended = new Promise<void>((resolve) => {
      const look = (e: { run: ClaimedRun }) => {
        if (e.run !== run) return;
        stage.events.off('attempt:finished', look);
        resolve();
      };
      stage.events.on('attempt:finished', look);
    });
    ends.finished(run, { outcome: 'failed', committed: false, log: [], queued: false, error: { code: 'X', message: 'x' }, ...report }, 1);
    return ended;
  };
  return { stage, pool, dispatcher, ends, end };
}

describe('dispatcher', () => {
  it('claims what is due when woken and no more than fits', async () => {
    const { stage, pool, dispatcher, end } = await set(jobs({ slug: 'a', concurrency: 50 }), { slots: 3 });
    for (let i = 0; i < 5; i++) await stage.enqueue('a');
    dispatcher.start();
    await pool.until(3);
    expect(pool.given).toHaveLength(3);
    expect(stage.runs().filter((run) => run.status === 'running')).toHaveLength(3);
    await end(pool.given[0]!.id);
    await pool.until(4);
    expect(stage.runs().filter((run) => run.status === 'pending')).toHaveLength(1);
  });

  it('[CAPS] never exceeds run-wide, queue and job limits, also with two hosts over one file', async () => {
    const registry = jobs({ slug: 'a', concurrency: 3 }, { slug: 'b', concurrency: 9, queue: 'mail' });
    const limits = { maxConcurrent: 6, queueConcurrency: new Map([['mail', 2]]) };
    const first = await set(registry, limits);
    const other = await createStage(first.stage);
    stages.unshift(other);
    const second = await set(registry, { ...limits, stage: other, host: 'h2' });
    for (let i = 0; i < 20; i++) {
      await first.stage.enqueue('a');
      await first.stage.enqueue('b', { queue: 'mail' });
    }
    first.dispatcher.start();
    second.dispatcher.start();
    let finished = 0;
    let most = { a: 0, b: 0 };
    const given = () => first.pool.given.length + second.pool.given.length;
    while (finished < 40) {
      if (given() === finished)
        await Promise.race([first.pool.until(first.pool.given.length + 1), second.pool.until(second.pool.given.length + 1)]);
      const running = first.stage.runs().filter((run) => run.status === 'running');
      most = {
        a: Math.max(most.a, running.filter((run) => run.slug === 'a').length),
        b: Math.max(most.b, running.filter((run) => run.slug === 'b').length),
      };
      expect(running.length).toBeLessThanOrEqual(6);
      const host = first.pool.running.size > 0 ? first : second;
      await host.end([...host.pool.running.keys()][0]!);
      finished++;
      first.dispatcher.wake();
      second.dispatcher.wake();
    }
    expect(most).toEqual({ a: 3, b: 2 });
    expect(new Set(first.stage.runs().map((run) => run.status))).toEqual(new Set(['failed']));
  });

  it('keeps to its queues and leaves jobs it does not know alone', async () => {
    const { stage, pool, dispatcher } = await set(jobs({ slug: 'a', concurrency: 5 }), { queues: ['fast'] });
    const fast = await stage.enqueue('a', { queue: 'fast' });
    const slow = await stage.enqueue('a', { queue: 'slow' });
    const unknown = await stage.enqueue('nobody', { queue: 'fast' });
    dispatcher.start();
    await pool.until(1);
    await dispatcher.stop();
    expect(pool.given.map((run) => run.id)).toEqual([fast]);
    expect([slow, unknown].map((id) => stage.run(id)?.status)).toEqual(['pending', 'pending']);
  });

  it('retries a failure after its backoff, then fails it; the attempt counts', async () => {
    const { stage, pool, dispatcher, end } = await set(jobs({ slug: 'a' }));
    const id = await stage.enqueue('a', { maxAttempts: 2 });
    dispatcher.start();
    await pool.until(1);
    expect(pool.given[0]).toMatchObject({ attempt: 1, maxAttempts: 2 });
    await end(id);
    expect(stage.run(id)).toMatchObject({ status: 'pending', attempt: 1, dueAt: stage.clock.now() + 5_000, error: 'x' });
    stage.clock.time += 4_999;
    dispatcher.wake();
    stage.clock.time += 1;
    dispatcher.wake();
    await pool.until(2);
    expect(pool.given[1]).toMatchObject({ id, attempt: 2, claim: pool.given[0]!.claim + 1 });
    await end(id);
    expect(stage.run(id)).toMatchObject({ status: 'failed', attempt: 2 });
  });

  it('gives a claim back unharmed when no slot takes it after all', async () => {
    const { stage, pool, dispatcher } = await set(jobs({ slug: 'a', concurrency: 5 }));
    const id = await stage.enqueue('a');
    pool.full = true;
    const back = new Promise<void>((resolve) => stage.events.once('attempt:finished', () => resolve()));
    dispatcher.start();
    await back;
    await dispatcher.stop();
    expect(stage.run(id)).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('a thread lost three times in a row fails its run without spending attempts', async () => {
    const { stage, pool, dispatcher, end } = await set(jobs({ slug: 'a' }));
    const id = await stage.enqueue('a', { maxAttempts: 5 });
    dispatcher.start();
    for (let loss = 1; loss <= 3; loss++) {
      await pool.until(loss);
      await end(id, { outcome: 'lost' });
      expect(stage.run(id)?.status).toBe(loss < 3 ? 'pending' : 'failed');
      expect(stage.run(id)?.attempt).toBeLessThanOrEqual(1);
      stage.clock.time += 10_000;
      dispatcher.wake();
    }
  });

  it('is idle only when nothing is due and nothing runs', async () => {
    let idle = 0;
    let tell = () => {};
    const once = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const onIdle = () => {
      idle++;
      tell();
    };
    const { stage, pool, dispatcher, end } = await set(jobs({ slug: 'a' }), { onIdle });
    const first = await stage.enqueue('a');
    const second = await stage.enqueue('a');
    await stage.enqueue('a', { dueAt: stage.clock.now() + 60_000 });
    dispatcher.start();
    await pool.until(1);
    expect(idle).toBe(0);
    await end(first);
    await pool.until(2);
    expect(idle).toBe(0);
    await end(second);
    await once;
    expect(pool.given).toHaveLength(2);
  });
});
