/** Says once that something of a host fails, and once that it works again, however often it is tried between. */
import { messageOf } from '../domain/errors.js';
import type { LogLine } from '../domain/run.js';
import type { HostEmitter } from './events.js';

export class Outage {
  readonly #events: HostEmitter;
  readonly #what: string;
  readonly #again: string;
  readonly #level: LogLine['level'];
  #text: string | undefined;

  /** `what` stands before the error, `again` is said when it is over. */
  constructor(events: HostEmitter, what: string, again: string, level: LogLine['level'] = 'warn') {
    this.#events = events;
    this.#what = what;
    this.#again = again;
    this.#level = level;
  }

  /** The newest error; undefined while it works. */
  get text(): string | undefined {
    return this.#text;
  }

  failed(error: unknown): void {
    const known = this.#text !== undefined;
    this.#text = messageOf(error);
    if (!known) this.#events.log(this.#level, `${this.#what}: ${this.#text}`);
  }

  over(): void {
    if (this.#text === undefined) return;
    this.#text = undefined;
    this.#events.log('info', this.#again);
  }
}
