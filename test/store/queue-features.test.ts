/** What a queue can do beyond waiting: delays, unique modes, keys, rate limits, pauses, dependencies, cancelling, retrying, retention. */
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PauseTarget } from '../../src/domain/pause.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import type { Served } from '../../src/store/store.js';
import { caps, NOW, TestStore } from './support.js';

let db: TestStore;
beforeEach(async () => {
  db = await TestStore.create();
});
afterEach(() => db.dispose());

const concurrency = caps({ a: 10, b: 10 });
const served: Served = { slugs: ['a', 'b'] };
const claim = async (now = NOW, more = {}) => (await db.claim({ concurrency, now, ...more })).map((run) => run.id);
const finish = async (id: string, now = NOW) => {
  const { claim: number } = await db.run(id);
  return db.write((c) => store.complete(c, { run: id, claim: number, now, result: null, log: [] }));
};
const fail = async (id: string, next: Parameters<typeof store.end>[1]['next'] = { status: 'failed' }) => {
  const { claim: number } = await db.run(id);
  return db.write((c) =>
    store.end(c, { run: id, claim: number, now: NOW, outcome: 'failed', next, log: [], error: { code: 'X', message: 'no' } }),
  );
};
const hasDue = (now = NOW, more: Partial<Served> = {}) => db.read((c) => store.hasDue(c, now, { ...served, ...more }));
const nextDueAt = (now = NOW, more: Partial<Served> = {}) => db.read((c) => store.nextDueAt(c, now, { ...served, ...more }));

describe('delay', () => {
  it('a run that is not due is not looked at, and comes to its time', async () => {
    const id = await db.enqueue('a', { dueAt: NOW + 5_000 });
    expect([await claim(), await hasDue(), await nextDueAt()]).toEqual([[], false, NOW + 5_000]);
    expect((await db.run(id)).waiting).toEqual(['due_time']);
    expect(await hasDue(NOW + 5_000)).toBe(true);
    expect(await claim(NOW + 5_000)).toEqual([id]);
  });

  it('a clock that is set back does not hold back what was due', async () => {
    const id = await db.enqueue('a');
    expect(await claim(NOW - 3_600_000)).toEqual([id]);
  });

  it('a hundred thousand delayed runs of high priority cost a claim nothing', async () => {
    db.database.exec(`INSERT INTO _crap_jobs (id, slug, priority, _ml_due, _ml_created, _ml_waits)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT 'd' || i, 'a', 1000, ${NOW} + 3600000 + i, ${NOW}, 1 FROM n`);
    const id = await db.enqueue('b');
    const begun = process.cpuUsage();
    expect(await claim()).toEqual([id]);
    expect(await hasDue()).toBe(false);
    expect(await nextDueAt()).toBe(NOW + 3_600_001);
    expect(process.cpuUsage(begun).user).toBeLessThan(100_000);
  });
});

it('[FAIR] a hundred thousand pending runs of a job that is full do not delay another job by more than one claim', async () => {
  db.database.exec(`INSERT INTO _crap_jobs (id, slug, priority, _ml_due, _ml_created)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT 'p' || i, 'a', 50, ${NOW} - 100000 + i, ${NOW} FROM n`);
  const full = { concurrency: caps({ a: 1, b: 10 }) };
  expect(await claim(NOW, full)).toEqual(['p1']);
  const id = await db.enqueue('b', { priority: -50 });
  const begun = process.cpuUsage();
  expect(await claim(NOW, full)).toEqual([id]);
  expect(process.cpuUsage(begun).user).toBeLessThan(50_000);
});

describe('unique', () => {
  const unique = (mode: 'active' | 'replace' | { within: number }, now = NOW) =>
    db.write((c) =>
      store.enqueue(
        c,
        { slug: 'a', data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'hook', uniqueKey: 'k', uniqueMode: mode },
        now,
      ),
    );

  it('active: the pending or running run is given, an ended one is not', async () => {
    const first = await unique('active');
    expect(await unique('active')).toEqual({ id: first.id, duplicate: true });
    await claim();
    expect((await unique('active')).id).toBe(first.id);
    await finish(first.id);
    expect((await unique('active')).duplicate).toBe(false);
  });

  it('within: also a completed run is given, until the time is over; a failed one is not', async () => {
    const first = await unique({ within: 60_000 });
    await claim();
    await finish(first.id);
    expect(await unique({ within: 60_000 }, NOW + 59_999)).toEqual({ id: first.id, duplicate: true });
    const second = await unique({ within: 60_000 }, NOW + 60_000);
    expect(second.duplicate).toBe(false);
    await claim(NOW + 60_001);
    await fail(second.id);
    expect((await unique({ within: 60_000 }, NOW + 60_002)).duplicate).toBe(false);
  });

  it('replace: the pending predecessor is cancelled, a running one goes on', async () => {
    const first = await unique('replace');
    const second = await unique('replace');
    expect(second.duplicate).toBe(false);
    expect(await db.run(first.id)).toMatchObject({ status: 'cancelled', error: `replaced by the run ${second.id}`, uniqueKey: 'k' });
    expect(await claim()).toEqual([second.id]);
    const third = await unique('replace');
    expect([(await db.run(second.id)).status, (await db.run(third.id)).status]).toEqual(['running', 'pending']);
  });

  it('active sees the runs of the other modes', async () => {
    const first = await unique('replace');
    expect(await unique('active')).toEqual({ id: first.id, duplicate: true });
  });
});

describe('[CAPS] keys', () => {
  it('runs of one key are executed one at a time in the order of their enqueueing, also over retries', async () => {
    const first = await db.enqueue('a', { key: 'k' });
    const second = await db.enqueue('a', { key: 'k', priority: 100 });
    const other = await db.enqueue('a', { key: 'l' });
    expect((await claim()).sort()).toEqual([first, other].sort());
    expect((await db.run(second)).waiting).toEqual(['key']);
    expect(await db.read((c) => store.listAheadOfKey(c, second, 5))).toEqual([{ id: first, status: 'running' }]);
    await fail(first, { status: 'pending', dueAt: NOW + 1_000, spendsAttempt: true });
    expect(await claim()).toEqual([]);
    expect(await claim(NOW + 1_000)).toEqual([first]);
    await fail(first);
    expect(await claim()).toEqual([second]);
  });

  it('the limit of a key is kept whatever ends its runs: cancelling, deleting, another program', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) ids.push(await db.enqueue('a', { key: 'k', keyConcurrency: 2 }));
    expect(await claim()).toEqual(ids.slice(0, 2));
    await db.write((c) => store.cancelPending(c, ids[2]!, NOW));
    expect(await claim()).toEqual([]);
    const foreign = new Sqlite(db.path);
    foreign.exec(`DELETE FROM _crap_jobs WHERE id = '${ids[0]}'`);
    foreign.close();
    expect(await claim()).toEqual([ids[3]]);
    await finish(ids[1]!);
    await finish(ids[3]!);
    expect(await claim()).toEqual([ids[4], ids[5]]);
  });

  it('a retried run of a key stands behind those that run', async () => {
    const first = await db.enqueue('a', { key: 'k' });
    const second = await db.enqueue('a', { key: 'k' });
    await claim();
    await fail(first);
    expect(await claim()).toEqual([second]);
    expect(await db.write((c) => store.retry(c, first, NOW))).toBe(true);
    expect(await claim()).toEqual([]);
    await finish(second);
    expect(await claim()).toEqual([first]);
  });

  it('Regression: of failed runs of one key that were all tried again the newest went first', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.push(await db.enqueue(i === 2 ? 'b' : 'a', { key: 'k' }, NOW + i));
    for (const _ of ids) for (const id of await claim(NOW + 10)) await fail(id);
    expect(await db.write((c) => store.retryAll(c, 'failed', 'a', NOW + 20))).toBe(3);
    expect(await db.write((c) => store.retryAll(c, 'stale', undefined, NOW + 20))).toBe(0);
    const order: string[] = [];
    for (const _ of ids) {
      for (const id of await claim(NOW + 30)) {
        order.push(id);
        await finish(id);
      }
    }
    expect(order).toEqual([ids[0], ids[1], ids[3]]);
    expect(await db.write((c) => store.retryAll(c, 'failed', undefined, NOW + 20))).toBe(1);
  });

  it('a key with ten thousand runs behind it costs an enqueue and an end nothing', async () => {
    await db.enqueue('a', { key: 'k' });
    db.database.exec(`INSERT INTO _crap_jobs (id, slug, _ml_key, _ml_due, _ml_created, _ml_waits)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT 'k' || i, 'a', 'k', ${NOW}, ${NOW}, 2 FROM n`);
    const begun = process.cpuUsage();
    for (let i = 0; i < 20; i++) {
      await db.enqueue('a', { key: 'k' });
      const [id] = await claim();
      await finish(id!);
    }
    expect(process.cpuUsage(begun).user).toBeLessThan(400_000);
  });
});

describe('[CAPS] rate limits', () => {
  const rateLimits = new Map([['a', { limit: 2, perMs: 60_000 }]]);

  it('at most so many claims in any window, and the next comes when the oldest has left it', async () => {
    for (let i = 0; i < 5; i++) await db.enqueue('a');
    const b = await db.enqueue('b');
    expect((await claim(NOW, { rateLimits })).length).toBe(3);
    expect((await db.run(b)).status).toBe('running');
    expect([await claim(NOW + 59_999, { rateLimits }), await hasDue(NOW + 59_999, { rateLimits })]).toEqual([[], false]);
    expect(await nextDueAt(NOW + 10, { rateLimits })).toBe(NOW + 60_000);
    expect((await claim(NOW + 60_000, { rateLimits })).length).toBe(2);
    expect(await claim(NOW + 60_001, { rateLimits })).toEqual([]);
  });
});

describe('pauses', () => {
  const targets: PauseTarget[] = [
    { kind: 'all', name: '' },
    { kind: 'job', name: 'a' },
    { kind: 'queue', name: 'mail' },
  ];

  it.each(targets)('nothing of it is claimed until it is resumed: $kind', async (target) => {
    const id = await db.enqueue('a', { queue: 'mail' });
    expect(await db.write((c) => store.pause(c, target, 'why not', NOW))).toBe(true);
    expect(await db.write((c) => store.pause(c, target, 'again', NOW))).toBe(false);
    expect(await db.read((c) => store.listPauses(c))).toEqual([{ ...target, since: NOW, reason: 'why not' }]);
    expect([await claim(), await hasDue()]).toEqual([[], false]);
    expect(await db.write((c) => store.resume(c, target))).toBe(true);
    expect(await db.write((c) => store.resume(c, target))).toBe(false);
    expect([await hasDue(), await claim()]).toEqual([true, [id]]);
  });

  it('others go on', async () => {
    await db.write((c) => store.pause(c, { kind: 'job', name: 'a' }, undefined, NOW));
    await db.enqueue('a');
    const b = await db.enqueue('b');
    expect(await claim()).toEqual([b]);
  });
});

describe('dependencies', () => {
  it('a run waits until all of them are completed', async () => {
    const [x, y] = [await db.enqueue('a'), await db.enqueue('a')];
    const id = await db.enqueue('b', { after: [x, y, x] });
    expect((await db.run(id)).waiting).toEqual(['dependencies']);
    expect((await claim()).sort()).toEqual([x, y].sort());
    await finish(x);
    expect(await db.read((c) => store.listDependencies(c, id))).toEqual(
      [x, y].sort().map((after) => ({ ...(after === x && { ended: 'completed' }), after, status: after === x ? 'completed' : 'running' })),
    );
    expect(await claim()).toEqual([]);
    await finish(y);
    expect(await hasDue()).toBe(true);
    expect(await claim()).toEqual([id]);
  });

  it('one that fails cancels those that wait for it, and theirs; afterFailure = run runs all the same', async () => {
    const x = await db.enqueue('a');
    const second = await db.enqueue('b', { after: [x] });
    const third = await db.enqueue('b', { after: [second] });
    const anyway = await db.enqueue('b', { after: [x], afterFailure: 'run' });
    await claim();
    await fail(x);
    expect(await claim()).toEqual([anyway]);
    expect(await db.run(second)).toMatchObject({ status: 'cancelled', error: `the run ${x} that it depends on ended as failed` });
    expect((await db.run(third)).status).toBe('cancelled');
  });

  it('a deleted one counts as cancelled; one that is completed already does not hold anything up; an unknown one is refused', async () => {
    const x = await db.enqueue('a');
    const y = await db.enqueue('a');
    const second = await db.enqueue('b', { after: [x] });
    db.database.exec(`DELETE FROM _crap_jobs WHERE id = '${x}'`);
    await claim();
    expect((await db.run(second)).status).toBe('cancelled');
    await finish(y);
    const third = await db.enqueue('b', { after: [y] });
    expect(await claim()).toEqual([third]);
    await expect(db.enqueue('b', { after: ['nowhere'] })).rejects.toMatchObject({ code: 'DEPENDENCY_NOT_FOUND' });
  });
});

describe('cancel', () => {
  const request = (id: string) => db.write((c) => store.requestCancel(c, id, NOW));

  it('ends a pending run, asks for the end of a running one, says what stands', async () => {
    const [x, y] = [await db.enqueue('a'), await db.enqueue('a')];
    expect([await request(y), await request(y), await request('nobody')]).toEqual(['cancelled_now', 'cancelled', undefined]);
    const [run] = await db.claim({ concurrency });
    expect(await request(x)).toBe('requested');
    expect(await db.read((c) => store.listCancelRequests(c, 'h1'))).toEqual([{ run: x, claim: run!.claim }]);
    expect(await db.read((c) => store.listCancelRequests(c, 'h2'))).toEqual([]);
  });

  it('a run whose end was asked for is not tried again, however its attempt ends', async () => {
    const x = await db.enqueue('a', { maxAttempts: 5 });
    await claim();
    await request(x);
    expect(await fail(x, { status: 'pending', dueAt: NOW, spendsAttempt: true })).toBe('cancelled');
    expect((await db.run(x)).status).toBe('cancelled');
    expect(await db.write((c) => store.retry(c, x, NOW))).toBe(true);
    expect(await claim()).toEqual([x]);
    expect(await db.read((c) => store.listCancelRequests(c, 'h1'))).toEqual([]);
  });
});

describe('retry', () => {
  it('gives an ended run all its attempts again and keeps what was recorded', async () => {
    const x = await db.enqueue('a', { maxAttempts: 2 });
    await claim();
    await fail(x);
    expect(await db.write((c) => store.retry(c, x, NOW))).toBe(true);
    expect(await db.run(x)).toMatchObject({ status: 'pending', attempt: 0, completedAt: null });
    await claim();
    await finish(x);
    expect(await db.write((c) => store.retry(c, x, NOW))).toBe(false);
    expect(
      (await db.read((c) => store.listAttempts(c, x))).map((each) => [each.claim, each.attempt, each.outcome, each.error?.code]),
    ).toEqual([
      [1, 1, 'failed', 'X'],
      [2, 1, 'completed', undefined],
    ]);
  });

  it('is refused while another run holds its unique key', async () => {
    const x = await db.enqueue('a', { uniqueKey: 'k' });
    await claim();
    await fail(x);
    await db.enqueue('a', { uniqueKey: 'k' });
    expect(await db.write((c) => store.retry(c, x, NOW))).toBe(false);
  });
});

it('the schema refuses steps that the state machine does not know', async () => {
  const x = await db.enqueue('a');
  await claim();
  await finish(x);
  for (const status of ['running', 'pending', 'failed']) {
    expect(() => db.database.exec(`UPDATE _crap_jobs SET status = '${status}' WHERE id = '${x}'`)).toThrow(/cannot change in this way/);
  }
});

it('retention: a job with a limit of its own is left alone by the rule of the others', async () => {
  const [x, y] = [await db.enqueue('a'), await db.enqueue('b')];
  await claim();
  await finish(x);
  await finish(y);
  const later = NOW + 10_000;
  expect(await db.write((c) => store.purge(c, { olderThan: later, except: [{ slug: 'a', status: 'completed' }] }, 10))).toBe(1);
  expect((await db.read((c) => store.listRuns(c, { limit: 5 }))).map((run) => run.id)).toEqual([x]);
  expect(await db.write((c) => store.purge(c, { olderThan: later, slug: 'a', status: 'failed' }, 10))).toBe(0);
  expect(await db.write((c) => store.purge(c, { olderThan: later, slug: 'a', status: 'completed' }, 10))).toBe(1);
});

it('Regression: a run that was cancelled while it waited for another and retried is not cancelled by the end of that one', async () => {
  const before = await db.enqueue('a');
  const id = await db.enqueue('a', { after: [before] });
  await db.write((c) => store.cancelPending(c, id, NOW));
  expect(await db.write((c) => store.retry(c, id, NOW))).toBe(true);
  await db.write((c) => store.cancelPending(c, before, NOW));
  expect((await db.claim({ concurrency: caps({ a: 9 }) })).map((run) => run.id)).toEqual([id]);
});
