/** What is killed: runs that create numbered documents before and after a pause and queue follow-ups, a schedule of every second; and the account of it. */
import { join } from 'node:path';
import { runAsync } from '../../src/domain/op.js';
import { loadProject } from '../../src/host/load-project-thread.js';
import { hostSettings } from '../../src/host/settings.js';
import { type VerifyReport, verifyStore } from '../../src/operations/verify.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { noQueue, readNow, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { job, numbers, RunningHost } from '../host/running.js';

/** Follow-ups have their number beyond this. */
const FOLLOW = 1_000_000;

export const FILES: Record<string, string> = {
  'moonlighter.toml': '[workers]\nthreads = 1\n',
  'collections/numbers.lua': numbers.replace(', unique = true', ''),
  'collections/beats.lua': 'crap.collections.define("beats", { fields = { crap.fields.number({ name = "at" }) } })\n',
  ...job(
    'number',
    'concurrency = 6, retries = 1',
    `crap.collections.create("numbers", { number = ctx.data.n })
crap.jobs.queue("follow", { n = ctx.data.n + ${FOLLOW} })
if ctx.data.n % 3 == 0 then crap.sleep(0.02) end
local found = crap.collections.find("numbers", { where = { number = ctx.data.n } })
crap.collections.update("numbers", found.documents[1].id, { number = ctx.data.n })
return { n = ctx.data.n }`,
  ),
  ...job('follow', 'concurrency = 3, priority = 1', 'crap.collections.create("numbers", { number = ctx.data.n })'),
  ...job('beat', 'concurrency = 1, skip_if_running = false, schedule = "* * * * * *"', 'crap.collections.create("beats", { at = 1 })'),
};

/** A prepared folder, a connection of ours to its database, and what was acknowledged to us. */
export class Workload {
  readonly acknowledged: number[] = [];
  readonly running: RunningHost;
  readonly database: Database;

  private constructor(running: RunningHost) {
    this.running = running;
    this.database = openDatabase({ path: running.databasePath });
  }

  static async prepare(): Promise<Workload> {
    return new Workload(await RunningHost.prepare(FILES));
  }

  get dir(): string {
    return this.running.folder.dir;
  }

  /** So many more runs, each committed by itself; those of which the commit returned are acknowledged. */
  async enqueue(count: number): Promise<void> {
    for (let left = count; left > 0; left--) {
      const n = this.acknowledged.length + 1;
      const request = { slug: 'number', data: JSON.stringify({ n }), queue: 'default', maxAttempts: 2, scheduledBy: 'api' as const };
      await runAsync(writeTransaction(this.database, noQueue, 'test', (db) => store.enqueue(db, request, Date.now())));
      this.acknowledged.push(n);
    }
  }

  count(sql: string): number {
    return Number(this.database.get(sql)!['n']);
  }

  /** What waits for its backoff after a loss comes due at once. Ends with how many. */
  hurry(): number {
    const sql = "UPDATE _crap_jobs SET _ml_due = 1, retry_after = NULL, _ml_waits = _ml_waits & ~1 WHERE status = 'pending'";
    return this.database.runRaw(sql);
  }

  /** Runs that were lost three times in a row end as stale, as they should; they are tried again. Ends with how many. */
  async retryStale(): Promise<number> {
    const stale = this.database.all("SELECT id FROM _crap_jobs WHERE status = 'stale'");
    for (const { id } of stale) {
      await runAsync(writeTransaction(this.database, noQueue, 'test', (db) => store.retry(db, String(id), Date.now())));
    }
    return stale.length;
  }

  async verify(): Promise<VerifyReport> {
    const { config, moonlighter, registry } = await loadProject(this.dir);
    const settings = hostSettings(config, moonlighter, undefined);
    const limits = {
      total: settings.maxConcurrent,
      queues: settings.queueConcurrency,
      jobs: new Map([...registry.jobs.values()].map(({ slug, concurrency }) => [slug, concurrency])),
      rates: new Map(),
    };
    return readNow(this.database, (db) => verifyStore(db, store, { now: Date.now(), limits, rescueWithinMs: 60_000 }));
  }

  /** Numbers whose documents are not exactly one: missing = lost, more = doubled. */
  wrongEffects(): { lost: number[]; doubled: number[] } {
    const counts = new Map<number, number>();
    for (const { number, n } of this.database.all('SELECT number, count(*) AS n FROM numbers GROUP BY number'))
      counts.set(Number(number), Number(n));
    const expected = this.acknowledged.flatMap((n) => [n, n + FOLLOW]);
    return {
      lost: expected.filter((n) => !counts.has(n)),
      doubled: [...counts].filter(([n, count]) => count > 1 || !expected.includes(n)).map(([n]) => n),
    };
  }

  async dispose(): Promise<void> {
    this.database.close();
    await this.running.dispose();
  }
}

export const script = (name: string) => join(import.meta.dirname, name);
