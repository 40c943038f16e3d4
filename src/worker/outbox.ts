/**
 * Messages to another thread, in their order. Posting one costs about 20 µs whatever it says, so those that can wait until the code that
 * is running has come to its end travel together.
 */

/** Several messages in one. */
export interface Several<M> {
  type: 'several';
  messages: M[];
}

export class Outbox<M> {
  readonly #post: (message: M | Several<M>) => void;
  #waiting: M[] = [];

  constructor(post: (message: M | Several<M>) => void) {
    this.#post = post;
  }

  /** Now, behind those that wait: for what the other thread must know while this one is busy. */
  post(message: M): void {
    if (this.#waiting.length === 0) this.#post(message);
    else {
      this.#waiting.push(message);
      this.#flush();
    }
  }

  /** With others of this turn, in its microtasks at the latest. */
  postSoon(message: M): void {
    if (this.#waiting.push(message) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#waiting;
    if (messages.length === 0) return;
    this.#waiting = [];
    this.#post(messages.length === 1 ? messages[0]! : { type: 'several', messages });
  }
}
