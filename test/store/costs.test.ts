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
  expect(plans.join('\n')).toContain('_ml_jobs_by_end');
  for (const plan of plans) expect(plan).not.toMatch(/TEMP B-TREE|idx_crap_jobs_status/);
  expect(plans.join('\n')).toContain('_ml_jobs_by_end (slug=? AND status=? AND completed_at<?)');
});

it('a purge takes what its rule says, at most a batch at a time', async () => {
  await ended('a', 3);
  await ended('b', 2);
  await ended('c', 1, 10);
  const except = [{ slug: 'b', status: 'completed' as const }];
  const purge = (limit: number) => db.write((c) => store.purge(c, { olderThan: NOW + 60_000, except }, limit));
  expect([await purge(2), await purge(2), await purge(2)]).toEqual([2, 1, 0]);
  const left = await db.read((c) => store.listRuns(c, { limit: 10 }));
  expect(left.map(({ slug }) => slug).sort()).toEqual(['b', 'b', 'c']);
});

it('Regression: to replace the run of a unique key read every pending run', async () => {
  const request = {
    slug: 'a',
    data: '{}',
    queue: 'default',
    maxAttempts: 1,
    scheduledBy: 'hook',
    uniqueKey: 'k',
    uniqueMode: 'replace',
  } as const;
  for (const plan of await plansOf((c) => store.enqueue(c, request, NOW))) expect(plan).not.toContain('idx_crap_jobs_status (status=?)\n');
});

it('Regression: the next due time was looked for among all delayed runs of jobs that the host does not serve, at the end of each run', async () => {
  await db.write(function* (c) {
    for (let n = 1; n <= 1_500; n++) {
      const request = { slug: 'other', data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'hook', dueAt: NOW + n * 1_000 } as const;
      yield* store.enqueue(c, request, NOW);
    }
  });
  await db.enqueue('a', { dueAt: NOW + 5_000_000 });
  const next = (now: number) => db.read((c) => store.nextDueAt(c, now, { slugs: ['a'] }));
  expect(await next(NOW)).toBe(NOW + 1_001_000);
  expect(await next(NOW + 1_001_000)).toBe(NOW + 5_000_000);
  await db.enqueue('a', { dueAt: NOW + 900_500 });
  expect(await next(NOW)).toBe(NOW + 900_500);
});

it('the next due time is the earliest in either time format of crap-cms, whatever came due today', async () => {
  const retries = [
    '2026-01-05 09:00:00',
    '2026-01-05T09:30:00+00:00',
    '2026-01-05 18:00:00',
    '2026-01-05T17:00:00+00:00',
    '2026-01-06 01:00:00',
  ];
  await db.write(function* (c) {
    for (const at of retries) yield* c.run("INSERT INTO _crap_jobs (id, slug, retry_after) VALUES (?, 'a', ?)", [at, at]);
  });
  const hour = (day: number, hours: number) => Date.UTC(2026, 0, day, hours);
  const next = (now: number) => db.read((c) => store.nextDueAt(c, now, { slugs: ['a'] }));
  expect(await next(NOW)).toBe(hour(5, 17));
  expect(await next(hour(5, 17))).toBe(hour(5, 18));
  expect(await next(hour(5, 18))).toBe(hour(6, 1));
  expect(await next(hour(6, 1))).toBe(undefined);
});

it('Regression: each tick read the whole ledger of its schedule, and counted every pending run of its job', async () => {
  for (const at of [10, 20, 30]) await db.write((c) => store.recordTick(c, { slug: 's', at, outcome: 'run', run: `r${at}` }, NOW));
  await db.write((c) => store.recordTick(c, { slug: 's', at: 40, until: 90, count: 6, outcome: 'skipped', reason: 'paused' }, NOW));
  const statements: string[] = [];
  watchStatements((sql) => statements.push(sql));
  expect(await db.read((c) => store.lastTick(c, 's'))).toBe(90);
  expect(await db.read((c) => store.hasActive(c, 's', 'pending'))).toBe(false);
  for (const sql of statements.filter((each) => each.startsWith('SELECT'))) expect(sql).toMatch(/LIMIT 1$/);
});

it('Regression: counting the runs read every row and sorted them', async () => {
  await ended('a', 2);
  await db.enqueue('b', { queue: 'q' });
  const plans = await plansOf(function* (c) {
    expect(yield* store.countBy(c, 'slug')).toEqual([
      { name: 'a', status: 'completed', count: 2 },
      { name: 'b', status: 'pending', count: 1 },
    ]);
    expect(yield* store.countBy(c, 'queue')).toEqual([
      { name: 'default', status: 'completed', count: 2 },
      { name: 'q', status: 'pending', count: 1 },
    ]);
  });
  expect(plans).toHaveLength(2);
  for (const plan of plans) expect(plan).toMatch(/^SCAN _crap_jobs USING COVERING INDEX \w+$/);
});

it('Regression: to list the newest runs, all were read and sorted', async () => {
  for (const slug of ['a', 'b', 'c']) await ended(slug, 2);
  const acts = [
    (c: Db) => store.listRuns(c, { limit: 2 }),
    (c: Db) => store.listRuns(c, { limit: 2, slug: 'a' }),
    (c: Db) => store.recentRuns(c, 1),
  ];
  for (const act of acts) {
    const plans = (await plansOf(act)).join('\n');
    expect(plans).toContain('_ml_jobs_by_age');
    expect(plans).not.toMatch(/SCAN _crap_jobs(?! USING COVERING INDEX)/);
  }
});

it('Regression: to list the newest runs of a queue or of a status, all of them were read and sorted', async () => {
  for (const slug of ['a', 'b']) await ended(slug, 2);
  await db.enqueue('a', { queue: 'mail', priority: 3 });
  for (const filter of [{ queue: 'default' }, { status: 'completed' }, { status: 'pending', queue: 'mail' }] as const) {
    const plans = await plansOf((c) => store.listRuns(c, { limit: 2, ...filter }));
    const searches = plans.slice(0, -1);
    expect(searches.length).toBeGreaterThan(1);
    // Runs of one second are put in order; nothing else is.
    for (const plan of searches) {
      expect(plan).toMatch(/^(SEARCH|SCAN) _crap_jobs USING (COVERING )?INDEX \w+/);
      expect(plan).not.toContain('FOR ORDER BY');
    }
    expect(plans.at(-1)).toMatch(/USING INTEGER PRIMARY KEY \(rowid=\?\)/);
  }
});

it('what was queued with a unique key is found by its index, whatever else there is', async () => {
  for (const slug of ['a', 'b', 'c']) {
    for (const key of ['k', 'l']) await db.enqueue(slug, { uniqueKey: key, uniqueMode: 'active' });
    await db.enqueue(slug);
  }
  const filter = { slugs: ['a', 'b'], status: 'pending', uniqueKey: 'k' } as const;
  const found = await db.read((c) => store.listRuns(c, { ...filter, limit: -1 }));
  expect(found.map(({ slug, uniqueKey }) => [slug, uniqueKey]).sort()).toEqual([
    ['a', 'k'],
    ['b', 'k'],
  ]);
  expect(await db.read((c) => store.countRuns(c, filter))).toBe(2);
  for (const limit of [-1, 5]) {
    expect((await plansOf((c) => store.listRuns(c, { ...filter, limit }))).join('\n')).toContain(
      '_ml_jobs_by_unique (slug=? AND _ml_unique=? AND status=?)',
    );
  }
});

it('the newest runs of a queue are listed also where every run has its own priority', async () => {
  await db.write(function* (c) {
    for (let n = 0; n < 2_100; n++) {
      const at = NOW + ((n * 37) % 2_100) * 1_000;
      yield* store.enqueue(c, { slug: 'a', data: '{}', queue: 'q', priority: n, maxAttempts: 1, scheduledBy: 'hook' }, at);
    }
  });
  const found = await db.read((c) => store.listRuns(c, { queue: 'q', limit: 3 }));
  expect(found.map(({ createdAt }) => (createdAt - NOW) / 1_000)).toEqual([2_099, 2_098, 2_097]);
});

it('Regression: to show the newest instants of all schedules, the whole ledger was read and sorted', async () => {
  await db.write(function* (c) {
    for (let n = 0; n < 40; n++) {
      const tick = { slug: `s${n % 3}`, at: NOW + Math.floor(n / 2) * 1_000, outcome: 'run', run: `r${n}` } as const;
      yield* store.recordTick(c, tick, NOW);
    }
    yield* store.recordTick(c, { slug: 'z', at: NOW - 5_000, outcome: 'run', run: 'old' }, NOW);
  });
  const list = (filter: { limit: number; before?: number }) => db.read((c) => store.listTicks(c, filter));
  for (const before of [undefined, NOW + 9_000, NOW - 9_000]) {
    const all = await list({ limit: -1, ...(before !== undefined && { before }) });
    for (const limit of [0, 1, 5, 100]) {
      expect(await list({ limit, ...(before !== undefined && { before }) })).toEqual(all.slice(0, limit));
    }
  }
  const plans = await plansOf((c) => store.listTicks(c, { limit: 5 }));
  expect(plans).toHaveLength(1);
  expect(plans[0]).toContain('SEARCH t USING PRIMARY KEY (slug=? AND at>? AND at<?)');
  expect(plans[0]).not.toMatch(/SCAN t\b/);
});

it('the newest runs are the same, in the same order, whichever way they are found', async () => {
  await db.write(function* (c) {
    for (let n = 0; n < 60; n++) {
      const at = NOW - ((n * 7) % 11) * 400;
      const request = { slug: `job${n % 4}`, queue: n % 3 === 0 ? 'mail' : 'default', priority: (n % 5) - 2 };
      const { id } = yield* store.enqueue(c, { ...request, data: '{}', maxAttempts: 1, scheduledBy: 'hook' }, at);
      if (n % 7 === 0) yield* store.cancelPending(c, id, NOW);
      if (n % 9 === 0) yield* c.run("INSERT INTO _crap_jobs (id, slug, created_at) VALUES (?, 'theirs', '2026-01-05 09:59:59')", [`t${n}`]);
    }
    yield* c.run("INSERT INTO _crap_jobs (id, slug, status, queue, created_at) VALUES ('odd', 'theirs', 'odd', 'mail', NULL)");
    yield* c.run("INSERT INTO _crap_jobs (id, slug, status, queue) VALUES ('nameless', 'theirs', '', '')");
  });
  const ids = (filter: Parameters<typeof store.listRuns>[1]) =>
    db.read((c) => store.listRuns(c, filter)).then((runs) => runs.map(({ id }) => id));
  for (const which of [
    {},
    { slug: 'job1' },
    { slugs: ['job2', 'theirs'] },
    { slug: 'job1', slugs: ['job1', 'job3'] },
    { slugs: [] },
    { queue: 'mail' },
    { status: 'pending' },
    { status: 'cancelled', queue: 'mail' },
    { queue: 'none' },
    { queue: '' },
    { queue: 'mail', slug: 'job1' },
    { status: 'pending', slugs: ['job0', 'job2', 'theirs'] },
    { status: 'pending', queue: 'default', slugs: ['job0', 'job1'] },
  ] as const) {
    const all = await ids({ ...which, limit: -1 });
    for (const [limit, offset] of [
      [5, 0],
      [20, 7],
      [0, 0],
      [100, 3],
    ] as const) {
      expect(await ids({ ...which, limit, offset })).toEqual(all.slice(offset, offset + limit));
    }
  }
});

it('Regression: of runs of one second the oldest counted as the newest', async () => {
  const ids: string[] = [];
  for (const ms of [100, 200, 300]) ids.push(await db.enqueue('a', {}, NOW + ms));
  await db.write((c) => store.cancelPending(c, ids[2]!, NOW + 400));
  expect((await db.read((c) => store.recentRuns(c, 1))).get('a')).toMatchObject({ cancelled: 1, pending: 0 });
});
