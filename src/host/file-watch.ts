/**
 * Watches that the database is still the file that was opened: SQLite goes on writing a file that was removed or replaced, and everything
 * written there is gone. The host says so, claims nothing and records no tick until the file is back.
 */
import { statSync } from 'node:fs';
import type { HostEmitter } from './events.js';

const PERIOD_MS = 1_000;

export class FileWatch {
  readonly #path: string;
  readonly #events: HostEmitter;
  readonly #onBack: () => void;
  readonly #identity: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #gone = false;

  /** `onBack`: the file is there again. */
  constructor(path: string, events: HostEmitter, onBack: () => void) {
    this.#path = path;
    this.#events = events;
    this.#onBack = onBack;
    this.#identity = identityOf(path);
  }

  /** Nothing may be begun: it would be written to a file that nobody sees. */
  get gone(): boolean {
    return this.#gone;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), PERIOD_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const now = identityOf(this.#path);
    const gone = now !== this.#identity;
    if (gone === this.#gone) return;
    this.#gone = gone;
    if (!gone) {
      this.#events.log('info', `The database ${this.#path} is back: runs are claimed again`);
      this.#onBack();
      return;
    }
    const what = now === undefined ? 'was removed' : 'was replaced by another file';
    this.#events.log(
      'error',
      `The database ${this.#path} ${what}: nothing is claimed until it is back. Put it back where it was, or restart the host to work on what is there now`,
    );
  }
}

function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
