/** Caps where they are easy to get wrong: rows of crap-cms, several queues and jobs in one claim, keys whose limits differ, wrong clocks. */
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { caps, NOW, TestStore } from './support.js';

let db: TestStore;
beforeEach(async () => {
  db = await TestStore.create();
});
afterEach(() => db.dispose());

const concurrency = caps({ a: 10, b: 10 });
const claim = async (now = NOW, more = {}) => (await db.claim({ concurrency, now, ...more })).map((run) => run.id);

/** crap-cms begins to execute a run; it knows nothing of our columns. */
function takenByCrapCms(id: string): void {
  const foreign = new Sqlite(db.path);
  const at = '2026-01-05 10:00:00';
  foreign
    .prepare("UPDATE _crap_jobs SET status = 'running', attempt = attempt + 1, started_at = ?, heartbeat_at = ? WHERE id = ?")
    .run(at, at, id);
  foreign.close();
}

describe('[CAPS] what crap-cms executes counts', () => {
  const ask: [string, object][] = [
    ['run-wide', { maxConcurrent: 1 }],
    ['of the job', { concurrency: caps({ a: 1 }) }],
    ['of the queue', { queueConcurrency: new Map([['default', 1]]) }],
  ];
  it.each(ask)('against the cap %s', async (_name, more) => {
    const [theirs, ours] = [await db.enqueue('a'), await db.enqueue('a')];
    takenByCrapCms(theirs);
    expect(await claim(NOW, more)).toEqual([]);
    expect((await db.run(ours)).status).toBe('pending');
  });

  it('against the limit of a key, also where it has taken a run that stood behind', async () => {
    const [first, second] = [await db.enqueue('a', { key: 'k' }), await db.enqueue('a', { key: 'k' })];
    takenByCrapCms(second);
    expect(await claim()).toEqual([]);
    expect((await db.run(first)).status).toBe('pending');
  });
});

describe('[CAPS] within one claim', () => {
  it('the cap of a job holds over its queues', async () => {
    for (const queue of ['q', 'r', 's']) for (let i = 0; i < 3; i++) await db.enqueue('a', { queue });
    expect(await claim(NOW, { concurrency: caps({ a: 2 }) })).toHaveLength(2);
  });

  it('the cap of a queue holds over its jobs', async () => {
    for (const slug of ['a', 'b']) for (let i = 0; i < 3; i++) await db.enqueue(slug, { queue: 'q' });
    expect(await claim(NOW, { queueConcurrency: new Map([['q', 2]]) })).toHaveLength(2);
  });
});

describe('[FAIR] keys', () => {
  it('the next of a key is the oldest, whatever the ids', async () => {
    const ids = ['z', 'y', 'x', 'w'];
    for (const id of ids) await db.enqueue('a', { key: 'k', id });
    const order: string[] = [];
    for (const _ of ids) {
      const [run] = await db.claim({ concurrency });
      order.push(run!.id);
      await db.write((c) => store.complete(c, { run: run!.id, claim: run!.claim, now: NOW, result: null, log: [] }));
    }
    expect(order).toEqual(ids);
  });

  it('a retried run that has to wait for its key does not take the place of a run that could go', async () => {
    const [first, second] = [await db.enqueue('a', { key: 'k' }), await db.enqueue('a', { key: 'k' })];
    const two = { concurrency: caps({ a: 2 }) };
    const [run] = await db.claim(two);
    const failed = { run: first, claim: run!.claim, now: NOW, outcome: 'failed', next: { status: 'failed' }, log: [] } as const;
    await db.write((c) => store.end(c, failed));
    expect(await claim(NOW, two)).toEqual([second]);
    expect(await db.write((c) => store.retry(c, first, NOW + 1))).toBe(true);
    const other = await db.enqueue('a', { key: 'l' }, NOW + 2);
    expect(await claim(NOW + 2, two)).toEqual([other]);
    expect((await db.run(first)).waiting).toEqual(['key']);
  });

  it('a run whose own limit is higher does not overtake one that stands behind', async () => {
    const [first, second] = [await db.enqueue('a', { key: 'k' }), await db.enqueue('a', { key: 'k' })];
    const third = await db.enqueue('a', { key: 'k', keyConcurrency: 2 });
    expect(await claim()).toEqual([first]);
    expect([(await db.run(second)).waiting, (await db.run(third)).waiting]).toEqual([['key'], ['key']]);
  });
});

it('[FAIR] starts that a wrong clock wrote into the future do not hold a rate back', async () => {
  const rateLimits = new Map([['a', { limit: 1, perMs: 60_000 }]]);
  const [first, second] = [await db.enqueue('a', {}, NOW - 1), await db.enqueue('a')];
  expect(await claim(NOW + 86_400_000, { rateLimits })).toEqual([first]);
  expect(await claim(NOW, { rateLimits })).toEqual([second]);
});

describe('what is due', () => {
  const served = { slugs: ['a', 'b'] };

  it('is not what is paused, also when its time has come meanwhile', async () => {
    await db.enqueue('a', { dueAt: NOW + 1_000 });
    await db.write((c) => store.pause(c, { kind: 'job', name: 'a' }, undefined, NOW));
    expect(await db.read((c) => store.hasDue(c, NOW + 1_000, served))).toBe(false);
    await db.write((c) => store.resume(c, { kind: 'job', name: 'a' }));
    expect(await db.read((c) => store.hasDue(c, NOW + 1_000, served))).toBe(true);
  });

  it('comes next when crap-cms wants to try again', async () => {
    const id = await db.enqueue('a');
    await db.write((c) => c.run("UPDATE _crap_jobs SET attempt = 1, retry_after = '2026-01-05 10:00:05' WHERE id = ?", [id]));
    expect(await db.read((c) => store.nextDueAt(c, NOW, served))).toBe(Date.UTC(2026, 0, 5, 10, 0, 5));
  });
});

it('[ONCE] an attempt that has ended cannot end again: nothing is recorded and nothing raises', async () => {
  const id = await db.enqueue('a', { maxAttempts: 3 });
  const [run] = await db.claim({ concurrency });
  const end = (next: Parameters<typeof store.end>[1]['next']) =>
    db.write((c) =>
      store.end(c, { run: id, claim: run!.claim, now: NOW, outcome: 'failed', next, log: [], error: { code: 'X', message: 'no' } }),
    );
  expect(await end({ status: 'failed' })).toBe('failed');
  expect(await end({ status: 'pending', dueAt: NOW, spendsAttempt: true })).toBeUndefined();
  expect(await db.write((c) => store.complete(c, { run: id, claim: run!.claim, now: NOW, result: '1', log: [] }))).toBe(false);
  expect(await db.run(id)).toMatchObject({ status: 'failed', result: null, attempt: 1 });
  expect(await db.read((c) => store.listAttempts(c, id))).toHaveLength(1);
});
