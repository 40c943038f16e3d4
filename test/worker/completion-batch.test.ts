import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Op, runAsync } from '../../src/domain/op.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import type { Db } from '../../src/store/db.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { CompletionBatch } from '../../src/worker/completion-batch.js';

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
