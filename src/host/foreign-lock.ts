/** Names who holds the write lock of the database when that is another program, whichever connection of this host has met it. */
import { holderText, writerProcess } from '../store/sqlite/lock-holders.js';
import type { HostEmitter } from './events.js';

/** One lock is told once; after this it is told again. */
const AGAIN_AFTER_MS = 60_000;

export class ForeignLock {
  readonly #path: string;
  readonly #events: HostEmitter;
  /** Monotonic ms; undefined = nothing is known of a lock. */
  #toldAt: number | undefined;

  constructor(path: string, events: HostEmitter) {
    this.#path = path;
    this.#events = events;
  }

  /** A writer has waited for the lock so long; `free`: that wait is over. */
  met({ free, waitedMs }: { free: boolean; waitedMs: number }): void {
    const now = performance.now();
    if (free) {
      if (this.#toldAt !== undefined) this.#events.log('info', `The database can be written again after ${Math.round(waitedMs)} ms`);
      this.#toldAt = undefined;
      return;
    }
    if (this.#toldAt !== undefined && now - this.#toldAt < AGAIN_AFTER_MS) return;
    this.#toldAt = now;
    const holder = writerProcess(this.#path);
    const who = holder && holder.pid !== process.pid ? holderText(holder) : 'another program';
    this.#events.log(
      'warn',
      `${who} has held the write lock of the database for ${Math.round(waitedMs)} ms: claims, ticks and ends of runs wait for it`,
    );
  }
}
