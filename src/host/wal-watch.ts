/**
 * Watches the write-ahead log: a snapshot that is held for long keeps it from being emptied, so it grows. Past its limit the host names who
 * holds one: its own longest runs, and other processes.
 */
import { statSync } from 'node:fs';
import { holderText, readerProcesses } from '../store/sqlite/lock-holders.js';
import type { ActivityReport } from './activity.js';
import type { HostEmitter } from './events.js';

/** One that is cut back at the next commit is no matter; two looks in a row are. */
const PERIOD_MS = 10_000;
/** It is told again when it has doubled. */
const AGAIN = 2;
const RUNS_NAMED = 3;

export interface WalWatchOptions {
  path: string;
  events: HostEmitter;
  activity(): ActivityReport;
  limitBytes: number;
}

export class WalWatch {
  readonly #options: WalWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #before = 0;
  #told = 0;

  constructor(options: WalWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), PERIOD_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const { path, events, activity, limitBytes } = this.#options;
    const size = sizeOf(`${path}-wal`);
    const grown = size > limitBytes && this.#before > limitBytes;
    this.#before = size;
    if (size <= limitBytes) this.#told = 0;
    if (!grown || size < this.#told * AGAIN) return;
    this.#told = size;
    const own = activity().running.slice(0, RUNS_NAMED);
    const runs = own.map(({ slug, run, for_ms }) => `${slug} ${run} (${Math.round(for_ms / 1000)} s)`);
    const others = readerProcesses(path).filter(({ pid }) => pid !== process.pid);
    const suspects = [
      ...(runs.length > 0 ? [`the longest runs here are ${runs.join(', ')}`] : []),
      ...others.map((each) => `${holderText(each)} reads it too`),
    ];
    events.log(
      'warn',
      `The write-ahead log has grown to ${Math.round(size / 1024 / 1024)} MB: somebody holds an old snapshot open, which keeps it from being emptied; ` +
        (suspects.length > 0 ? suspects.join('; ') : 'nobody can be named on this system'),
    );
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
