/**
 * The database side of one run: a connection taken when the first statement comes, one transaction over it (or one a call), and
 * its end. Connections are pooled; a run that never touches the database has none.
 */
import type { Op } from '../domain/op.js';
import type { Db, Row, SqlValue } from '../store/db.js';
import { type Database, openDatabase } from '../store/sqlite/database.js';
import { PerCallTransaction, RunTransaction } from '../store/sqlite/transaction.js';
import type { WriteQueue } from '../store/writer.js';
import { CompletionBatch } from './completion-batch.js';

/** deferred: a snapshot from the first read, a writer from the first write; immediate: a writer from the start; per-call: `transaction = false`. */
export type TransactionMode = 'deferred' | 'immediate' | 'per-call';

/** A connection has a page cache of up to 16 MB: those of a peak of waiting runs are closed when they were idle for so long. */
const IDLE_LIMIT_MS = 60_000;

/** Last used first, so that the ones not needed any more stand in front. */
export class ConnectionPool {
  readonly #path: string;
  readonly #synchronous: 'normal' | 'full';
  readonly #busyTimeoutMs: number;
  readonly #onLocked: Database['onLocked'];
  readonly #idle: { database: Database; since: number }[] = [];

  /** Where runs that wrote nothing are completed together. */
  readonly completions: CompletionBatch;

  /** `onLocked` is told of waits for another program's lock. */
  constructor(
    path: string,
    synchronous: 'normal' | 'full',
    busyTimeoutMs: number,
    queue: WriteQueue,
    onLocked?: NonNullable<Database['onLocked']>,
  ) {
    this.#path = path;
    this.#synchronous = synchronous;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#onLocked = onLocked;
    this.completions = new CompletionBatch(() => this.#openOne(), queue);
  }

  acquire(): Database {
    return this.#idle.pop()?.database ?? this.#openOne();
  }

  #openOne(): Database {
    const database = openDatabase({ path: this.#path, synchronous: this.#synchronous, busyTimeoutMs: this.#busyTimeoutMs });
    database.onLocked = this.#onLocked;
    return database;
  }

  /** A connection whose transaction could not be ended is closed instead of kept. */
  release(database: Database): void {
    if (database.inTransaction) {
      database.close();
      return;
    }
    database.deadline = Number.POSITIVE_INFINITY;
    const now = performance.now();
    while (this.#idle.length > 0 && this.#idle[0]!.since < now - IDLE_LIMIT_MS) this.#idle.shift()!.database.close();
    this.#idle.push({ database, since: now });
  }

  close(): void {
    for (const { database } of this.#idle.splice(0)) database.close();
    this.completions.close();
  }
}

export class RunDatabase implements Db {
  readonly #pool: ConnectionPool;
  readonly #queue: WriteQueue;
  readonly #owner: string;
  readonly #mode: TransactionMode;
  readonly #deadline: number;
  #database: Database | undefined;
  #transaction: RunTransaction | PerCallTransaction | undefined;

  /** `owner` is shown to those who wait for it as the writer; `deadline` (monotonic ms) ends long statements. */
  constructor(pool: ConnectionPool, queue: WriteQueue, owner: string, mode: TransactionMode, deadline: number) {
    this.#pool = pool;
    this.#queue = queue;
    this.#owner = owner;
    this.#mode = mode;
    this.#deadline = deadline;
  }

  get dialect(): Db['dialect'] {
    return this.#open().dialect;
  }

  get tick(): string {
    return this.#open().tick;
  }

  all(sql: string, params?: readonly SqlValue[]): Op<Row[]> {
    return this.#open().all(sql, params);
  }

  get(sql: string, params?: readonly SqlValue[]): Op<Row | undefined> {
    return this.#open().get(sql, params);
  }

  run(sql: string, params?: readonly SqlValue[]): Op<number> {
    return this.#open().run(sql, params);
  }

  savepoint<T>(body: () => Op<T>, intent?: 'read'): Op<T> {
    return this.#open(intent !== 'read').savepoint(body);
  }

  /** It holds the write queue now. */
  get isWriter(): boolean {
    return this.#transaction?.isWriter ?? false;
  }

  /**
   * Ends the run's transaction with `last` in it. A run that wrote commits both together; one that only read ends its (perhaps
   * old) snapshot first and has `last` in a short transaction that it shares with others. False from `last` undoes everything of this run.
   */
  *finish(last: (db: Db) => Op<boolean>): Op<boolean> {
    const transaction = this.#transaction;
    if (transaction instanceof RunTransaction && transaction.isWriter) {
      const kept = yield* last(transaction);
      if (kept) yield* transaction.commit();
      else transaction.rollback();
      return kept;
    }
    transaction?.rollback();
    return yield* this.#pool.completions.add(last);
  }

  /** Commits what was written, if anything. */
  *commit(): Op<void> {
    if (this.#transaction instanceof RunTransaction && this.#transaction.isWriter) yield* this.#transaction.commit();
    else this.#transaction?.rollback();
  }

  /** Rolls back what is open and gives the connection back. Safe to call at any time, also after `finish`. */
  close(): void {
    try {
      this.#transaction?.rollback();
    } finally {
      this.#transaction = undefined;
      if (this.#database) this.#pool.release(this.#database);
      this.#database = undefined;
    }
  }

  /** `writing`: begins as the writer when nothing is begun yet. */
  #open(writing = false): RunTransaction | PerCallTransaction {
    if (this.#transaction) return this.#transaction;
    this.#database ??= this.#pool.acquire();
    this.#database.deadline = this.#deadline;
    const options = { owner: this.#owner };
    this.#transaction =
      this.#mode === 'per-call'
        ? new PerCallTransaction(this.#database, this.#queue, options)
        : new RunTransaction(this.#database, this.#queue, { ...options, mode: writing ? 'immediate' : this.#mode });
    return this.#transaction;
  }
}
