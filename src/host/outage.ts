/** Says once that something of a host fails, and once that it works again, however often it is tried between. */
import { messageOf } from '../domain/errors.js';
import type { HostEmitter } from './events.js';

export class Outage {
  readonly #events: HostEmitter;
  readonly #what: string;
  readonly #again: string;
  #on = false;

  /** `what` stands before the error, `again` is said when it is over. */
  constructor(events: HostEmitter, what: string, again: string) {
    this.#events = events;
    this.#what = what;
    this.#again = again;
  }

  failed(error: unknown): void {
    if (this.#on) return;
    this.#on = true;
    this.#events.log('warn', `${this.#what}: ${messageOf(error)}`);
  }

  over(): void {
    if (!this.#on) return;
    this.#on = false;
    this.#events.log('info', this.#again);
  }
}
