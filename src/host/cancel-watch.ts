/** Obeys requests to cancel running runs: other processes write them and wake the host; a slow look is the net. */
import type { HostActs } from './acts.js';
import type { HostEmitter } from './events.js';
import { Outage } from './outage.js';

export interface CancelWatchOptions {
  host: string;
  acts: HostActs;
  events: HostEmitter;
  periodMs: number;
  /** Runs of this host. */
  running(): number;
  stopRun(run: string, claim: number): void;
}

export class CancelWatch {
  readonly #options: CancelWatchOptions;
  readonly #outage: Outage;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CancelWatchOptions) {
    this.#options = options;
    this.#outage = new Outage(options.events, 'Requests to cancel cannot be read', 'Requests to cancel are read again');
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), this.#options.periodMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Costs one search of an index that is empty unless something is to be cancelled. */
  look(): void {
    const { acts, host, running, stopRun } = this.#options;
    if (running() === 0) return;
    try {
      for (const { run, claim } of acts.read((db) => acts.store.listCancelRequests(db, host))) stopRun(run, claim);
      this.#outage.over();
    } catch (error) {
      this.#outage.failed(error);
    }
  }
}
