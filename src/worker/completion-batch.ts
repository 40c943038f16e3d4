/**
 * Completions that share a commit: runs that wrote nothing themselves end together, each under a savepoint of one short transaction.
 * While one batch waits for the write queue or commits, the next gathers. Still exactly once: each completion keeps its own fence.
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

interface Taken {
  entry: Entry;
  kept: boolean;
  /** What this completion alone failed with; its savepoint is undone. */
  error?: unknown;
}

/** Thrown within a savepoint to undo a completion whose fence refused. */
class Refused extends Error {}

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

  /** Ends with what `last` gave, once it is committed; false undoes only this completion. */
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
      const taken: Taken[] = [];
      try {
        this.#database ??= this.#open();
        await runAsync(writeTransaction(this.#database, this.#queue, 'complete', (db) => this.#complete(db, taken)));
        for (const { entry, kept, error } of taken) {
          if (error === undefined) entry.resolve(kept);
          else entry.reject(error);
        }
      } catch (error) {
        // Before the transaction began nothing was taken: those who wait would wait for ever.
        const failed = taken.length > 0 ? taken.map(({ entry }) => entry) : this.#waiting.splice(0);
        for (const entry of failed) entry.reject(error);
      }
    }
    this.#flushing = false;
  }

  /** Takes what has gathered by the time the write queue grants. */
  *#complete(db: Db, taken: Taken[]): Op<void> {
    // The statement makes this the writer before anything is taken: what cannot be begun is refused as a whole.
    yield* db.get('SELECT 1');
    for (const entry of this.#waiting.splice(0, BATCH_LIMIT)) {
      const each: Taken = { entry, kept: true };
      taken.push(each);
      try {
        yield* db.savepoint(() => refuseUnless(entry.last(db)));
      } catch (error) {
        // A database that cannot be written fails all of them; anything else is the completion's own.
        if (error instanceof StoreUnavailableError || error instanceof RunAbort) throw error;
        each.kept = false;
        if (!(error instanceof Refused)) each.error = error;
      }
    }
  }
}

function* refuseUnless(last: Op<boolean>): Op<void> {
  if (!(yield* last)) throw new Refused();
}
