/**
 * Days of simulated time with random faults, from one seed: hosts die and come back, with other definitions than the one beside them, commits fail,
 * acts are slow, the clock jumps.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Clock } from '../../src/domain/clock.js';
import { runAsync } from '../../src/domain/op.js';
import { type VerifyReport, verifyStore } from '../../src/operations/verify.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, readNow, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { jobs } from '../host/stage.js';
import { randomOf } from '../support/random.js';
import { limitsOf, SimHost, type SimWorld } from './sim-host.js';

/** The clock changes in Berlin in the night of the day. */
const START = Date.UTC(2026, 2, 28, 12);
const RATE = { limit: 5, per: 60 };

/** What hosts start with, one after the other: a rolling deployment is the rule. */
const FIRST = jobs(
  { slug: 'minutely', schedule: '* * * * *', retries: 1 },
  { slug: 'often', schedule: '*/20 * * * * *', skipIfRunning: false, concurrency: 2, priority: 1 },
  { slug: 'berlin', schedule: '*/15 1-3 * * *', timezone: 'Europe/Berlin', misfire: 'once', jitter: 30 },
  { slug: 'gap', schedule: '30 2 * * *', timezone: 'Europe/Berlin', dst: { gap: 'skip' }, misfire: 'all', misfireLimit: 5 },
  { slug: 'caught_up', schedule: '7 * * * *', misfire: 'all', misfireLimit: 3, queue: 'slow' },
  { slug: 'work', concurrency: 3, retries: 2, queue: 'slow', rateLimit: RATE },
  { slug: 'follow', concurrency: 2, retries: 2, keyConcurrency: 1 },
);
const EDITED = jobs(
  { slug: 'minutely', schedule: '*/2 * * * *', retries: 1, misfire: 'once' },
  { slug: 'often', skipIfRunning: false, concurrency: 1, priority: 1 },
  { slug: 'berlin', schedule: '*/10 1-3 * * *', timezone: 'Europe/Berlin', dst: { gap: 'before', overlap: 'second' }, misfire: 'all' },
  { slug: 'gap', schedule: '30 2 * * *', timezone: 'Europe/Berlin', dst: { gap: 'after' } },
  { slug: 'caught_up', schedule: '7 * * * *', from: START + 5 * 3_600_000, until: START + 20 * 3_600_000, queue: 'slow' },
  { slug: 'new', schedule: '*/40 * * * * *', misfire: 'once' },
  { slug: 'work', concurrency: 2, retries: 2, queue: 'slow', rateLimit: RATE },
  { slug: 'follow', concurrency: 2, retries: 2, keyConcurrency: 1 },
);

export interface Day {
  report: VerifyReport;
  deaths: number;
  jumps: number;
  /** Hosts that came with other definitions than the one before them. */
  edits: number;
  /** Runs asked for whose commit returned, and are not there. */
  missing: string[];
  /** Runs whose effects are not as many as their completions. */
  wrong: string[];
  /** By status. */
  statuses: Record<string, number>;
  outcomes: Record<string, number>;
}

/** vitest's fake timers must be on. */
export async function simulate(seed: number, hours: number): Promise<Day> {
  const folder = mkdtempSync(join(tmpdir(), 'ml-day-'));
  const random = randomOf(seed);
  vi.setSystemTime(START);
  let offset = 0;
  const clock: Clock = { now: () => Date.now() + offset, monotonic: () => Date.now() };
  const path = join(folder, 'crap.db');
  const database = openDatabase({ path, create: true });
  await runAsync(
    writeTransaction(database, noQueue, 'test', function* (db) {
      yield* migrate(db);
      yield* db.run('CREATE TABLE effects (run TEXT NOT NULL)');
    }),
  );
  const faults = { commit: 0.01, slow: 0.01, unknown: 0.1 };
  const world: SimWorld = { path, clock, registry: FIRST, faults, random, alive: new Set() };
  const hosts: SimHost[] = [];
  const all: SimHost[] = [];
  const asked: string[] = [];
  let deaths = 0;
  let jumps = 0;
  let edits = 0;
  const join_ = () => {
    const host = new SimHost(`host-${all.length + 1}`, world);
    hosts.push(host);
    all.push(host);
    void host.start();
  };
  join_();
  join_();
  const end = START + hours * 3_600_000;
  // The last hour is quiet: what was begun is finished.
  const quiet = end - 3_600_000;
  while (Date.now() < end) {
    const calm = Date.now() >= quiet;
    if (calm) Object.assign(faults, { commit: 0, slow: 0, unknown: 0 });
    await vi.advanceTimersByTimeAsync(1_000 + random() * 19_000);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (!calm && random() < 1 / 150 && hosts.length > 0) {
      deaths++;
      hosts.splice(Math.floor(random() * hosts.length), 1)[0]!.die();
    }
    if (hosts.length < 2 && (calm || random() < 1 / 40)) {
      const registry = calm ? FIRST : random() < 0.5 ? FIRST : EDITED;
      if (registry !== world.registry) edits++;
      world.registry = registry;
      join_();
    }
    if (!calm && random() < 1 / 500) {
      jumps++;
      offset += (random() - 0.5) * (random() < 0.2 ? 7_200_000 : 1_200_000);
      offset = Math.round(offset);
    }
    if (!calm && random() < 0.3) {
      const request = { slug: 'work', data: '{}', queue: 'slow', maxAttempts: 3, scheduledBy: 'api' as const };
      const later = random() < 0.2 ? { dueAt: clock.now() + random() * 600_000 } : {};
      const { id } = await runAsync(
        writeTransaction(database, noQueue, 'test', (db) => store.enqueue(db, { ...request, ...later }, clock.now())),
      );
      asked.push(id);
      hosts[0]?.wake();
    }
  }
  const day = { ...account(database, clock.now(), asked), deaths, jumps, edits };
  for (const host of hosts) host.die();
  for (const host of all) host.close();
  database.close();
  rmSync(folder, { recursive: true, force: true });
  return day;
}

function account(database: Database, now: number, asked: readonly string[]): Omit<Day, 'deaths' | 'jumps' | 'edits'> {
  const limits = limitsOf(FIRST);
  const report = readNow(database, (db) => verifyStore(db, store, { now, limits, rescueWithinMs: 300_000 }));
  const there = new Set(database.all('SELECT id FROM _crap_jobs').map(({ id }) => String(id)));
  const wrong = database.all(
    `SELECT j.id FROM _crap_jobs j WHERE (SELECT count(*) FROM effects e WHERE e.run = j.id) <> (j.status = 'completed')
     UNION ALL SELECT run FROM effects WHERE run NOT IN (SELECT id FROM _crap_jobs)`,
  );
  const counts = (sql: string) => Object.fromEntries(database.all(sql).map(({ name, n }) => [String(name), Number(n)]));
  return {
    report,
    missing: asked.filter((id) => !there.has(id)),
    wrong: wrong.map(({ id }) => String(id)),
    statuses: counts('SELECT status AS name, count(*) AS n FROM _crap_jobs GROUP BY status ORDER BY status'),
    outcomes: counts('SELECT outcome AS name, count(*) AS n FROM _ml_attempts GROUP BY outcome ORDER BY outcome'),
  };
}
