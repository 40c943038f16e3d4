/**
 * The transactions of a run. RunTransaction: nothing is begun until the first statement; a snapshot from the first read, the writer
 * from the first write. PerCallTransaction (`transaction = false`): each read alone, each outermost savepoint a transaction.
 */
import { RunAbort, StoreUnavailableError } from '../../domain/errors.js';
import { type Op, waitFor } from '../../domain/op.js';
import { type Db, type Row, SqlError, type SqlValue } from '../db.js';
import type { WriteGrant, WriteQueue } from '../writer.js';
import { type Database, sqliteDialect } from './database.js';
import { isStaleSnapshot, translate } from './errors.js';
import { untilUnlocked } from './lock-wait.js';

export interface TransactionOptions {
  /** Shown to those who wait for it. */
  owner: string;
  /** immediate: the writer from its first statement on. Default deferred. */
  mode?: 'deferred' | 'immediate';
}

const TICK = 'ml_tick()';
const BEGIN_WRITER = 'BEGIN IMMEDIATE';

/** States: idle (nothing begun) -> reading (snapshot) -> writing (holds the grant) -> over. */
export class RunTransaction implements Db {
  readonly dialect = sqliteDialect;
  readonly tick = TICK;
  readonly #database: Database;
  readonly #queue: WriteQueue;
  readonly #owner: string;
  readonly #immediate: boolean;
  #state: 'idle' | 'reading' | 'writing' | 'over' = 'idle';
  #grant: WriteGrant | undefined;
  #depth = 0;

  constructor(database: Database, queue: WriteQueue, options: TransactionOptions) {
    this.#database = database;
    this.#queue = queue;
    this.#owner = options.owner;
    this.#immediate = options.mode === 'immediate';
  }

  /** It holds the write queue. */
  get isWriter(): boolean {
    return this.#state === 'writing';
  }

  /** Begins at once what the first statement would begin. */
  begin(): Op<void> {
    return this.#opened();
  }

  *all(sql: string, params?: readonly SqlValue[]): Op<Row[]> {
    if (!this.#isOpen) yield* this.#opened();
    return this.#database.all(sql, params);
  }

  *get(sql: string, params?: readonly SqlValue[]): Op<Row | undefined> {
    if (!this.#isOpen) yield* this.#opened();
    return this.#database.get(sql, params);
  }

  *run(sql: string, params?: readonly SqlValue[]): Op<number> {
    this.#requireOpen();
    return this.#state === 'writing' ? this.#database.run(sql, params) : yield* this.#firstWrite(sql, params);
  }

  *savepoint<T>(body: () => Op<T>): Op<T> {
    yield* this.#opened();
    const name = `sp_${++this.#depth}`;
    this.#database.run(`SAVEPOINT ${name}`);
    try {
      const result = yield* body();
      this.#requireOpen();
      this.#database.run(`RELEASE ${name}`);
      return result;
    } catch (error) {
      // A RunAbort ends the whole transaction, and SQLite ends it itself on some errors (disk full): nothing is left to undo here.
      if (!(error instanceof RunAbort) && this.#database.inTransaction) {
        this.#database.run(`ROLLBACK TO ${name}`);
        this.#database.run(`RELEASE ${name}`);
      }
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /** Commits and lets the next writer go on. */
  *commit(): Op<void> {
    if (this.#state === 'idle' || this.#state === 'over') return;
    try {
      this.#requireOpen();
      yield* untilUnlocked(this.#database, () => this.#database.runRaw('COMMIT'));
      this.#end();
    } catch (error) {
      this.rollback();
      throw translate(error, this.#database.path, 'COMMIT');
    }
  }

  /** Undoes everything and lets go of the write queue; safe at any time, also twice, and while an operation of it was given up in the middle. */
  rollback(): void {
    try {
      if (this.#state !== 'idle' && this.#state !== 'over' && this.#database.inTransaction) this.#database.run('ROLLBACK');
    } finally {
      this.#end();
    }
  }

  #end(): void {
    if (this.#state !== 'idle') this.#state = 'over';
    this.#depth = 0;
    this.#letGo();
  }

  #letGo(): void {
    const grant = this.#grant;
    this.#grant = undefined;
    grant?.release();
  }

  /** Nothing has to be begun, and nothing was lost. */
  get #isOpen(): boolean {
    return (this.#state === 'reading' || this.#state === 'writing') && this.#database.inTransaction;
  }

  *#opened(): Op<void> {
    if (this.#state === 'idle' || this.#state === 'over') yield* this.#begin();
    this.#requireOpen();
  }

  /** After some errors (disk full) SQLite rolls back by itself; without this every later statement would be a commit of its own. */
  #requireOpen(): void {
    if (this.#state === 'idle' || this.#state === 'over' || this.#database.inTransaction) return;
    throw new StoreUnavailableError('TRANSACTION_LOST', `SQLite has rolled back the transaction over ${this.#database.path} by itself`, {
      remedy: 'see the error before this one, then do it again; nothing of it was written',
      retryable: true,
      details: { path: this.#database.path },
    });
  }

  *#begin(): Op<void> {
    if (this.#state === 'over') throw new Error('the transaction is over');
    if (this.#immediate) {
      yield* this.#becomeWriter(BEGIN_WRITER);
      return;
    }
    this.#database.run('BEGIN DEFERRED');
    this.#state = 'reading';
  }

  *#firstWrite(sql: string, params?: readonly SqlValue[]): Op<number> {
    if (this.#state === 'over') throw new Error('the transaction is over');
    if (this.#state === 'reading') return yield* this.#becomeWriter(sql, params);
    yield* this.#becomeWriter(BEGIN_WRITER);
    return this.#database.run(sql, params);
  }

  /** Takes the write queue and executes the statement that makes this the writer. */
  *#becomeWriter(sql: string, params?: readonly SqlValue[]): Op<number> {
    // Race: a run that is stopped while it waits for the file's lock never comes back here. The grant stands in its field from
    // the beginning, so that `rollback` lets go of it.
    this.#grant = yield* waitFor<WriteGrant>(this.#queue.request(this.#owner));
    let writing = false;
    try {
      const changed = yield* untilUnlocked(this.#database, () => this.#database.runRaw(sql, params));
      writing = true;
      return changed;
    } catch (error) {
      if (isStaleSnapshot(error)) {
        throw new RunAbort('conflict', 'another commit came between what was read and the first write', { cause: error });
      }
      // A statement that failed for a reason of its own (a constraint) has made this the writer all the same.
      const translated = translate(error, this.#database.path, sql);
      writing = translated instanceof SqlError && this.#state === 'reading';
      throw translated;
    } finally {
      if (writing) this.#state = 'writing';
      else this.#letGo();
    }
  }
}

/** Each read is its own, each outermost savepoint its own immediate transaction, a write outside of one too. */
export class PerCallTransaction implements Db {
  readonly dialect = sqliteDialect;
  readonly tick = TICK;
  readonly #database: Database;
  readonly #queue: WriteQueue;
  readonly #owner: string;
  #current: RunTransaction | undefined;

  constructor(database: Database, queue: WriteQueue, options: TransactionOptions) {
    this.#database = database;
    this.#queue = queue;
    this.#owner = options.owner;
  }

  get isWriter(): boolean {
    return this.#current?.isWriter ?? false;
  }

  *all(sql: string, params?: readonly SqlValue[]): Op<Row[]> {
    return this.#current ? yield* this.#current.all(sql, params) : this.#database.all(sql, params);
  }

  *get(sql: string, params?: readonly SqlValue[]): Op<Row | undefined> {
    return this.#current ? yield* this.#current.get(sql, params) : this.#database.get(sql, params);
  }

  *run(sql: string, params?: readonly SqlValue[]): Op<number> {
    if (this.#current) return yield* this.#current.run(sql, params);
    return yield* this.savepoint(() => this.#current!.run(sql, params));
  }

  *savepoint<T>(body: () => Op<T>): Op<T> {
    if (this.#current) return yield* this.#current.savepoint(body);
    const transaction = new RunTransaction(this.#database, this.#queue, { owner: this.#owner, mode: 'immediate' });
    this.#current = transaction;
    try {
      const result = yield* body();
      yield* transaction.commit();
      return result;
    } finally {
      transaction.rollback();
      this.#current = undefined;
    }
  }

  /** Nothing outlasts a call; only what is open now is undone. */
  rollback(): void {
    this.#current?.rollback();
    this.#current = undefined;
  }
}
