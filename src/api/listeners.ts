/** Listeners of the application: one that throws, or whose promise is rejected, is told of in the log and disturbs nothing of the host. */
import { messageOf } from '../domain/errors.js';
import type { EventSource, HostEvents } from '../host/events.js';
import type { LogLevel } from '../host/log.js';

type Listener<K extends keyof HostEvents> = (event: HostEvents[K]) => unknown;

export class Listeners implements EventSource {
  readonly #events: EventSource;
  /** By the application's function, so that it can be taken off again. */
  readonly #guarded = new WeakMap<object, (event: never) => void>();
  #reporting = false;

  constructor(events: EventSource) {
    this.#events = events;
  }

  on<K extends keyof HostEvents>(name: K, listener: Listener<K>): this {
    this.#events.on(name, this.#guard(listener));
    return this;
  }

  once<K extends keyof HostEvents>(name: K, listener: Listener<K>): this {
    this.#events.once(name, this.#guard(listener));
    return this;
  }

  off<K extends keyof HostEvents>(name: K, listener: Listener<K>): this {
    this.#events.off(name, this.#guard(listener));
    return this;
  }

  log(level: LogLevel, text: string): void {
    this.#events.log(level, text);
  }

  #guard<K extends keyof HostEvents>(listener: Listener<K>): (event: HostEvents[K]) => void {
    const known = this.#guarded.get(listener);
    if (known) return known as (event: HostEvents[K]) => void;
    const guarded = (event: HostEvents[K]) => {
      try {
        const answer = listener(event);
        if (answer instanceof Promise) answer.catch((error) => this.#report(error));
      } catch (error) {
        this.#report(error);
      }
    };
    this.#guarded.set(listener, guarded);
    return guarded;
  }

  /** Where the one that threw listens to the log itself, it is not told of that again. */
  #report(error: unknown): void {
    if (this.#reporting) return;
    this.#reporting = true;
    try {
      this.log('error', `a listener of the application threw: ${messageOf(error)}`);
    } finally {
      this.#reporting = false;
    }
  }
}
