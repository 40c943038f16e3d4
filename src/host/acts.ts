/** The host's own database acts on the main thread: reads at once, writes through the write queue, never blocking for a lock. */
import { StoreUnavailableError } from '../domain/errors.js';
import { type Op, runAsync } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { Database } from '../store/sqlite/database.js';
import { readNow, writeTransaction } from '../store/sqlite/short-transaction.js';
import type { Store } from '../store/store.js';
import type { HostEmitter } from './events.js';
import { Outage } from './outage.js';
import type { FairWriteQueue } from './write-queue.js';

const RETRY_FIRST_MS = 50;
const RETRY_LIMIT_MS = 5_000;

export class HostActs {
  readonly store: Store;
  readonly #database: Database;
  readonly #queue: FairWriteQueue;
  readonly #outage: Outage;
  readonly #pending = new Set<Promise<unknown>>();
  #giveUp = false;

  constructor(database: Database, store: Store, queue: FairWriteQueue, events: HostEmitter) {
    this.#database = database;
    this.store = store;
    this.#queue = queue;
    this.#outage = new Outage(events, 'The database cannot be written, trying again', 'The database can be written again', 'error');
  }

  /** Reads in one snapshot, at once. Throws StoreUnavailableError. */
  read<T>(body: (db: Db) => Op<T>): T {
    return readNow(this.#database, body);
  }

  /** Writes in one short transaction, when the queue grants it. Throws StoreUnavailableError. */
  write<T>(owner: string, body: (db: Db) => Op<T>): Promise<T> {
    return runAsync(writeTransaction(this.#database, this.#queue, owner, body));
  }

  /** A write that must not be lost: tried again while the database is unavailable, until `close`. Rejects on any other error. */
  record<T>(owner: string, body: (db: Db) => Op<T>): Promise<T> {
    const act = this.#record(owner, body);
    const settled = act.then(
      () => {},
      () => {},
    );
    this.#pending.add(settled);
    void settled.then(() => this.#pending.delete(settled));
    return act;
  }

  /** Records under way. */
  get recording(): number {
    return this.#pending.size;
  }

  /** Ends when every record is written, or given up after `patienceMs`. From now on no act waits longer than this for another program's lock. */
  async close(patienceMs: number): Promise<void> {
    this.#database.busyTimeoutMs = Math.min(this.#database.busyTimeoutMs, patienceMs);
    const timer = setTimeout(() => {
      this.#giveUp = true;
    }, patienceMs);
    await Promise.all(this.#pending);
    clearTimeout(timer);
  }

  async #record<T>(owner: string, body: (db: Db) => Op<T>): Promise<T> {
    for (let delay = RETRY_FIRST_MS; ; delay = Math.min(delay * 2, RETRY_LIMIT_MS)) {
      try {
        const result = await this.write(owner, body);
        this.#outage.over();
        return result;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || this.#giveUp) throw error;
        this.#outage.failed(error);
        await new Promise((resolve) => setTimeout(resolve, this.#giveUp ? 0 : delay));
      }
    }
  }
}
