/** This host as others see it: its row in the database, made at the start, kept fresh, removed at the end. */
import { hostname } from 'node:os';
import type { Clock } from '../domain/clock.js';
import type { Op } from '../domain/op.js';
import type { ClaimLimits } from '../store/history.js';
import type { HostRecord } from '../store/store.js';
import type { HostActs } from './acts.js';

export class HostRecordKeeper {
  readonly #acts: HostActs;
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #limits: ClaimLimits;
  #record: HostRecord | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `periodMs`: how often the row says that the host was seen; a third of the lease. `limits`: by which it claims. */
  constructor(acts: HostActs, clock: Clock, periodMs: number, limits: ClaimLimits) {
    this.#limits = limits;
    this.#acts = acts;
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  async start(id: string, socket: string, version: string): Promise<void> {
    const now = this.#clock.now();
    const record: HostRecord = { id, pid: process.pid, hostname: hostname(), socket, startedAt: now, seenAt: now, version };
    this.#record = record;
    await this.#register(record);
    this.#timer = setInterval(() => void this.#refresh(), this.#periodMs);
    this.#timer.unref();
  }

  /** False = the row stays, since runs stand as running for this host that could not be given back: whoever finds it dead gives them back. */
  async stop(): Promise<boolean> {
    clearInterval(this.#timer);
    const record = this.#record;
    this.#record = undefined;
    if (!record) return true;
    const { store } = this.#acts;
    const clock = this.#clock;
    return await this.#acts.write('host', function* (db): Op<boolean> {
      if ((yield* store.listClaimsOf(db, record.id, 0)).length > 0) return false;
      yield* store.removeHost(db, record.id, clock.now());
      return true;
    });
  }

  async #refresh(): Promise<void> {
    const record = this.#record;
    if (!record) return;
    record.seenAt = this.#clock.now();
    // Only other machines read it; a refresh that fails is made up for by the next.
    await this.#register(record).catch(() => {});
  }

  #register(record: HostRecord): Promise<void> {
    return this.#acts.write('host', (db) => this.#acts.store.registerHost(db, record, this.#limits));
  }
}
