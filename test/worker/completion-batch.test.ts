import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Op, runAsync } from '../../src/domain/op.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import type { Db } from '../../src/store/db.js';
import { type Database, openDatabase, watchStatements } from '../../src/store/sqlite/database.js';
import { CompletionBatch } from '../../src/worker/completion-batch.js';
import { drive, RunControl } from '../../src/worker/run-control.js';

let dir: string;
let database: Database;
let batch: CompletionBatch;
let queue: FairWriteQueue;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ml-batch-'));
  const path = join(dir, 'crap.db');
  database = openDatabase({ path, create: true });
  database.exec('CREATE TABLE ended (run TEXT PRIMARY KEY)');
  queue = new FairWriteQueue();
  batch = new CompletionBatch(() => openDatabase({ path }), queue);
});
afterEach(() => {
  watchStatements(undefined);
  batch.close();
  database.close();
  rmSync(dir, { recursive: true, force: true });
});

const ended = () => database.all('SELECT run FROM ended ORDER BY run').map((row) => row['run']);
const end = (run: string, kept = true) =>
  runAsync(
    batch.add(function* (db: Db): Op<boolean> {
      yield* db.run('INSERT INTO ended (run) VALUES (?)', [run]);
      return kept;
    }),
  );

it('[ONCE] completions share a commit; one whose fence refuses, or that fails by itself, undoes only itself', async () => {
  const outcomes = await Promise.allSettled([end('a'), end('b', false), end('a'), end('c')]);
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'failed'))).toEqual([true, false, 'failed', true]);
  expect(ended()).toEqual(['a', 'c']);
  expect(queue.holder).toBeUndefined();
});

it.each([
  ['one whose fence refuses', () => [end('a'), end('b', false), end('c')], false],
  ['one that fails by itself', () => [end('a'), end('a'), end('c')], 'failed'],
] as const)('[ONCE] %s undoes only itself where nothing else is wrong', async (_name, begin, second) => {
  const outcomes = await Promise.allSettled(begin());
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'failed'))).toEqual([true, second, true]);
  expect(ended()).toEqual(['a', 'c']);
  expect(queue.holder).toBeUndefined();
});

it('what gathers while a batch waits for the writer goes with the next', async () => {
  const other = openDatabase({ path: join(dir, 'crap.db') });
  other.run('BEGIN IMMEDIATE');
  const first = end('a');
  const rest = [end('b'), end('c')];
  setImmediate(() => other.run('ROLLBACK'));
  expect(await Promise.all([first, ...rest])).toEqual([true, true, true]);
  expect(ended()).toEqual(['a', 'b', 'c']);
  other.close();
});

it('[STOP] one that is stopped while it waits for the writer is not recorded, and those beside it are', async () => {
  const held = (await queue.request('somebody').start()) as { release(): void };
  const first = end('a');
  const control = new RunControl();
  const second = drive(
    batch.add(function* (db: Db): Op<boolean> {
      yield* db.run("INSERT INTO ended (run) VALUES ('b')");
      return true;
    }),
    control,
  );
  control.stop('cancelled');
  await expect(second).rejects.toMatchObject({ reason: 'cancelled' });
  held.release();
  expect(await first).toBe(true);
  expect(ended()).toEqual(['a']);
});

it('[ONCE] is told only once it is committed: a commit that fails fails all of them', async () => {
  watchStatements((sql) => {
    if (sql === 'COMMIT') throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  });
  const outcomes = await Promise.allSettled([end('a'), end('b')]);
  watchStatements(undefined);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
  expect(ended()).toEqual([]);
  expect(await end('a')).toBe(true);
});

it('[DURABLE] where the database cannot be opened those who wait are told, and the next are tried again', async () => {
  const path = join(dir, 'crap.db');
  let fails = true;
  const own = new CompletionBatch(() => {
    if (fails) throw new Error('no database');
    return openDatabase({ path });
  }, queue);
  const add = (run: string) =>
    runAsync(
      own.add(function* (db: Db): Op<boolean> {
        yield* db.run('INSERT INTO ended (run) VALUES (?)', [run]);
        return true;
      }),
    );
  await expect(add('a')).rejects.toThrow('no database');
  fails = false;
  expect(await add('b')).toBe(true);
  own.close();
  expect(ended()).toEqual(['b']);
});
