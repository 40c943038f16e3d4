import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunAbort, StoreUnavailableError } from '../../src/domain/errors.js';
import { type Op, runAsync, runSync } from '../../src/domain/op.js';
import { type Db, SqlError } from '../../src/store/db.js';
import { noQueue, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { PerCallTransaction, RunTransaction } from '../../src/store/sqlite/transaction.js';
import type { WriteQueue } from '../../src/store/writer.js';
import { TestStore } from './support.js';

let db: TestStore;
let other: TestStore;
let granted: string[];
let held: number;
const queue: WriteQueue = {
  request: (owner) => ({
    reason: 'write_queue',
    start: async () => {
      granted.push(owner);
      held++;
      return { release: () => void held-- };
    },
  }),
};
const insert = "INSERT INTO _ml_meta (key, value) VALUES (?, 'x')";
const keys = async (from: TestStore) =>
  (await from.read((c) => c.all("SELECT key FROM _ml_meta WHERE value = 'x' ORDER BY key"))).map((r) => r['key']);

beforeEach(async () => {
  db = await TestStore.create();
  other = db.another();
  granted = [];
  held = 0;
});
afterEach(() => {
  other.dispose();
  db.dispose();
});

describe('RunTransaction', () => {
  it('reads one snapshot without the write queue', async () => {
    const run = new RunTransaction(db.database, queue, { owner: 'r' });
    runSync(run.all('SELECT * FROM _ml_meta'));
    await other.write((c) => c.run(insert, ['later']));
    expect(runSync(run.all("SELECT * FROM _ml_meta WHERE key = 'later'"))).toEqual([]);
    expect([run.isWriter, granted]).toEqual([false, []]);
    run.rollback();
  });

  it('becomes the writer at its first write and lets go at its end', async () => {
    const run = new RunTransaction(db.database, queue, { owner: 'r' });
    await runAsync(run.run(insert, ['a']));
    expect([run.isWriter, granted, held]).toEqual([true, ['r'], 1]);
    await runAsync(run.commit());
    expect([run.isWriter, held]).toEqual([false, 0]);
    expect(await keys(other)).toEqual(['a']);
  });

  it('[ONCE] is given up when another commit came between its snapshot and its first write', async () => {
    const run = new RunTransaction(db.database, queue, { owner: 'r' });
    runSync(run.all('SELECT * FROM _ml_meta'));
    await other.write((c) => c.run(insert, ['other']));
    await expect(runAsync(run.run(insert, ['mine']))).rejects.toMatchObject({ name: 'RunAbort', reason: 'conflict' });
    run.rollback();
    expect(held).toBe(0);
    expect(await keys(other)).toEqual(['other']);
  });

  it('waits for another program that holds the lock, and names it when it takes too long', async () => {
    const holder = new RunTransaction(other.database, noQueue, { owner: 'other', mode: 'immediate' });
    await runAsync(holder.run(insert, ['held']));
    const run = new RunTransaction(db.database, queue, { owner: 'r', mode: 'immediate' });
    const writing = runAsync(run.run(insert, ['mine']));
    const freed = new Promise((resolve) => setImmediate(() => resolve(runAsync(holder.commit()))));
    await Promise.all([writing, freed]);
    await runAsync(run.commit());
    expect(await keys(other)).toEqual(['held', 'mine']);

    const again = new RunTransaction(other.database, noQueue, { owner: 'other', mode: 'immediate' });
    await runAsync(again.run(insert, ['again']));
    db.database.busyTimeoutMs = 20;
    const impatient = new RunTransaction(db.database, queue, { owner: 'r', mode: 'immediate' });
    const failed = await runAsync(impatient.run(insert, ['never'])).catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(StoreUnavailableError);
    expect(failed).toMatchObject({ code: 'WRITE_LOCK_BUSY' });
    expect(held).toBe(0);
    again.rollback();
  });

  for (const mode of ['deferred', 'immediate'] as const) {
    it(`Regression: given up while it waits for the file's lock, it lets go of the write queue (${mode})`, async () => {
      const holder = new RunTransaction(other.database, noQueue, { owner: 'other', mode: 'immediate' });
      await runAsync(holder.run(insert, ['held']));
      const run = new RunTransaction(db.database, queue, { owner: 'r', mode });
      if (mode === 'deferred') runSync(run.all('SELECT * FROM _ml_meta'));
      const writing = run.run(insert, ['mine']);
      const asked = writing.next();
      const waits = writing.next(asked.done ? undefined : await asked.value.start());
      expect([held, !waits.done && waits.value.reason]).toEqual([1, 'write_lock']);
      // A coroutine that is stopped is never resumed, and with it this operation.
      run.rollback();
      expect(held).toBe(0);
      holder.rollback();
    });
  }

  it('Regression: [ONCE] after SQLite has rolled back by itself nothing is written any more, and nothing is committed', async () => {
    const run = new RunTransaction(db.database, queue, { owner: 'r' });
    await runAsync(run.run(insert, ['a']));
    const own = "INSERT OR ROLLBACK INTO _ml_meta (key, value) VALUES ('a', 'x')";
    await expect(runAsync(run.run(own))).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' });
    for (const op of [
      run.run(insert, ['b']),
      run.savepoint(() => run.run(insert, ['c'])),
      run.get('SELECT 1'),
      run.commit(),
    ] as Op<unknown>[]) {
      await expect(runAsync(op)).rejects.toMatchObject({ code: 'TRANSACTION_LOST', retryable: true });
    }
    expect([await keys(other), held]).toEqual([[], 0]);
  });

  it('Regression: a frame that cannot be suspended waits 250 ms for the lock of another program, not for busy_timeout', async () => {
    const holder = new RunTransaction(other.database, noQueue, { owner: 'other', mode: 'immediate' });
    await runAsync(holder.run(insert, ['held']));
    db.database.busyTimeoutMs = 30_000;
    const blocking = new RunTransaction(db.database, queue, { owner: 'r' }).run(insert, ['mine']);
    const asked = blocking.next();
    let step = blocking.next(asked.done ? undefined : await asked.value.start());
    const begun = performance.now();
    expect(() => {
      while (!step.done) {
        try {
          step = blocking.next(step.value.block?.());
        } catch (error) {
          step = blocking.throw(error);
        }
      }
    }).toThrow(expect.objectContaining({ code: 'WRITE_LOCK_BUSY', remedy: expect.stringContaining('sort comparators') }));
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(held).toBe(0);
    holder.rollback();
  });

  it('savepoints undo what failed and nothing else', async () => {
    const run = new RunTransaction(db.database, queue, { owner: 'r' });
    await runAsync(run.run(insert, ['a']));
    const failing = function* (): Op<void> {
      yield* run.run(insert, ['b']);
      yield* run.savepoint(() => run.run(insert, ['c']));
      throw new Error('undone');
    };
    await expect(runAsync(run.savepoint(failing))).rejects.toThrow('undone');
    const constraint = await runAsync(run.savepoint(() => run.run(insert, ['a']))).catch((e: unknown) => e);
    expect(constraint).toBeInstanceOf(SqlError);
    expect(constraint).toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY', number: 1555 });
    await runAsync(run.savepoint(() => run.run(insert, ['d'])));
    await runAsync(run.commit());
    expect(await keys(other)).toEqual(['a', 'd']);
  });

  it('[STOP] a scan past the deadline raises', async () => {
    db.database.deadline = performance.now() + 30;
    const run = new RunTransaction(db.database, queue, { owner: 'r' });
    const scan = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n WHERE ml_tick()';
    const begun = process.cpuUsage();
    expect(() => runSync(run.all(scan))).toThrow(RunAbort);
    expect(process.cpuUsage(begun).user).toBeLessThan(250_000);
    run.rollback();
    db.database.deadline = Number.POSITIVE_INFINITY;
  });
});

describe('PerCallTransaction', () => {
  it('commits each outermost savepoint and each write by itself', async () => {
    const calls = new PerCallTransaction(db.database, queue, { owner: 'r' });
    await runAsync(calls.savepoint(() => calls.run(insert, ['a'])));
    expect(await keys(other)).toEqual(['a']);
    await runAsync(calls.run(insert, ['b']));
    const failing = function* (): Op<void> {
      yield* calls.run(insert, ['c']);
      throw new Error('undone');
    };
    await expect(runAsync(calls.savepoint(failing))).rejects.toThrow('undone');
    expect(await keys(other)).toEqual(['a', 'b']);
    expect(held).toBe(0);
  });
});

it('[DURABLE] kill -9 within a transaction leaves nothing of it and all of what was committed before', async () => {
  const script = `
    const Driver = (await import('better-sqlite3')).default;
    const db = new Driver(process.argv[1]);
    db.exec("INSERT INTO _ml_meta (key, value) VALUES ('committed', 'x')");
    db.exec("BEGIN IMMEDIATE; INSERT INTO _ml_meta (key, value) VALUES ('open', 'x')");
    process.stdout.write('ready');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, db.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await keys(other)).toEqual(['committed']);
  await other.write((c) => c.run(insert, ['after']));
  expect(await keys(db)).toEqual(['after', 'committed']);
});

it('[TICK] the body of a short transaction begins when it is the writer: what it reads of the clock is not older than what others have committed', async () => {
  const begun: string[] = [];
  const body = function* (c: Db): Op<void> {
    begun.push('body');
    yield* c.run(insert, ['later']);
  };
  other.database.run('BEGIN IMMEDIATE');
  const act = runAsync(writeTransaction(db.database, queue, 'act', body));
  // It has been granted the write queue, and meets the lock of the other.
  await new Promise((resolve) => setImmediate(resolve));
  expect([granted, begun]).toEqual([['act'], []]);
  other.database.run('ROLLBACK');
  await act;
  expect(begun).toEqual(['body']);
  expect(held).toBe(0);
});

it('[ONCE] what a short transaction that says false has written is undone', async () => {
  const refused = function* (c: Db): Op<false> {
    yield* c.run(insert, ['refused']);
    return false;
  };
  expect(await runAsync(writeTransaction(db.database, queue, 'act', refused))).toBe(false);
  expect(await keys(other)).toEqual([]);
});
