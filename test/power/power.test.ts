/**
 * A power cut, as far as it can be modelled from above the file system: the write-ahead log is the record of what was written, and the sizes that it
 * had at each commit say what was synced. Crash states are made of what was synced, and of the rest with 512-byte sectors kept, lost (what
 * stood there before, or zeros), torn or filled with rubbish, in any combination; each is opened and judged. Not modelled: disks that lie about
 * a sync or damage neighbours of what they write, and whether SQLite syncs when it says that it does. MOONLIGHTER_TEST_SEED repeats the cuts of a seed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { runAsync } from '../../src/domain/op.js';
import { verifyStore } from '../../src/operations/verify.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, readNow, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { caps, NOW } from '../store/support.js';
import { randomOf } from '../support/random.js';

const SECTOR = 512;
/** Bytes of the log before its first frame. */
const HEADER = 32;
const ROUNDS = 40;
const TRIALS = Number(process.env['MOONLIGHTER_TEST_POWER_CUTS'] ?? 150);
const LIMITS = { total: 10, queues: new Map(), jobs: caps({ a: 5, b: 5 }), rates: new Map() };

/** What the file and its log were when a commit had returned. */
interface Moment {
  main: Buffer;
  wal: Buffer;
  /** Runs whose enqueue, and runs whose completion, had returned. */
  acknowledged: string[];
  completed: string[];
  /** Of the newest moment at which the log was synced, with synchronous = normal. */
  checkpoint: number;
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'ml-power-'));
  folders.push(made);
  return made;
}

const write = <T>(database: Database, body: Parameters<typeof writeTransaction<T>>[3]) =>
  runAsync(writeTransaction(database, noQueue, 'test', body));

/** Enqueues, claims, and completes with an effect and a follow-up in one transaction; every commit is a moment. Checkpoints now and then. */
async function record(synchronous: 'normal' | 'full', random: () => number): Promise<Moment[]> {
  const path = join(folder(), 'crap.db');
  const database = openDatabase({ path, create: true, synchronous });
  expect(Number(database.get('PRAGMA synchronous')!['synchronous'])).toBe(synchronous === 'full' ? 2 : 1);
  await write(database, function* (db) {
    yield* migrate(db);
    yield* db.run('CREATE TABLE effects (run TEXT NOT NULL, padding BLOB)');
  });
  database.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA wal_checkpoint(TRUNCATE)');
  const moments: Moment[] = [];
  const acknowledged: string[] = [];
  const completed: string[] = [];
  let checkpoint = 0;
  const note = () =>
    moments.push({
      main: readFileSync(path),
      wal: readFileSync(`${path}-wal`),
      acknowledged: [...acknowledged],
      completed: [...completed],
      checkpoint,
    });
  note();
  const enqueue = (slug: string) => ({ slug, data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'api' as const });
  for (let round = 0; round < ROUNDS; round++) {
    const now = NOW + round * 1000;
    acknowledged.push((await write(database, (db) => store.enqueue(db, enqueue('a'), now))).id);
    note();
    const request = { host: 'h1', now, leaseUntil: now + 1e12, limit: 2, maxConcurrent: 10, concurrency: LIMITS.jobs };
    const claimed = await write(database, (db) => store.claim(db, request));
    note();
    for (const run of claimed) {
      await write(database, function* (db) {
        yield* db.run('INSERT INTO effects (run, padding) VALUES (?, zeroblob(?))', [run.id, Math.floor(random() * 9000)]);
        if (run.slug === 'a') acknowledged.push((yield* store.enqueue(db, enqueue('b'), now)).id);
        return yield* store.complete(db, { run: run.id, claim: run.claim, now: now + 10, result: '1', log: [] });
      });
      completed.push(run.id);
      note();
    }
    if (random() < 0.15) {
      // The log is synced, the pages go to the file, that is synced; the next commit begins the log anew over the old one.
      database.exec('PRAGMA wal_checkpoint(RESTART)');
      checkpoint = moments.length;
      note();
    }
  }
  database.close();
  return moments;
}

/**
 * `before` with the sectors of `after` that differ: each written, lost, torn in the middle, or rubbish. Bytes of a sector that were not written
 * stay (SQLite counts on that: SQLITE_IOCAP_POWERSAFE_OVERWRITE).
 */
function cut(before: Buffer, after: Buffer, random: () => number): Buffer {
  const state = Buffer.alloc(Math.max(before.length, after.length));
  before.copy(state);
  const style = random();
  // A file system may also have kept the old length.
  const length = random() < 0.3 ? before.length + Math.floor(random() * Math.max(after.length - before.length + 1, 0)) : state.length;
  for (let at = 0; at < after.length; at += SECTOR) {
    let [from, until] = [at, Math.min(at + SECTOR, after.length)];
    while (from < until && after[from] === state[from]) from++;
    while (until > from && after[until - 1] === state[until - 1]) until--;
    if (from === until) continue;
    const chance = random();
    const torn = from + Math.floor(random() * (until - from));
    if (style < 0.2 || chance < style) after.copy(state, from, from, until);
    else if (chance < style + 0.1) after.copy(state, from, from, torn);
    else if (chance < style + 0.15) for (let byte = from; byte < until; byte++) state[byte] = Math.floor(random() * 256);
  }
  return state.subarray(0, length);
}

/** A log that begins anew has its header synced before any frame of it is written, with both settings. */
function cutLog(before: Buffer, after: Buffer, random: () => number): Buffer {
  if (before.subarray(0, HEADER).equals(after.subarray(0, HEADER))) return cut(before, after, random);
  const begun = Buffer.from(before.length < HEADER ? Buffer.alloc(HEADER) : before);
  after.copy(begun, 0, 0, HEADER);
  return random() < 0.2 ? cut(before, begun, random) : cut(begun, after, random);
}

/** Opens the state and judges it; which of the acknowledged runs and completions are there. */
function judge(main: Buffer, wal: Buffer, seed: number): { runs: Set<string>; completed: Set<string> } {
  const path = join(folder(), 'crap.db');
  writeFileSync(path, main);
  writeFileSync(`${path}-wal`, wal);
  const database = openDatabase({ path });
  try {
    expect([seed, database.get('PRAGMA integrity_check')!['integrity_check']]).toEqual([seed, 'ok']);
    const limits = { now: NOW + 3_600_000, limits: LIMITS, rescueWithinMs: 1e12 };
    expect([seed, readNow(database, (db) => verifyStore(db, store, limits)).breaches]).toEqual([seed, []]);
    const ids = (sql: string) => database.all(sql).map(({ id }) => String(id));
    const completed = ids("SELECT id FROM _crap_jobs WHERE status = 'completed' ORDER BY id");
    expect([seed, ids('SELECT run AS id FROM effects ORDER BY run')]).toEqual([seed, completed]);
    return { runs: new Set(ids('SELECT id FROM _crap_jobs')), completed: new Set(completed) };
  } finally {
    database.close();
    rmSync(folders.pop()!, { recursive: true, force: true });
  }
}

/** Ids of a set that is a beginning of the list. */
function isBeginning(list: readonly string[], found: ReadonlySet<string>): boolean {
  return list.slice(0, found.size).every((id) => found.has(id)) && found.size <= list.length;
}

it('[DURABLE] with synchronous = "full" a power cut never takes an acknowledged run or a completed effect', async () => {
  const seed = Number(process.env['MOONLIGHTER_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  const random = randomOf(seed);
  const moments = await record('full', random);
  for (let trial = 0; trial < TRIALS; trial++) {
    // Everything up to the moment is synced; the next commit, or the next checkpoint's writes to the file, are in flight.
    const at = Math.floor(random() * (moments.length - 1));
    const [synced, next] = [moments[at]!, moments[at + 1]!];
    const { runs, completed } = judge(cut(synced.main, next.main, random), cutLog(synced.wal, next.wal, random), seed);
    expect([seed, synced.acknowledged.filter((id) => !runs.has(id))]).toEqual([seed, []]);
    expect([seed, synced.completed.filter((id) => !completed.has(id))]).toEqual([seed, []]);
  }
  process.stdout.write(`power cuts, full: ${TRIALS} of ${moments.length} commits, nothing acknowledged lost (seed ${seed})\n`);
}, 120_000);

it('[ONCE] with synchronous = "normal" a power cut takes the newest commits only, corrupts nothing, and doubles no effect', async () => {
  const seed = Number(process.env['MOONLIGHTER_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  const random = randomOf(seed);
  const moments = await record('normal', random);
  let lost = 0;
  for (let trial = 0; trial < TRIALS; trial++) {
    // Only a checkpoint syncs: everything since the last one is in flight, in any order.
    const at = 1 + Math.floor(random() * (moments.length - 1));
    const now = moments[at]!;
    const synced = moments[now.checkpoint]!;
    const { runs, completed } = judge(synced.main, cutLog(synced.wal, now.wal, random), seed);
    expect([seed, isBeginning(now.acknowledged, runs), isBeginning(now.completed, completed)]).toEqual([seed, true, true]);
    expect([seed, synced.acknowledged.filter((id) => !runs.has(id))]).toEqual([seed, []]);
    if (runs.size < now.acknowledged.length) lost++;
  }
  // The model does cut something: otherwise it would prove nothing.
  expect(lost).toBeGreaterThan(TRIALS / 10);
  process.stdout.write(`power cuts, normal: ${TRIALS}, ${lost} of them took the newest runs (seed ${seed})\n`);
}, 120_000);

it('the judge is no friend: a log that was cut in the middle of its synced part loses acknowledged runs', async () => {
  const moments = await record('full', randomOf(1));
  const last = moments.at(-1)!;
  const base = moments[last.checkpoint]!;
  const { runs } = judge(base.main, last.wal.subarray(0, Math.floor(last.wal.length / 2) - 100), 1);
  const first = judge(moments[0]!.main, Buffer.alloc(0), 1);
  expect(Math.min(runs.size, first.runs.size)).toBeLessThan(last.acknowledged.length);
});
