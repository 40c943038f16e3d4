/** [jobs] max_write_hold: ends runs that keep every other writer waiting for longer. Off by default. */
import type { ClaimedRun } from '../domain/run.js';
import { ownerOf, type RunError } from '../worker/protocol.js';
import type { FairWriteQueue } from './write-queue.js';

/** How often the holder is looked at. */
const PERIOD_MS = 100;

export interface WriteHoldOptions {
  queue: FairWriteQueue;
  limitMs: number;
  runs(): ClaimedRun[];
  stopRun(run: ClaimedRun, error: RunError): void;
}

export class WriteHold {
  readonly #options: WriteHoldOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WriteHoldOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), PERIOD_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { queue, limitMs } = this.#options;
    const { holder } = queue;
    if (holder?.worker === undefined || performance.now() - holder.since <= limitMs) return;
    const run = this.#options.runs().find((candidate) => ownerOf(candidate) === holder.owner);
    if (!run) return;
    const message = `the run was the writer for longer than max_write_hold (${limitMs / 1000}s), others waited for it`;
    this.#options.stopRun(run, { code: 'WRITE_HELD_TOO_LONG', message });
  }
}
