import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { caps, NOW, TestStore } from './support.js';

let db: TestStore;
beforeEach(async () => {
  db = await TestStore.create();
});
afterEach(() => db.dispose());

const open = caps({ a: 10, b: 10 });

describe('enqueue', () => {
  it("writes the reference's columns as it does", async () => {
    const id = await db.enqueue('a', { data: '{"x":1}', maxAttempts: 3 });
    expect(id).toMatch(/^[\w-]{21}$/);
    const [row] = await db.read((c) => c.all('SELECT * FROM _crap_jobs'));
    expect(row).toMatchObject({
      slug: 'a',
      status: 'pending',
      queue: 'default',
      data: '{"x":1}',
      attempt: 0,
      max_attempts: 3,
      scheduled_by: 'hook',
      created_at: '2026-01-05 10:00:00',
      retry_after: null,
    });
  });
  it('holds a delayed run back, for crap-cms too', async () => {
    const id = await db.enqueue('a', { dueAt: NOW + 1_500 });
    expect(await db.claim({ concurrency: open, now: NOW + 1_499 })).toEqual([]);
    const [row] = await db.read((c) => c.all('SELECT retry_after FROM _crap_jobs'));
    expect(row).toEqual({ retry_after: '2026-01-05 10:00:02' });
    expect((await db.claim({ concurrency: open, now: NOW + 1_500 })).map((r) => r.id)).toEqual([id]);
  });
  it('gives the id of the run that holds a unique key', async () => {
    const first = await db.enqueue('a', { uniqueKey: 'k' });
    expect(await db.enqueue('a', { uniqueKey: 'k' })).toBe(first);
    expect(await db.enqueue('b', { uniqueKey: 'k' })).not.toBe(first);
    const [claimed] = await db.claim({ concurrency: caps({ a: 1 }) });
    expect(await db.enqueue('a', { uniqueKey: 'k' })).toBe(first);
    await db.write((c) => store.complete(c, { run: first, claim: claimed!.claim, now: NOW, result: null, log: [] }));
    expect(await db.enqueue('a', { uniqueKey: 'k' })).not.toBe(first);
  });
});

describe('claim', () => {
  it('[FAIR] takes priority first, then the oldest, and ages low priority', async () => {
    const old = await db.enqueue('a', {}, NOW - 5_000);
    const young = await db.enqueue('a', {}, NOW - 1_000);
    const urgent = await db.enqueue('b', { priority: 1 }, NOW);
    const low = await db.enqueue('b', { priority: -1 }, NOW);
    const ancient = await db.enqueue('b', { priority: -1 }, NOW - 7_200_000);
    const order = (await db.claim({ concurrency: open })).map((r) => r.id);
    expect(order).toEqual([ancient, urgent, old, young, low]);
  });
  it('[FAIR] a backlog of a full job hides no other', async () => {
    for (let i = 0; i < 50; i++) await db.enqueue('a', {}, NOW - 10_000);
    const other = await db.enqueue('b');
    const claimed = await db.claim({ concurrency: caps({ a: 1, b: 1 }) });
    expect(claimed.map((r) => r.slug)).toEqual(['a', 'b']);
    expect(claimed[1]!.id).toBe(other);
    expect(await db.claim({ concurrency: caps({ a: 1, b: 1 }) })).toEqual([]);
  });
  it('Regression: [FAIR] a backlog in a full queue hides no run of the same job in another', async () => {
    for (let i = 0; i < 50; i++) await db.enqueue('a', { queue: 'q' }, NOW - 10_000);
    const other = await db.enqueue('a', { queue: 'default' });
    const queueConcurrency = new Map([['q', 1]]);
    const claimed = await db.claim({ concurrency: open, queueConcurrency });
    expect(claimed.map((r) => r.queue)).toEqual(['q', 'default']);
    expect(claimed[1]!.id).toBe(other);
    const later = await db.enqueue('a', { queue: 'default' });
    const again = await db.claim({ concurrency: open, queueConcurrency, queues: ['q', 'default'] });
    expect(again.map((r) => r.id)).toEqual([later]);
  });
  it('[CAPS] never exceeds the caps of run, job and queue', async () => {
    for (let i = 0; i < 10; i++) {
      await db.enqueue('a', { queue: 'q' });
      await db.enqueue('b', { queue: 'default' });
    }
    expect(await db.claim({ concurrency: open, maxConcurrent: 3 })).toHaveLength(3);
    expect(await db.claim({ concurrency: open, maxConcurrent: 3 })).toHaveLength(0);
    const more = await db.claim({ concurrency: open, maxConcurrent: 20, queueConcurrency: new Map([['q', 2]]), limit: 20 });
    const inQ = (await db.read((c) => c.all("SELECT COUNT(*) AS n FROM _crap_jobs WHERE status = 'running' AND queue = 'q'")))[0]!['n'];
    expect(inQ).toBe(2);
    expect(more.length).toBeGreaterThan(5);
  });
  it('leaves unknown jobs and other queues alone', async () => {
    await db.enqueue('unknown');
    await db.enqueue('a', { queue: 'other' });
    expect(await db.claim({ concurrency: open, queues: ['default'] })).toEqual([]);
    expect(await db.claim({ concurrency: open, queues: ['other'] })).toHaveLength(1);
  });
  it('takes rows that crap-cms inserted, and honours their retry_after', async () => {
    await db.write((c) => c.run("INSERT INTO _crap_jobs (id, slug, created_at) VALUES ('x', 'a', '2026-01-05 09:59:00')"));
    await db.write((c) =>
      c.run("INSERT INTO _crap_jobs (id, slug, created_at, retry_after) VALUES ('y', 'a', '2026-01-05 09:58:00', '2026-01-05 10:00:05')"),
    );
    expect((await db.claim({ concurrency: open })).map((r) => r.id)).toEqual(['x']);
    expect((await db.claim({ concurrency: open, now: NOW + 6_000 })).map((r) => r.id)).toEqual(['y']);
  });
  it('is served by the partial index, without sorting, whatever the backlog', async () => {
    const { HEADS } = await import('../../src/store/sqlite/claim.js');
    const plan = await db.read((c) => c.all(`EXPLAIN QUERY PLAN ${HEADS}`, ['a', 'default', 5, 3]));
    const text = plan.map((row) => String(row['detail'])).join('\n');
    expect(text).toContain('_ml_jobs_claimable');
    expect(text).not.toContain('TEMP B-TREE');
  });
});

describe('[ONCE] the fence', () => {
  it('refuses what an older claim wants to record', async () => {
    const id = await db.enqueue('a');
    const [first] = await db.claim({ concurrency: open });
    const lost = {
      run: id,
      claim: first!.claim,
      now: NOW,
      outcome: 'lost' as const,
      next: { status: 'pending' as const, dueAt: NOW, spendsAttempt: false },
      log: [],
    };
    expect(await db.write((c) => store.end(c, lost))).toBe('pending');
    const [second] = await db.claim({ concurrency: open });
    expect(second).toMatchObject({ id, attempt: 1 });
    expect(second!.claim).toBeGreaterThan(first!.claim);
    const late = await db.write(function* (c) {
      yield* c.run("INSERT INTO _ml_meta (key, value) VALUES ('effect', '1')");
      return yield* store.complete(c, { run: id, claim: first!.claim, now: NOW, result: '1', log: [] });
    });
    expect(late).toBe(false);
    expect(await db.read((c) => c.all("SELECT * FROM _ml_meta WHERE key = 'effect'"))).toEqual([]);
    expect(await db.write((c) => store.end(c, lost))).toBe(undefined);
    expect(await db.write((c) => store.renew(c, 'h1', [{ run: id, claim: first!.claim }], NOW, NOW + 1))).toEqual(new Set());
    expect(await db.write((c) => store.complete(c, { run: id, claim: second!.claim, now: NOW, result: '2', log: [] }))).toBe(true);
    expect(await db.run(id)).toMatchObject({ status: 'completed', result: '2', error: null });
  });
});

it('Regression: a run that its worker has just completed was said to be taken over by another host, when its lease was renewed right behind the commit', async () => {
  const id = await db.enqueue('a');
  const [run] = await db.claim({ concurrency: open });
  const renew = (host: string, claim: number) => db.write((c) => store.renew(c, host, [{ run: id, claim }], NOW, NOW + 1));
  await db.write((c) => store.complete(c, { run: id, claim: run!.claim, now: NOW, result: '1', log: [] }));
  expect(await renew('h1', run!.claim)).toEqual(new Set([id]));
  expect([await renew('h2', run!.claim), await renew('h1', run!.claim - 1)]).toEqual([new Set(), new Set()]);
});

describe('end', () => {
  it('spends an attempt on a failure, keeps error and log, and waits for the backoff', async () => {
    const id = await db.enqueue('a', { maxAttempts: 2 });
    const [claimed] = await db.claim({ concurrency: open });
    const line = { at: NOW, level: 'info' as const, text: 'said' };
    await db.write((c) =>
      store.end(c, {
        run: id,
        claim: claimed!.claim,
        now: NOW,
        outcome: 'failed',
        error: { code: 'LUA_RUNTIME', message: 'runtime error: x:1: no', traceback: 'stack traceback:' },
        next: { status: 'pending', dueAt: NOW + 5_000, spendsAttempt: true },
        log: [line],
      }),
    );
    expect(await db.run(id)).toMatchObject({
      status: 'pending',
      attempt: 1,
      dueAt: NOW + 5_000,
      error: 'runtime error: x:1: no\nstack traceback:',
    });
    const [attempt] = await db.read((c) => c.all('SELECT * FROM _ml_attempts'));
    expect(attempt).toMatchObject({
      run: id,
      claim: claimed!.claim,
      attempt: 1,
      host: 'h1',
      outcome: 'failed',
      error_code: 'LUA_RUNTIME',
      log: JSON.stringify([line]),
    });
    expect(await db.claim({ concurrency: open, now: NOW + 4_999 })).toEqual([]);
    const [again] = await db.claim({ concurrency: open, now: NOW + 5_000 });
    expect(again).toMatchObject({ attempt: 2 });
  });
  it('gives the attempt back for released and lost claims, and counts losses', async () => {
    const id = await db.enqueue('a');
    for (const outcome of ['released', 'lost'] as const) {
      const [claimed] = await db.claim({ concurrency: open });
      await db.write((c) =>
        store.end(c, {
          run: id,
          claim: claimed!.claim,
          now: NOW,
          outcome,
          next: { status: 'pending', dueAt: NOW, spendsAttempt: false },
          log: [],
        }),
      );
      expect(await db.run(id)).toMatchObject({ status: 'pending', attempt: 0 });
    }
    const [claimed] = await db.claim({ concurrency: open });
    expect(claimed!.attempt).toBe(1);
    expect(await db.read((c) => store.listClaimsOf(c, 'h1', NOW))).toMatchObject([{ run: id, losses: 1, claim: 3 }]);
  });
});

describe('ticks', () => {
  it('[TICK] are recorded once, and consecutive skips for one reason are one row', async () => {
    const at = (n: number) => NOW + n * 60_000;
    const record = (n: number, more: object) =>
      db.write((c) => store.recordTick(c, { slug: 'a', at: at(n), outcome: 'skipped', ...more } as never, NOW));
    expect(await record(0, { reason: 'overlap' })).toBe('recorded');
    expect(await record(1, { reason: 'overlap' })).toBe('folded');
    expect(await record(1, { reason: 'overlap' })).toBe(false);
    expect(await record(2, { outcome: 'run', run: 'r1' })).toBe('recorded');
    expect(await record(2, { outcome: 'run', run: 'r2' })).toBe(false);
    expect(await record(3, { reason: 'overlap' })).toBe('recorded');
    const rows = await db.read((c) => c.all('SELECT at, until, count, outcome, run FROM _ml_ticks ORDER BY at'));
    expect(rows).toEqual([
      { at: at(0), until: at(1), count: 2, outcome: 'skipped', run: null },
      { at: at(2), until: at(2), count: 1, outcome: 'run', run: 'r1' },
      { at: at(3), until: at(3), count: 1, outcome: 'skipped', run: null },
    ]);
    expect(await db.read((c) => store.lastTick(c, 'a'))).toBe(at(3));
  });
  it('[TICK] what of a stretch the ledger holds: rows that begin before it and reach into it too', async () => {
    const rows = [
      [10, 40],
      [50, 50],
      [60, 90],
    ] as const;
    for (const [at, until] of rows) {
      await db.write((c) => store.recordTick(c, { slug: 'a', at, until, count: 2, outcome: 'skipped', reason: `r${at}` }, NOW));
    }
    const within = async (after: number, until: number) =>
      (await db.read((c) => store.ticksWithin(c, 'a', after, until))).map(({ at }) => at);
    expect(await within(0, 9)).toEqual([]);
    expect(await within(0, 10)).toEqual([10]);
    expect(await within(39, 59)).toEqual([10, 50]);
    expect(await within(40, 49)).toEqual([]);
    expect(await within(70, 80)).toEqual([60]);
    expect(await within(90, 200)).toEqual([]);
  });
  it('[TICK] a stretch that a schedule goes through twice ends where its ledger reaches, and is settled bit by bit', async () => {
    const stretches = () => db.read((c) => store.repeatedStretches(c, 'a'));
    await db.write((c) => store.noteRepeat(c, 'a', 100));
    expect(await stretches()).toEqual([]);
    await db.write((c) => store.recordTick(c, { slug: 'a', at: 500, outcome: 'skipped', reason: 'paused' }, NOW));
    await db.write((c) => store.noteRepeat(c, 'a', 500));
    await db.write((c) => store.noteRepeat(c, 'a', 100));
    await db.write((c) => store.noteRepeat(c, 'a', 300, 900));
    const noted = [
      { from: 100, until: 500, settled: 100 },
      { from: 300, until: 900, settled: 300 },
    ];
    expect(await stretches()).toEqual(noted);
    await db.write((c) => store.settleRepeats(c, 'b', 1_000));
    await db.write((c) => store.settleRepeats(c, 'a', 200));
    expect((await stretches()).map(({ settled }) => settled)).toEqual([200, 300]);
    await db.write((c) => store.settleRepeats(c, 'a', 1_000));
    expect((await stretches()).map(({ settled }) => settled)).toEqual([500, 900]);
  });
  it('[TICK] skips for different reasons are rows of their own', async () => {
    const at = (n: number) => NOW + n * 60_000;
    for (const [n, reason] of ['overlap', 'paused', 'paused', 'overlap'].entries()) {
      await db.write((c) => store.recordTick(c, { slug: 'a', at: at(n), outcome: 'skipped', reason }, NOW));
    }
    const rows = await db.read((c) => c.all('SELECT at, count, reason FROM _ml_ticks ORDER BY at'));
    expect(rows).toEqual([
      { at: at(0), count: 1, reason: 'overlap' },
      { at: at(1), count: 2, reason: 'paused' },
      { at: at(3), count: 1, reason: 'overlap' },
    ]);
  });
});

describe('purge', () => {
  it('removes ended runs by the time they ended, with their attempts, in batches', async () => {
    const ids = [];
    for (let i = 0; i < 3; i++) {
      const id = await db.enqueue('a');
      const [claimed] = await db.claim({ concurrency: open });
      await db.write((c) => store.complete(c, { run: id, claim: claimed!.claim, now: NOW - i * 86_400_000, result: null, log: [] }));
      ids.push(id);
    }
    await db.enqueue('a');
    expect(await db.write((c) => store.purge(c, { olderThan: NOW - 3_600_000 }, 1))).toBe(1);
    expect(await db.write((c) => store.purge(c, { olderThan: NOW - 3_600_000 }, 10))).toBe(1);
    expect(await db.write((c) => store.purge(c, { olderThan: NOW - 3_600_000 }, 10))).toBe(0);
    expect((await db.read((c) => store.listRuns(c, { limit: 10 }))).map((r) => r.status).sort()).toEqual(['completed', 'pending']);
    expect(await db.read((c) => c.all('SELECT run FROM _ml_attempts'))).toEqual([{ run: ids[0] }]);
  });
});
