/** What acts cost beside a backlog and a history: by the plan of their statements, so that no clock decides. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Op } from '../../src/domain/op.js';
import type { Db } from '../../src/store/db.js';
import { watchStatements } from '../../src/store/sqlite/database.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { NOW, TestStore } from './support.js';

let db: TestStore;
beforeEach(async () => {
  db = await TestStore.create();
});
afterEach(() => {
  watchStatements(undefined);
  db.dispose();
});

/** How each statement of an act that touches the table is searched, one text a statement. */
async function plansOf(act: (c: Db) => Op<unknown>): Promise<string[]> {
  const statements = new Set<string>();
  watchStatements((sql) => statements.add(sql));
  await db.write(act);
  watchStatements(undefined);
  const plans: string[] = [];
  for (const sql of statements) {
    if (!/^\s*(SELECT|UPDATE|DELETE|WITH)/.test(sql)) continue;
    const marks = sql.split('?').length - 1;
    const plan = await db.read((c) => c.all(`EXPLAIN QUERY PLAN ${sql}`, Array(marks).fill(0)));
    plans.push(plan.map((row) => String(row['detail'])).join('\n'));
  }
  return plans;
}

async function ended(slug: string, count: number, minute = 0): Promise<void> {
  for (let n = 0; n < count; n++) {
    await db.enqueue(slug);
    const [run] = await db.claim({ concurrency: new Map([[slug, 1]]), limit: 1 });
    await db.write((c) => store.complete(c, { run: run!.id, claim: run!.claim, now: NOW + minute * 60_000, result: null, log: [] }));
  }
}

it('Regression: each batch of a purge read every ended run and sorted them, on the main thread and as the writer', async () => {
  await ended('a', 3);
  const plans = await plansOf((c) => store.purge(c, { olderThan: NOW - 60_000 }, 500));
  expect(plans.join('\n')).toContain('_ml_jobs_ended');
  for (const plan of plans) expect(plan).not.toMatch(/TEMP B-TREE|idx_crap_jobs_status/);
});

it('a purge takes what its rule says, oldest first within a job and status, and what is kept costs it nothing', async () => {
  await ended('a', 3);
  await ended('b', 2);
  await ended('c', 1, 10);
  const except = [{ slug: 'b', status: 'completed' as const }];
  const purge = (limit: number) => db.write((c) => store.purge(c, { olderThan: NOW + 60_000, except }, limit));
  expect([await purge(2), await purge(2), await purge(2)]).toEqual([2, 1, 0]);
  const left = await db.read((c) => store.listRuns(c, { limit: 10 }));
  expect(left.map(({ slug }) => slug).sort()).toEqual(['b', 'b', 'c']);
  const statements: string[] = [];
  watchStatements((sql) => statements.push(sql));
  await db.write((c) => store.purge(c, { olderThan: NOW + 60_000, except }, 500));
  expect(statements.filter((sql) => sql.includes('DELETE FROM _crap_jobs'))).toEqual([]);
});
