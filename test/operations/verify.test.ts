/** Verify over real files: what the acts make is clean, and every kind of breach that is put into the rows is found and named. */
import { afterEach, describe, expect, it } from 'vitest';
import { verifyStore } from '../../src/operations/verify.js';
import type { ClaimLimits } from '../../src/store/history.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { TRIGGERS } from '../../src/store/sqlite/triggers.js';
import { caps, NOW, TestStore } from '../store/support.js';

const HOUR = 3_600_000;
const limits: ClaimLimits = { total: 10, queues: new Map(), jobs: caps({ a: 2, b: 1 }), rates: new Map() };
const concurrency = caps({ a: 2, b: 1 });

let db: TestStore;
afterEach(() => db.dispose());

const check = (now = NOW + HOUR, more: Partial<Parameters<typeof verifyStore>[2]> = {}) =>
  db.read((c) => verifyStore(c, store, { now, limits, rescueWithinMs: 60_000, ...more }));
const codes = async (...args: Parameters<typeof check>) => (await check(...args)).breaches.map(({ code }) => code);

const host = { id: 'h1', pid: 1, hostname: 'here', socket: '/s', startedAt: NOW, seenAt: NOW, version: '1' };

/** Writes around the triggers, as a fault of ours would. */
function tamper(sql: string): void {
  for (const name of Object.keys(TRIGGERS)) db.database.exec(`DROP TRIGGER IF EXISTS ${name}`);
  db.database.exec(sql);
}

async function executed(slug: string, at = NOW, forMs = 1000): Promise<string> {
  const id = await db.enqueue(slug, {}, at);
  const [run] = await db.claim({ concurrency, now: at });
  await db.write((c) => store.complete(c, { run: run!.id, claim: run!.claim, now: at + forMs, result: null, log: [] }));
  return id;
}

/** One that failed, was lost, was given back, and completed. */
async function eventful(): Promise<string> {
  const id = await db.enqueue('a', { maxAttempts: 3 });
  for (const [n, outcome] of (['failed', 'lost', 'released', 'completed'] as const).entries()) {
    const now = NOW + n * 10_000;
    const [run] = await db.claim({ concurrency, now });
    const end = { run: run!.id, claim: run!.claim, now: now + 1000, log: [] };
    if (outcome === 'completed') await db.write((c) => store.complete(c, { ...end, result: '1' }));
    else
      await db.write((c) =>
        store.end(c, { ...end, outcome, next: { status: 'pending', dueAt: now + 2000, spendsAttempt: outcome === 'failed' } }),
      );
  }
  return id;
}

describe('verify', () => {
  it('finds nothing in what the acts have made', async () => {
    db = await TestStore.create();
    await executed('b', NOW - 10_000);
    await eventful();
    await db.enqueue('a', { key: 'k' });
    const [before] = [await db.enqueue('a', { key: 'k' })];
    await db.enqueue('a', { after: [before] });
    expect(await check()).toMatchObject({ ok: true, runs: 5, attempts: 5, ticks: 0, breaches: [], notes: [] });
  });

  it('finds nothing in runs that crap-cms has taken over, or executed alone', async () => {
    db = await TestStore.create();
    await db.enqueue('a');
    await db.claim({ concurrency });
    // It takes our claim for dead and executes the run itself: no attempt of ours, no claim number.
    db.database.exec("UPDATE _crap_jobs SET status = 'pending'; UPDATE _crap_jobs SET status = 'running', attempt = attempt + 1");
    expect(await codes()).toEqual([]);
    db.database.exec(`UPDATE _crap_jobs SET status = 'completed', result = '1', completed_at = '2026-01-05 10:00:09'`);
    db.database.exec("INSERT INTO _crap_jobs (id, slug, status, result, attempt) VALUES ('theirs', 'a', 'completed', '2', 1)");
    expect(await codes()).toEqual([]);
  });

  it.each([
    [
      'RUN_ABANDONED',
      "UPDATE _crap_jobs SET _ml_host = NULL, status = 'running' WHERE slug = 'b'; DELETE FROM _ml_attempts WHERE run IN (SELECT id FROM _crap_jobs WHERE slug = 'b')",
    ],
    ['CLAIM_GAP', 'DELETE FROM _ml_attempts WHERE claim = 2'],
    ['CLAIM_UNKNOWN', "UPDATE _ml_attempts SET claim = 9 WHERE outcome = 'released'"],
    ['CLAIM_ORDER', 'UPDATE _ml_attempts SET rowid = 100 WHERE claim = 2'],
    ['EFFECT_TWICE', "UPDATE _ml_attempts SET outcome = 'completed' WHERE outcome = 'lost'"],
    ['EFFECT_WITHOUT_COMPLETION', "UPDATE _crap_jobs SET status = 'failed' WHERE slug = 'b'"],
    ['COMPLETION_WITHOUT_ATTEMPT', "UPDATE _ml_attempts SET outcome = 'failed' WHERE claim = 4"],
    [
      'RESULT_WITHOUT_COMPLETION',
      "UPDATE _crap_jobs SET status = 'pending' WHERE result = '1'; UPDATE _crap_jobs SET _ml_attempt = 0 WHERE result = '1'",
    ],
    [
      'TRANSITION_FORBIDDEN',
      "UPDATE _ml_attempts SET outcome = 'cancelled' WHERE claim = 4; UPDATE _crap_jobs SET status = 'stale', result = NULL WHERE result = '1'",
    ],
    ['RUNNING_AFTER_END', "UPDATE _crap_jobs SET status = 'running' WHERE slug = 'b'"],
    ['ATTEMPT_NUMBER', "UPDATE _ml_attempts SET outcome = 'failed' WHERE outcome = 'released'"],
    ['TOO_MANY_ATTEMPTS', 'UPDATE _ml_attempts SET attempt = 1 + (SELECT max_attempts FROM _crap_jobs WHERE id = run) WHERE claim = 4'],
    ['ATTEMPT_ORPHAN', "DELETE FROM _crap_jobs WHERE slug = 'b'"],
    ['DEPENDENCY_ORPHAN', "INSERT INTO _ml_dependencies (run, after) VALUES ('nobody', 'nothing')"],
    ['WAIT_STUCK', "INSERT INTO _crap_jobs (id, slug, _ml_waits, _ml_key) VALUES ('s', 'a', 2, 'k')"],
    ['WAIT_STUCK', "INSERT INTO _crap_jobs (id, slug, _ml_waits) VALUES ('s', 'a', 4)"],
    ['ATTEMPTS_OVERLAP', 'UPDATE _ml_attempts SET started_at = started_at - 9500 WHERE claim = 3'],
  ] as const)('[EXPLAIN] names %s', async (code, sql) => {
    db = await TestStore.create();
    await executed('b', NOW - 10_000);
    await eventful();
    tamper(sql);
    const { ok, breaches } = await check();
    expect(ok).toBe(false);
    const found = breaches.find((breach) => breach.code === code);
    expect(breaches.map((breach) => breach.code)).toContain(code);
    expect(found!.sentence).toMatch(/^[a-z0-9]/);
    expect(found!.sentence).not.toMatch(/undefined|NaN/);
  });

  it('[CAPS] finds a limit exceeded: of a job, a queue, a key, over all', async () => {
    db = await TestStore.create();
    await db.write((c) => store.registerHost(c, host));
    for (let n = 0; n < 3; n++) await db.enqueue('a', { queue: 'q', key: 'k', keyConcurrency: 3 });
    await db.claim({ concurrency: caps({ a: 3 }) });
    expect(await codes()).toEqual(['LIMIT_EXCEEDED']);
    const three = { total: 3, queues: new Map(), jobs: caps({ a: 3 }), rates: new Map() };
    expect(await codes(undefined, { limits: three })).toEqual([]);
    const kinds = async (more: Partial<ClaimLimits>) =>
      (await check(undefined, { limits: { ...three, ...more } })).breaches.map(({ evidence }) => [evidence['kind'], evidence['most']]);
    expect(await kinds({ total: 2 })).toEqual([['total', 3]]);
    expect(await kinds({ queues: caps({ q: 1 }) })).toEqual([['queue', 3]]);
    tamper('UPDATE _crap_jobs SET _ml_key_limit = 2');
    expect(await kinds({})).toEqual([['key', 3]]);
    // What was before it may have had another limit.
    expect(await codes(undefined, { since: NOW + 1 })).toEqual([]);
    // A host of an earlier version was started with a higher run-wide cap.
    tamper('UPDATE _crap_jobs SET _ml_key_limit = 3');
    db.database.exec("INSERT INTO _ml_meta (key, value) VALUES ('highest_run_wide_limit', '3')");
    expect(await kinds({ total: 2 })).toEqual([]);
  });

  it('[CAPS] finds more starts than a rate allows, and none where it was kept', async () => {
    db = await TestStore.create();
    const rate = { limit: 2, perMs: 10_000 };
    for (let n = 0; n < 3; n++) await executed('a', NOW + n * 5_000, 10);
    expect(await codes(undefined, { limits: { ...limits, rates: new Map([['a', rate]]) } })).toEqual([]);
    expect(await codes(undefined, { limits: { ...limits, rates: new Map([['a', { ...rate, perMs: 10_001 }]]) } })).toEqual([
      'RATE_EXCEEDED',
    ]);
  });

  describe('by the limits that counted then', () => {
    const set = (more: Partial<ClaimLimits>): ClaimLimits => ({ ...limits, ...more });
    const starts = (id: string, at: number, its: ClaimLimits) =>
      db.write((c) => store.registerHost(c, { ...host, id, startedAt: at, seenAt: at }, its));
    const ends = (id: string, at: number) => db.write((c) => store.removeHost(c, id, at));
    /** So many of job a at once, for a second. */
    const together = async (count: number, at: number) => {
      for (let n = 0; n < count; n++) await db.enqueue('a', {}, at);
      const runs = await db.claim({ concurrency: caps({ a: count }), now: at });
      expect(runs.length).toBe(count);
      for (const { id: run, claim } of runs)
        await db.write((c) => store.complete(c, { run, claim, now: at + 1_000, result: null, log: [] }));
    };
    const sets = () => db.database.all('SELECT since, until FROM _ml_limits ORDER BY since').map(({ since, until }) => [since, until]);

    it('[CAPS] Regression: yesterday by what was lowered today, and today by what it was lowered to', async () => {
      db = await TestStore.create();
      await starts('h1', NOW, set({ jobs: caps({ a: 3 }), total: 5, queues: caps({ default: 4 }) }));
      await together(3, NOW + 1_000);
      await ends('h1', NOW + HOUR);
      await starts('h2', NOW + 2 * HOUR, set({ jobs: caps({ a: 1 }), total: 2, queues: caps({ default: 2 }) }));
      await together(1, NOW + 3 * HOUR);
      expect(sets()).toEqual([
        [NOW, NOW + HOUR],
        [NOW + 2 * HOUR, null],
      ]);
      expect(await codes(NOW + 4 * HOUR)).toEqual([]);
      await together(3, NOW + 3.5 * HOUR);
      const { breaches } = await check(NOW + 4 * HOUR);
      expect(breaches.map(({ evidence }) => [evidence['kind'], evidence['limit'], evidence['most']])).toEqual([
        ['total', 2, 3],
        ['queue', 2, 3],
        ['job', 1, 3],
      ]);
      // As it was judged before: by today alone.
      db.database.exec('DELETE FROM _ml_limits');
      expect((await check(NOW + 4 * HOUR, { limits: set({ jobs: caps({ a: 1 }) }) })).breaches[0]!.evidence).toMatchObject({ times: 4 });
    });

    it('[CAPS] by the wider of two while hosts with both are there', async () => {
      db = await TestStore.create();
      await starts('old', NOW, set({ jobs: caps({ a: 3 }) }));
      await starts('new', NOW + 1_000, set({ jobs: caps({ a: 1 }) }));
      await together(3, NOW + 2_000);
      await ends('old', NOW + 5_000);
      expect(await codes()).toEqual([]);
      await together(2, NOW + 6_000);
      expect((await check()).breaches).toMatchObject([{ code: 'LIMIT_EXCEEDED', evidence: { kind: 'job', limit: 1, most: 2 } }]);
    });

    it('[CAPS] rates: only starts since the rate is there, which are on record, and not by a window that was made longer', async () => {
      db = await TestStore.create();
      const rate = (limit: number, perMs: number) => set({ jobs: caps({ a: 9 }), rates: new Map([['a', { limit, perMs }]]) });
      await starts('h1', NOW, set({ jobs: caps({ a: 9 }) }));
      await together(5, NOW + 1_000);
      await starts('h2', NOW + 2_000, rate(2, 10_000));
      await ends('h1', NOW + 2_500);
      await together(2, NOW + 3_000);
      await starts('h3', NOW + 13_500, rate(3, HOUR));
      await ends('h2', NOW + 13_500);
      await together(3, NOW + 14_000);
      expect(await codes()).toEqual([]);
      await together(1, NOW + 20_000);
      expect((await check()).breaches).toMatchObject([{ code: 'RATE_EXCEEDED', evidence: { limit: 3, per_ms: HOUR, times: 1 } }]);
    });

    it('writes nothing where nothing changed, and says since when it knows', async () => {
      db = await TestStore.create();
      await together(3, NOW - HOUR);
      for (let n = 0; n < 5; n++) {
        await starts('h1', NOW + n * 1_000, set({}));
        await starts('h1', NOW + n * 1_000 + 500, set({}));
        await ends('h1', NOW + n * 1_000 + 900);
      }
      expect(sets()).toEqual([[NOW, NOW + 4_900]]);
      const { breaches, notes } = await check();
      expect([breaches, notes]).toEqual([[], [expect.stringContaining('limits are on record since')]]);
      for (let n = 0; n < 300; n++) {
        await starts('h1', NOW + 10_000 + n, set({ total: 100 + (n % 2) }));
        await ends('h1', NOW + 10_000 + n);
      }
      expect(sets().length).toBe(200);
    });
  });

  it('Regression: takes no starts for too many where the clock was set back by less than a window, while nothing had ended', async () => {
    db = await TestStore.create();
    await db.write((c) => store.registerHost(c, host));
    const rateLimits = new Map([['a', { limit: 2, perMs: 60_000 }]]);
    for (const now of [NOW + 50_000, NOW + 10_000]) {
      for (let n = 0; n < 2; n++) await db.enqueue('a', {}, NOW);
      expect(await db.claim({ concurrency: caps({ a: 9 }), rateLimits, now })).toHaveLength(2);
    }
    const judged = { limits: { ...limits, jobs: caps({ a: 9 }), rates: rateLimits } };
    expect(await codes(undefined, judged)).toEqual([]);
    db.database.exec('DELETE FROM _ml_clock');
    expect(await codes(undefined, judged)).toEqual(['RATE_EXCEEDED']);
  });

  it('judges no limit over a stretch of time that came twice', async () => {
    db = await TestStore.create();
    await db.write((c) => store.registerHost(c, host));
    await executed('b', NOW, 60_000);
    // The clock is set back by a minute: the next run begins before the first ended, as the rows say.
    const id = await db.enqueue('b');
    const [run] = await db.claim({ concurrency, now: NOW + 10_000 });
    expect(run!.id).toBe(id);
    const report = await check();
    expect(report.breaches).toEqual([]);
    expect(report.notes).toEqual([expect.stringContaining('the clock was set back')]);
    // The same rows without the note of the claim are a breach.
    db.database.exec('DELETE FROM _ml_clock');
    expect(await codes()).toEqual(['LIMIT_EXCEEDED']);
  });
});

describe('verify, the ledger', () => {
  const MINUTE = 60_000;
  const START = Math.floor(NOW / MINUTE) * MINUTE;

  /** Minutes 1 to 9, every third a run, the others skipped; then every five minutes. */
  async function ledger(): Promise<void> {
    db = await TestStore.create();
    await db.write(function* (c) {
      yield* store.recordSchedule(c, { slug: 't', since: START, schedule: '* * * * *', timezone: 'UTC' });
      for (let n = 1; n <= 9; n++) {
        const at = START + n * MINUTE;
        if (n % 3 !== 0) yield* store.recordTick(c, { slug: 't', at, outcome: 'skipped', reason: 'overlap' }, at);
        else {
          const { id } = yield* store.enqueue(c, { slug: 't', data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'cron' }, at);
          yield* store.recordTick(c, { slug: 't', at, outcome: 'run', run: id }, at);
        }
      }
      yield* store.recordSchedule(c, { slug: 't', since: START + 9.5 * MINUTE, schedule: '*/5 * * * *', timezone: 'UTC' });
      for (const n of [10, 15, 20]) {
        yield* store.recordTick(c, { slug: 't', at: START + n * MINUTE, outcome: 'skipped', reason: 'overlap' }, START + n * MINUTE);
      }
    });
  }

  it('[TICK] finds nothing where every due instant has an outcome, over an edit too', async () => {
    await ledger();
    expect(await check()).toMatchObject({ ok: true, ticks: 12 });
  });

  it.each([
    ['TICK_MISSING', `DELETE FROM _ml_ticks WHERE at = ${START + 6 * MINUTE}`],
    ['TICK_MISSING', `DELETE FROM _ml_ticks WHERE at = ${START + MINUTE}`],
    ['TICK_NOT_DUE', `UPDATE _ml_ticks SET count = count + 1 WHERE outcome = 'skipped' AND at = ${START + MINUTE}`],
    ['TICK_NOT_DUE', `UPDATE _ml_ticks SET at = at + 1, until = until + 1 WHERE at = ${START + 3 * MINUTE}`],
    ['TICK_DOUBLE', `UPDATE _ml_ticks SET until = until + 60000, count = 3 WHERE at = ${START + MINUTE}`],
    ['TICK_RUN_MISSING', 'DELETE FROM _crap_jobs WHERE rowid = 1'],
  ])('[TICK] names %s', async (code, sql) => {
    await ledger();
    tamper(sql);
    expect(await codes()).toContain(code);
  });

  it.each([
    [
      'purges',
      "UPDATE _crap_jobs SET status = 'completed', completed_at = datetime('now'); DELETE FROM _crap_jobs WHERE status = 'completed'",
    ],
    ['cancels', "DELETE FROM _crap_jobs WHERE status = 'pending'"],
  ])('Regression: takes no tick for one without a run whose run crap-cms %s', async (_act, sql) => {
    await ledger();
    db.database.exec(sql);
    const report = await check();
    expect(report.breaches).toEqual([]);
    expect(report.notes).toHaveLength(1);
  });

  it('judges nothing that was purged', async () => {
    await ledger();
    await db.write(function* (c) {
      yield* store.cancelAllPending(c, undefined, START + 9 * MINUTE);
      yield* store.purge(c, { olderThan: START + 30 * MINUTE }, 100);
      yield* store.purgeTicks(c, START + 8 * MINUTE, 100);
    });
    const report = await check();
    expect(report.breaches).toEqual([]);
    expect(report.notes).toHaveLength(2);
  });

  it('Regression: does not miss what is due this moment where a clock that was ahead has recorded later instants', async () => {
    await ledger();
    await db.write(function* (c) {
      yield* store.recordSchedule(c, { slug: 'u', since: START, schedule: '0 * * * *', timezone: 'UTC' });
      yield* store.recordTick(c, { slug: 'u', at: START + 60 * MINUTE, outcome: 'skipped', reason: 'overlap' }, START + 60 * MINUTE);
    });
    expect((await check(START + 25 * MINUTE + 500)).breaches).toEqual([]);
    await db.write((c) => store.recordTick(c, { slug: 'u', at: START, outcome: 'skipped', reason: 'overlap' }, START + 28 * MINUTE));
    expect((await check(START + 28 * MINUTE)).breaches).toMatchObject([{ code: 'TICK_MISSING', slug: 't', evidence: { count: 1 } }]);
  });

  it('Regression: what a clock that was ahead has recorded proves of no time that a host was up then', async () => {
    await ledger();
    await db.write(function* (c) {
      yield* store.recordSchedule(c, { slug: 'u', since: START, schedule: '0 * * * *', timezone: 'UTC' });
      yield* store.recordTick(c, { slug: 'u', at: START + 60 * MINUTE, outcome: 'skipped', reason: 'overlap' }, START + 60 * MINUTE);
    });
    // It is still ahead, or a host has seen later that it had been.
    expect((await check(START + 40 * MINUTE)).breaches).toEqual([]);
    await db.write((c) => store.noteSetBack(c, START + 25 * MINUTE, START + 60 * MINUTE));
    expect((await check(START + 2 * HOUR)).breaches).toEqual([]);
  });

  it('Regression: does not miss what is still to come in a stretch that is gone through once more', async () => {
    await ledger();
    await db.write(function* (c) {
      yield* store.recordTick(c, { slug: 't', at: START + 60 * MINUTE, outcome: 'run', run: 'r' }, START + 60 * MINUTE);
      yield* store.noteRepeat(c, 't', START + 24 * MINUTE);
    });
    const missing = async () => (await check(START + 50 * MINUTE)).breaches.filter(({ code }) => code === 'TICK_MISSING');
    expect(await missing()).toEqual([]);
    await db.write((c) => store.settleRepeats(c, 't', START + 45 * MINUTE));
    expect(await missing()).toMatchObject([{ slug: 't', at: new Date(START + 25 * MINUTE).toISOString(), evidence: { count: 5 } }]);
  });

  it('misses what another schedule proves that a host should have recorded', async () => {
    await ledger();
    await db.write(function* (c) {
      yield* store.recordSchedule(c, { slug: 'u', since: START, schedule: '0 * * * *', timezone: 'UTC' });
      yield* store.recordTick(c, { slug: 'u', at: START + 60 * MINUTE, outcome: 'skipped', reason: 'overlap' }, START + 60 * MINUTE);
    });
    const { breaches } = await check(START + 2 * HOUR);
    expect(breaches).toMatchObject([{ code: 'TICK_MISSING', slug: 't', evidence: { count: 7 } }]);
  });
});
