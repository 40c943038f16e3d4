/** This host as others see it: its row in the database, made at the start, kept fresh, removed at the end. */
import { hostname } from 'node:os';
import type { Clock } from '../domain/clock.js';
import type { Op } from '../domain/op.js';
import type { HostRecord } from '../store/store.js';
import type { HostActs } from './acts.js';

export class HostRecordKeeper {
  readonly #acts: HostActs;
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #maxConcurrent: number;
  #record: HostRecord | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `periodMs`: how often the row says that the host was seen; a third of the lease. `maxConcurrent`: the run-wide cap by which it claims. */
  constructor(acts: HostActs, clock: Clock, periodMs: number, maxConcurrent: number) {
    this.#maxConcurrent = maxConcurrent;
    this.#acts = acts;
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  async start(id: string, socket: string, version: string): Promise<void> {
    const now = this.#clock.now();
    const record: HostRecord = { id, pid: process.pid, hostname: hostname(), socket, startedAt: now, seenAt: now, version };
    this.#record = record;
    const { store } = this.#acts;
    await this.#acts.write('host', (db) => noting(store.registerHost(db, record), store.noteRunWideLimit(db, this.#maxConcurrent)));
    this.#timer = setInterval(() => void this.#refresh(), this.#periodMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const record = this.#record;
    this.#record = undefined;
    if (record) await this.#acts.write('host', (db) => this.#acts.store.removeHost(db, record.id));
  }

  async #refresh(): Promise<void> {
    const record = this.#record;
    if (!record) return;
    record.seenAt = this.#clock.now();
    // Only other machines read it; a refresh that fails is made up for by the next.
    await this.#acts.write('host', (db) => this.#acts.store.registerHost(db, record)).catch(() => {});
  }
}

function* noting(...acts: Op<void>[]): Op<void> {
  for (const act of acts) yield* act;
}
