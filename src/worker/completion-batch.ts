/**
 * Completions that share a commit: runs that wrote nothing themselves end together in one short transaction. While one batch waits for the
 * write queue or commits, the next gathers. Still exactly once: each completion keeps its own fence. Where one refuses or fails, the batch is
 * rolled back and each is done alone; that is rare, and spares all others a savepoint.
 */
import { RunAbort, StoreUnavailableError } from '../domain/errors.js';
import { type Op, runAsync, type Wait, waitFor } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { Database } from '../store/sqlite/database.js';
import { writeTransaction } from '../store/sqlite/short-transaction.js';
import type { WriteQueue } from '../store/writer.js';

/** More would make other writers wait too long for one commit (about 20 µs each). */
const BATCH_LIMIT = 200;

interface Entry {
  last: (db: Db) => Op<boolean>;
  resolve(kept: boolean): void;
  reject(error: unknown): void;
}

export class CompletionBatch {
  readonly #open: () => Database;
  readonly #queue: WriteQueue;
  #database: Database | undefined;
  #waiting: Entry[] = [];
  #flushing = false;

  /** `open` is called once, when the first completion comes. */
  constructor(open: () => Database, queue: WriteQueue) {
    this.#open = open;
    this.#queue = queue;
  }

  /** Ends with what `last` gave, once it is committed; false undoes only this completion. `last` may be called again after a rollback. */
  *add(last: (db: Db) => Op<boolean>): Op<boolean> {
    let entry: Entry | undefined;
    const wait: Wait = {
      reason: 'write_queue',
      start: () =>
        new Promise<boolean>((resolve, reject) => {
          entry = { last, resolve, reject };
          this.#waiting.push(entry);
          if (!this.#flushing) void this.#flush();
        }),
      cancel: () => {
        this.#waiting = this.#waiting.filter((each) => each !== entry);
      },
    };
    return yield* waitFor<boolean>(wait);
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    while (this.#waiting.length > 0) {
      const taken: Entry[] = [];
      try {
        this.#database ??= this.#open();
        if (await this.#write((db) => this.#together(db, taken))) for (const entry of taken) entry.resolve(true);
        else await this.#alone(taken);
      } catch (error) {
        // Before the transaction began nothing was taken: those who wait would wait for ever.
        const failed = taken.length > 0 ? taken : this.#waiting.splice(0);
        if (failed.length > 1 && !failsAll(error)) await this.#alone(failed);
        else for (const entry of failed) entry.reject(error);
      }
    }
    this.#flushing = false;
  }

  /** False = rolled back. */
  #write(body: (db: Db) => Op<boolean>): Promise<boolean> {
    return runAsync(writeTransaction(this.#database!, this.#queue, 'complete', body));
  }

  /** Takes what has gathered by the time the write queue grants; false when one refused. */
  *#together(db: Db, taken: Entry[]): Op<boolean> {
    taken.push(...this.#waiting.splice(0, BATCH_LIMIT));
    for (const { last } of taken) if (!(yield* last(db))) return false;
    return true;
  }

  async #alone(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      try {
        entry.resolve(await this.#write(entry.last));
      } catch (error) {
        entry.reject(error);
      }
    }
  }
}

/** A database that cannot be written fails all of them; anything else is a completion's own. */
function failsAll(error: unknown): boolean {
  return error instanceof StoreUnavailableError || error instanceof RunAbort;
}
