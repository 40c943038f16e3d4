/**
 * Keeps what this host has claimed: renews leases (and with them the reference's heartbeat) well before they end, and stops
 * runs whose claim is lost. A renewal that must wait for a long writer is harmless on one machine, where hosts judge each other by their sockets.
 */

import type { Clock } from '../domain/clock.js';
import type { ClaimedRun } from '../domain/run.js';
import type { HostActs } from './acts.js';
import type { HostEmitter } from './events.js';
import { Outage } from './outage.js';

export interface LeaseKeeperOptions {
  host: string;
  acts: HostActs;
  events: HostEmitter;
  clock: Clock;
  leaseMs: number;
  /** [jobs] heartbeat_interval: rows older than three of it are taken for dead by crap-cms. */
  heartbeatMs: number;
  runs(): ClaimedRun[];
  /** The claim is lost: stop the run, record nothing. */
  onLost(run: ClaimedRun): void;
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #outage: Outage;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#outage = new Outage(options.events, 'Heartbeat update error', 'Leases are renewed again');
  }

  start(): void {
    const period = Math.max(Math.min(this.#options.leaseMs / 3, this.#options.heartbeatMs), 100);
    this.#timer = setInterval(() => void this.renew(), period);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#pass;
  }

  /** Renews everything now; one renewal at a time. */
  renew(): Promise<void> {
    this.#pass ??= this.#renew().finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  async #renew(): Promise<void> {
    const { acts, clock, host, events } = this.#options;
    const runs = this.#options.runs();
    if (runs.length === 0) return;
    const claims = runs.map((run) => ({ run: run.id, claim: run.claim }));
    try {
      const held = await acts.write('lease', (db) => {
        const now = clock.now();
        return acts.store.renew(db, host, claims, now, now + this.#options.leaseMs);
      });
      this.#outage.over();
      // Runs that ended while the renewal waited are not held any more, and nothing is lost with them.
      const current = new Map(this.#options.runs().map((run) => [run.id, run]));
      for (const { run: id, claim } of claims) {
        const run = current.get(id);
        if (held.has(id) || run?.claim !== claim) continue;
        events.emit('lease:lost', { run: id, slug: run.slug, claim });
        this.#options.onLost(run);
      }
    } catch (error) {
      this.#outage.failed(error);
    }
  }
}
