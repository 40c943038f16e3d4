/** Connections of a thread: kept for the next run, and let go of when a peak is over. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { noQueue } from '../../src/store/sqlite/short-transaction.js';
import { ConnectionPool } from '../../src/worker/run-database.js';
import { TestStore } from '../store/support.js';

let db: TestStore;
let pool: ConnectionPool;
beforeEach(async () => {
  db = await TestStore.create();
  pool = new ConnectionPool(db.path, 'normal', 1_000, noQueue);
});
afterEach(() => {
  vi.useRealTimers();
  pool.close();
  db.dispose();
});

it('gives the connection that was used last', () => {
  const [a, b] = [pool.acquire(), pool.acquire()];
  pool.release(a);
  pool.release(b);
  expect(pool.acquire()).toBe(b);
  expect(pool.acquire()).toBe(a);
  for (const each of [a, b]) pool.release(each);
});

it('Regression: the connections of every run that had ever waited beside others were kept open for ever', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const peak = Array.from({ length: 20 }, () => pool.acquire());
  const closed = peak.map((each) => vi.spyOn(each, 'close'));
  for (const each of peak) pool.release(each);
  for (let minute = 0; minute < 3; minute++) {
    vi.advanceTimersByTime(40_000);
    pool.release(pool.acquire());
  }
  expect(closed.filter((close) => close.mock.calls.length > 0)).toHaveLength(19);
  expect(peak.at(-1)!.get('SELECT 1 AS one')).toEqual({ one: 1 });
});
