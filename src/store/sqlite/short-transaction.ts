/** Short transactions of the host's own acts and of commands: one write transaction, or one read snapshot. */
import { type Op, runSync } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { WriteGrant, WriteQueue } from '../writer.js';
import type { Database } from './database.js';
import { RunTransaction } from './transaction.js';

/** Runs `body` as the writer and commits; what it throws rolls back. False from `body` rolls back too (a fence that refused). */
export function* writeTransaction<T>(database: Database, queue: WriteQueue, owner: string, body: (db: Db) => Op<T>): Op<T> {
  const transaction = new RunTransaction(database, queue, { owner, mode: 'immediate' });
  try {
    // First the writer, then the body: the time that it reads is not older than what others have committed.
    yield* transaction.begin();
    const result = yield* body(transaction);
    if (result !== false) yield* transaction.commit();
    return result;
  } finally {
    transaction.rollback();
  }
}

/** Runs `body` over one snapshot. */
export function* readTransaction<T>(database: Database, body: (db: Db) => Op<T>): Op<T> {
  const transaction = new RunTransaction(database, noQueue, { owner: 'read' });
  try {
    return yield* body(transaction);
  } finally {
    transaction.rollback();
  }
}

/** For commands that are alone in their process: grants at once; other processes are met at the file's lock. */
export const noQueue: WriteQueue = {
  request: () => {
    const grant: WriteGrant = { release: () => {} };
    return { reason: 'write_queue', start: async () => grant, block: () => grant };
  },
};

/** A read that cannot wait, for places that are not Ops. */
export function readNow<T>(database: Database, body: (db: Db) => Op<T>): T {
  return runSync(readTransaction(database, body));
}
