/** Whose runs are rescued, what follows, and how leases are kept, where one mistake would let two hosts execute one run. */
import { hostname } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StoreUnavailableError } from '../../src/domain/errors.js';
import type { ClaimedRun } from '../../src/domain/run.js';
import { LeaseKeeper, type LeaseKeeperOptions } from '../../src/host/lease-keeper.js';
import { Rescuer, type RescuerOptions } from '../../src/host/rescuer.js';
import type { Liveness } from '../../src/host/waker.js';
import { createStage, type Stage } from './stage.js';

const stages: Stage[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const stage of stages.splice(0)) stage.dispose();
});

const LEASE = 30_000;

async function set() {
  const stage = await createStage();
  stages.push(stage);
  const { acts, clock } = stage;
  const claim = async (host: string): Promise<ClaimedRun> => {
    const limits = { limit: 1, maxConcurrent: 100, concurrency: new Map([['a', 100]]) };
    const now = clock.now();
    return (await acts.write('test', (db) => acts.store.claim(db, { host, now, leaseUntil: now + LEASE, ...limits })))[0]!;
  };
  const register = (id: string, seenAt = clock.now()) => {
    const record = { id, pid: 1, hostname: hostname(), socket: `/nowhere/${id}`, startedAt: seenAt, seenAt, version: '0' };
    return acts.write('test', (db) => acts.store.registerHost(db, record));
  };
  const rescuer = (liveness: Record<string, Liveness>, more: Partial<RescuerOptions> = {}) =>
    new Rescuer({
      host: 'me',
      acts,
      events: stage.events,
      clock,
      leaseMs: LEASE,
      foreignStaleMs: 70_000,
      periodMs: 5_000,
      own: () => new Set(),
      onRescued: () => {},
      onLost: () => undefined,
      probe: async (socket) => liveness[socket.slice('/nowhere/'.length)] ?? 'unknown',
      ...more,
    });
  const keeper = (runs: () => ClaimedRun[], more: Partial<LeaseKeeperOptions> = {}) =>
    new LeaseKeeper({
      host: 'me',
      acts,
      events: stage.events,
      clock,
      leaseMs: LEASE,
      heartbeatMs: 10_000,
      runs,
      onLost: () => {},
      ...more,
    });
  const row = (id: string) =>
    acts.read((db) => db.all('SELECT _ml_lease AS lease, heartbeat_at AS heartbeat FROM _crap_jobs WHERE id = ?', [id]))[0];
  return { stage, claim, register, rescuer, keeper, row };
}

describe('[ONCE] a rescue', () => {
  it('leaves a host alone that answers, however long its row was not refreshed', async () => {
    const { stage, claim, register, rescuer } = await set();
    await register('busy');
    const id = await stage.enqueue('a');
    await claim('busy');
    stage.clock.time += 100 * LEASE;
    await rescuer({ busy: 'alive' }).rescue();
    expect(stage.run(id)).toMatchObject({ status: 'running', host: 'busy' });
  });

  it('leaves the runs of its own host alone, whatever its socket says', async () => {
    const { stage, claim, register, rescuer } = await set();
    await register('me');
    const id = await stage.enqueue('a');
    const run = await claim('me');
    await rescuer({ me: 'dead' }, { own: () => new Set([`${id}:${run.claim}`]) }).rescue();
    expect(stage.run(id)).toMatchObject({ status: 'running', host: 'me' });
  });

  it('of a job with on_lost = "stale" ends the run at its first loss, and has queued what follows', async () => {
    const { stage, claim, register, rescuer } = await set();
    await register('dead');
    const id = await stage.enqueue('a');
    await claim('dead');
    const followed: string[] = [];
    await rescuer(
      { dead: 'dead' },
      {
        onLost: () => 'stale',
        *followUp(_db, run) {
          followed.push(run);
          yield* [];
        },
      },
    ).rescue();
    expect(stage.run(id)).toMatchObject({ status: 'stale', losses: 1 });
    expect(followed).toEqual([id]);
  });

  it('[DURABLE] wakes the host, so that what was rescued does not wait for the poll', async () => {
    const { stage, claim, register, rescuer } = await set();
    await register('dead');
    await stage.enqueue('a');
    await claim('dead');
    let woken = 0;
    const own = rescuer({ dead: 'dead' }, { onRescued: () => woken++ });
    await own.rescue();
    expect(woken).toBe(1);
    await own.rescue();
    expect(woken).toBe(1);
  });
});

describe('[ONCE] a lease', () => {
  it('is renewed, the heartbeat of crap-cms with it', async () => {
    const { stage, claim, keeper, row } = await set();
    const id = await stage.enqueue('a');
    const run = await claim('me');
    stage.clock.time += 20_000;
    await keeper(() => [run]).renew();
    expect(row(id)).toEqual({ lease: stage.clock.now() + LEASE, heartbeat: '2026-01-05 10:00:20' });
  });

  it('is renewed in time: twice at least before it ends', async () => {
    const { stage, claim, keeper } = await set();
    await stage.enqueue('a');
    const run = await claim('me');
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const renewed = vi.spyOn(stage.acts, 'write').mockResolvedValue(new Set([run.id]));
    const kept = keeper(() => [run], { heartbeatMs: 600_000 });
    kept.start();
    await vi.advanceTimersByTimeAsync(LEASE / 2);
    expect(renewed.mock.calls.length).toBeGreaterThanOrEqual(1);
    await vi.advanceTimersByTimeAsync(LEASE / 2 - 1);
    expect(renewed.mock.calls.length).toBeGreaterThanOrEqual(2);
    await kept.stop();
  });

  it('is renewed again after the database was away', async () => {
    const { stage, claim, keeper, row } = await set();
    const id = await stage.enqueue('a');
    const run = await claim('me');
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const write = vi.spyOn(stage.acts, 'write');
    write.mockRejectedValueOnce(new StoreUnavailableError('DATABASE_BUSY', 'is locked', { retryable: true }));
    const lost: string[] = [];
    const kept = keeper(() => [run], { onLost: ({ id: gone }) => lost.push(gone) });
    kept.start();
    stage.clock.time += 10_000;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(row(id)).toMatchObject({ lease: stage.clock.now() - 10_000 + LEASE });
    stage.clock.time += 10_000;
    await vi.advanceTimersByTimeAsync(10_000);
    await kept.stop();
    expect(row(id)).toMatchObject({ lease: stage.clock.now() + LEASE });
    expect(lost).toEqual([]);
  });

  it('of a run that ended while it was renewed is not lost', async () => {
    const { stage, claim, keeper } = await set();
    const id = await stage.enqueue('a');
    const run = await claim('me');
    let runs = [run];
    const lost: string[] = [];
    const now = stage.clock.now();
    const blocked = (await stage.queue.request('somebody').start()) as { release(): void };
    const failed = { run: id, claim: run.claim, now, outcome: 'failed', next: { status: 'failed' }, log: [] } as const;
    const ended = stage.acts.write('test', (db) => stage.acts.store.end(db, failed));
    const renewed = keeper(() => runs, { onLost: ({ id: gone }) => lost.push(gone) }).renew();
    runs = [];
    blocked.release();
    expect(await ended).toBe('failed');
    await renewed;
    expect(lost).toEqual([]);
  });

  it('that was lost is noticed, and is not taken back from the next claim', async () => {
    const { stage, claim, keeper } = await set();
    const id = await stage.enqueue('a');
    const run = await claim('me');
    const next = { status: 'pending', dueAt: stage.clock.now(), spendsAttempt: false } as const;
    await stage.acts.write('test', (db) =>
      stage.acts.store.end(db, { run: id, claim: run.claim, now: stage.clock.now(), outcome: 'lost', next, log: [] }),
    );
    const lost: string[] = [];
    await keeper(() => [run], { onLost: ({ id: gone }) => lost.push(gone) }).renew();
    expect(lost).toEqual([id]);
    // A later claim of the same run by another host is not touched.
    await claim('other');
    await keeper(() => [run]).renew();
    expect(stage.run(id)).toMatchObject({ status: 'running', host: 'other', claim: run.claim + 1 });
  });
});

it('Regression: a host that was stopped while it looked for dead ones looked once more over its closed database', async () => {
  const { stage, register, rescuer } = await set();
  await register('other');
  let answer = (_liveness: Liveness) => {};
  const asked = new Promise<Liveness>((resolve) => {
    answer = resolve;
  });
  const looking = rescuer({}, { probe: () => asked });
  const look = looking.rescue();
  const stopped = looking.stop();
  answer('alive');
  await Promise.all([look, stopped]);
  const read = vi.spyOn(stage.acts, 'read');
  await looking.rescue();
  expect(read).not.toHaveBeenCalled();
});
