/** Savepoints within savepoints: `crap.transaction` around calls, `queue_many` within it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Op } from '../../src/domain/op.js';
import type { Db } from '../../src/store/db.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { NOW, TestStore } from './support.js';

let db: TestStore;
beforeEach(async () => {
  db = await TestStore.create();
});
afterEach(() => db.dispose());

function* enqueue(c: Db, count: number, each: (body: () => Op<unknown>) => Op<unknown>): Op<void> {
  for (let i = 0; i < count; i++) {
    const request = { slug: 'a', data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'hook' as const };
    yield* each(() => store.enqueue(c, request, NOW + i));
  }
}

async function cpuMs(body: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

it('Regression: savepoints within savepoints over a large table do not cost more with each', async () => {
  await db.write((c) => enqueue(c, 40_000, (body) => body()));
  const flat = await cpuMs(() => db.write((c) => enqueue(c, 5_000, (body) => body())));
  const nested = await cpuMs(() => db.write((c) => c.savepoint(() => enqueue(c, 5_000, (body) => c.savepoint(body)))));
  expect(nested / flat).toBeLessThan(6);
});
