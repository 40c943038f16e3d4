/** crap-cms over the same file: its statements, as its source has them (jobs page 4.5, 5.3, 11.4), beside ours. */
import SQLite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isMigrated, migrate } from '../../src/store/sqlite/migrate.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import type { EndRequest } from '../../src/store/store.js';
import { caps, NOW, TestStore } from './support.js';

let db: TestStore;
let foreign: SQLite.Database;
beforeEach(async () => {
  db = await TestStore.create();
  foreign = new SQLite(db.path);
});
afterEach(() => {
  foreign.close();
  db.dispose();
});

/** The second that NOW lies in: crap-cms has no finer one. */
const SECOND = Math.floor(NOW / 1000) * 1000;
const text = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
const concurrency = caps({ a: 10 });

const crapCms = {
  insert: (id: string) =>
    foreign.prepare("INSERT INTO _crap_jobs (id, slug, max_attempts, created_at) VALUES (?, 'a', 3, ?)").run(id, text(NOW)),
  claim(now = NOW): string[] {
    const due = "SELECT id FROM _crap_jobs WHERE status = 'pending' AND (retry_after IS NULL OR retry_after <= ?) ORDER BY created_at ASC";
    const rows = foreign.prepare(due).all(text(now)) as { id: string }[];
    const take =
      "UPDATE _crap_jobs SET status = 'running', started_at = ?, heartbeat_at = ?, attempt = attempt + 1 WHERE id = ? AND status = 'pending'";
    for (const { id } of rows) foreign.prepare(take).run(text(now), text(now), id);
    return rows.map((row) => row.id);
  },
  retry(id: string, retryAfter: string) {
    const sql = `UPDATE _crap_jobs SET status = 'pending', error = 'e', retry_after = ?, started_at = NULL, completed_at = NULL,
      heartbeat_at = NULL WHERE id = ?`;
    foreign.prepare(sql).run(retryAfter, id);
  },
};

const complete = (run: { id: string; claim: number }) =>
  db.write((c) => store.complete(c, { run: run.id, claim: run.claim, now: NOW, result: null, log: [] }));
const end = (id: string, claim: number, more: Partial<EndRequest> = {}) =>
  db.write((c) =>
    store.end(c, {
      run: id,
      claim,
      now: NOW,
      outcome: 'lost',
      next: { status: 'pending', dueAt: NOW, spendsAttempt: false },
      log: [],
      ...more,
    }),
  );
const stale = (before = NOW + 1_000) => db.read((c) => store.listClaimsOf(c, undefined, before));
const attempts = () => db.read((c) => c.all('SELECT claim, outcome FROM _ml_attempts ORDER BY claim'));

describe('a run of ours that crap-cms takes over', () => {
  it('[ONCE] is lost to our claim, although its number stands', async () => {
    const id = await db.enqueue('a', { maxAttempts: 5 });
    const [run] = await db.claim({ concurrency });
    crapCms.retry(id, text(NOW));
    expect(crapCms.claim()).toEqual([id]);
    expect(await complete(run!)).toBe(false);
    expect(await end(id, run!.claim, { outcome: 'failed', next: { status: 'failed' } })).toBe(undefined);
    const held = await db.write((c) => store.renew(c, 'h1', [{ run: id, claim: run!.claim }], NOW, NOW));
    expect([...held, ...(await db.read((c) => store.listClaimsOf(c, 'h1', NOW)))]).toEqual([]);
    expect([(await db.run(id)).status, await attempts()]).toEqual(['running', []]);
  });

  it('[ONCE] after a release is not taken for the claim before, although attempt is the same again', async () => {
    const id = await db.enqueue('a');
    const [run] = await db.claim({ concurrency });
    await end(id, run!.claim, { outcome: 'released' });
    // A release is due at once, which crap-cms sees at its next second.
    expect(crapCms.claim(NOW + 1_000)).toEqual([id]);
    expect(await complete(run!)).toBe(false);
    expect(await stale(NOW + 2_000)).toMatchObject([{ run: id, attempt: 1 }]);
  });

  it('is lost when crap-cms marks it stale', async () => {
    const id = await db.enqueue('a');
    const [run] = await db.claim({ concurrency });
    foreign.prepare("UPDATE _crap_jobs SET status = 'stale', completed_at = ? WHERE id = ?").run(text(NOW), id);
    expect(await complete(run!)).toBe(false);
    expect((await db.run(id)).status).toBe('stale');
  });

  it.each([
    ['seconds', text(SECOND + 9_000)],
    ['ISO', new Date(SECOND + 9_000).toISOString()],
  ])('waits for the retry_after that crap-cms gave it, in its format with %s', async (_name, retryAfter) => {
    const id = await db.enqueue('a', { dueAt: NOW + 500 });
    crapCms.claim(NOW + 2_000);
    crapCms.retry(id, retryAfter);
    expect(await db.claim({ concurrency, now: SECOND + 8_999 })).toEqual([]);
    expect((await db.run(id)).dueAt).toBe(SECOND + 9_000);
    expect((await db.claim({ concurrency, now: SECOND + 9_000 })).map((run) => run.id)).toEqual([id]);
  });
});

describe('a run that crap-cms has claimed', () => {
  it('is named once its heartbeat is old, and can be ended once for each claim', async () => {
    crapCms.insert('theirs');
    for (let loss = 1; loss <= 3; loss++) {
      crapCms.claim(NOW + 1_000);
      expect(await stale(NOW)).toEqual([]);
      const [lost] = await stale(NOW + 3_000);
      expect(lost).toMatchObject({ run: 'theirs', losses: loss - 1, attempt: 1, maxAttempts: 3 });
      expect([await end('theirs', lost!.claim), await end('theirs', lost!.claim)]).toEqual(['pending', undefined]);
      expect(await db.run('theirs')).toMatchObject({ status: 'pending', attempt: 0 });
    }
    expect(await attempts()).toEqual([]);
    const [run] = await db.claim({ concurrency });
    expect(await complete(run!)).toBe(true);
  });

  it('[ONCE] is left alone when crap-cms has claimed it again meanwhile', async () => {
    crapCms.insert('theirs');
    crapCms.claim();
    const [lost] = await stale();
    crapCms.retry('theirs', text(NOW));
    crapCms.claim();
    expect(await end('theirs', lost!.claim, { next: { status: 'stale' } })).toBe(undefined);
    expect((await db.run('theirs')).status).toBe('running');
  });
});

describe('rows that only one of the two knows', () => {
  it('attempts go with a run that crap-cms deletes', async () => {
    await db.enqueue('a');
    await complete((await db.claim({ concurrency }))[0]!);
    expect(await attempts()).toHaveLength(1);
    foreign.exec("DELETE FROM _crap_jobs WHERE status = 'completed'");
    expect(await attempts()).toEqual([]);
  });

  it('ended rows without an end are purged by the age of their making, pending ones never', async () => {
    foreign.exec("INSERT INTO _crap_jobs (id, slug, status, created_at) VALUES ('odd', 'a', 'stale', '2026-01-01 00:00:00')");
    foreign.exec("INSERT INTO _crap_jobs (id, slug, created_at) VALUES ('waits', 'a', '2026-01-01 00:00:00')");
    expect(await db.write((c) => store.purge(c, { olderThan: NOW }, 10))).toBe(1);
    expect((await db.read((c) => store.listRuns(c, { limit: 9 }))).map((run) => run.id)).toEqual(['waits']);
  });

  it('a due time beyond every date is kept', async () => {
    const id = await db.enqueue('a', { dueAt: Number.MAX_SAFE_INTEGER });
    expect(await db.read((c) => c.all('SELECT retry_after FROM _crap_jobs'))).toEqual([{ retry_after: '9999-12-31 23:59:59' }]);
    expect([(await db.run(id)).status, await db.claim({ concurrency })]).toEqual(['pending', []]);
  });
});

it('a claim that stands goes on when its database comes from version 1', async () => {
  const id = await db.enqueue('a');
  const [run] = await db.claim({ concurrency });
  db.database.exec("DROP TRIGGER _ml_jobs_transition; ALTER TABLE _crap_jobs DROP COLUMN _ml_attempt; UPDATE _ml_meta SET value = '1'");

  expect(await db.read(isMigrated)).toBe(false);
  await db.write(migrate);
  expect(await db.read(isMigrated)).toBe(true);
  expect(await complete(run!)).toBe(true);
  expect((await db.run(id)).status).toBe('completed');
});

it('[TICK] the ledger is pruned with old runs, but for the newest row of each schedule', async () => {
  const record = (slug: string, at: number) => db.write((c) => store.recordTick(c, { slug, at, outcome: 'run', run: `r${at}` }, NOW));
  for (let at = 10; at <= 50; at += 10) await record('s', at);
  await record('other', 5);
  const left = async () => (await db.read((c) => c.all('SELECT at FROM _ml_ticks ORDER BY at'))).map((row) => row['at']);
  await db.write((c) => store.purgeTicks(c, 40, 2));
  expect(await left()).toEqual([5, 30, 40, 50]);
  await db.write((c) => store.purgeTicks(c, 1_000, 100));
  expect(await left()).toEqual([5, 50]);
  expect(await db.read((c) => store.lastTick(c, 's'))).toBe(50);
});
