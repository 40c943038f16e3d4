/** What the end of an attempt leaves in the row of its run and in its own row, over several attempts of one run. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Outcome } from '../../src/domain/run.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import type { EndRequest } from '../../src/store/store.js';
import { caps, NOW, TestStore } from './support.js';

let db: TestStore;
let id: string;
beforeEach(async () => {
  db = await TestStore.create();
  id = await db.enqueue('a', { maxAttempts: 9 });
});
afterEach(() => db.dispose());

const concurrency = caps({ a: 1 });
const failed = { code: 'X', message: 'no' };

/** Claims the run and ends the attempt so that it is pending again. */
async function attempt(outcome: Exclude<Outcome, 'completed' | 'cancelled'>, now = NOW, dueAt = now): Promise<void> {
  const [run] = await db.claim({ concurrency, now });
  const spendsAttempt = outcome === 'failed' || outcome === 'timed_out';
  const next = { status: 'pending', dueAt, spendsAttempt } as const;
  const request: EndRequest = { run: id, claim: run!.claim, now, outcome, next, log: [], ...(spendsAttempt && { error: failed }) };
  expect(await db.write((c) => store.end(c, request))).toBe('pending');
}

const attempts = async () => (await db.read((c) => store.listAttempts(c, id))).map((each) => [each.claim, each.attempt, each.outcome]);

it('[ONCE] each claim has its attempt row, whatever ended it, and only what failed is spent', async () => {
  for (const outcome of ['released', 'lost', 'failed', 'released', 'timed_out'] as const) await attempt(outcome);
  expect(await attempts()).toEqual([
    [1, 1, 'released'],
    [2, 1, 'lost'],
    [3, 1, 'failed'],
    [4, 2, 'released'],
    [5, 2, 'timed_out'],
  ]);
  expect(await db.run(id)).toMatchObject({ status: 'pending', attempt: 2, claim: 5 });
});

it.each(['failed', 'timed_out'] as const)('[DURABLE] losses count in a row: one that %s between them ends the row', async (outcome) => {
  await attempt('lost');
  await attempt('lost');
  expect((await db.run(id)).losses).toBe(2);
  await attempt(outcome);
  expect((await db.run(id)).losses).toBe(0);
  await attempt('lost');
  expect((await db.run(id)).losses).toBe(1);
});

it('a release between losses does not end the row: it says nothing of the run', async () => {
  await attempt('lost');
  await attempt('released');
  expect((await db.run(id)).losses).toBe(1);
});

it('[DURABLE] a retried run begins with no loss against it', async () => {
  await attempt('lost');
  await attempt('lost');
  await db.write((c) => store.cancelPending(c, id, NOW));
  expect(await db.write((c) => store.retry(c, id, NOW))).toBe(true);
  expect((await db.run(id)).losses).toBe(0);
});

it('a backoff is written for crap-cms too, in its seconds, rounded up', async () => {
  await attempt('failed', NOW, NOW + 5_000);
  const [row] = await db.read((c) => c.all('SELECT retry_after, started_at, heartbeat_at FROM _crap_jobs'));
  expect(row).toEqual({ retry_after: '2026-01-05 10:00:06', started_at: null, heartbeat_at: null });
});

it('a completion leaves no error and no retry of the attempts before', async () => {
  await attempt('failed', NOW, NOW + 1_000);
  expect(await db.run(id)).toMatchObject({ error: 'no' });
  const [run] = await db.claim({ concurrency, now: NOW + 2_000 });
  expect(await db.write((c) => store.complete(c, { run: id, claim: run!.claim, now: NOW + 2_000, result: '1', log: [] }))).toBe(true);
  const [row] = await db.read((c) => c.all('SELECT status, error, retry_after, result FROM _crap_jobs'));
  expect(row).toEqual({ status: 'completed', error: null, retry_after: null, result: '1' });
});

it('[ONCE] a claim says when the attempt before lost the race for the first write, and only then', async () => {
  for (const [code, contended] of [
    ['X', undefined],
    ['WRITE_CONFLICT', true],
  ] as const) {
    const [run] = await db.claim({ concurrency });
    const error = { code, message: 'no' };
    const next = { status: 'pending', dueAt: NOW, spendsAttempt: true } as const;
    await db.write((c) => store.end(c, { run: id, claim: run!.claim, now: NOW, outcome: 'failed', next, log: [], error }));
    const [again] = await db.claim({ concurrency });
    expect(again?.contended).toBe(contended);
    await db.write((c) => store.end(c, { run: id, claim: again!.claim, now: NOW, outcome: 'failed', next, log: [], error: failed }));
  }
});
