/** auto_purge: deletes final runs older than the limit, in batches, so that no writer waits long. */

import type { Clock } from '../domain/clock.js';
import { messageOf } from '../domain/errors.js';
import type { HostActs } from './acts.js';
import type { HostEmitter } from './events.js';

const BATCH = 500;

export class Pruner {
  readonly #acts: HostActs;
  readonly #events: HostEmitter;
  readonly #clock: Clock;
  readonly #olderThanMs: number;
  readonly #periodMs: number;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;

  /** `olderThanMs`: age of runs to delete. `periodMs`: every so often, the first time one period after the start, as the reference does. */
  constructor(acts: HostActs, events: HostEmitter, clock: Clock, olderThanMs: number, periodMs: number) {
    this.#acts = acts;
    this.#events = events;
    this.#clock = clock;
    this.#olderThanMs = olderThanMs;
    this.#periodMs = periodMs;
  }

  start(): void {
    this.#timer = setInterval(() => void this.prune(), this.#periodMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#pass;
  }

  prune(): Promise<void> {
    this.#pass ??= this.#prune()
      .catch((error: unknown) => this.#events.log('warn', `Purge error: ${messageOf(error)}`))
      .finally(() => {
        this.#pass = undefined;
      });
    return this.#pass;
  }

  async #prune(): Promise<void> {
    let count = 0;
    for (let deleted = BATCH; deleted >= BATCH && !this.#stopped; count += deleted) {
      deleted = await this.#acts.write('purge', (db) => this.#acts.store.purge(db, this.#clock.now() - this.#olderThanMs, BATCH));
    }
    if (count > 0) this.#events.emit('runs:purged', { count });
  }
}
