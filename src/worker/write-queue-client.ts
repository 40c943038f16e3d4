/** The write queue as a worker thread sees it: requests travel to the main thread as messages, grants come back. */
import { HostError } from '../domain/errors.js';
import type { Wait } from '../domain/op.js';
import type { WriteGrant, WriteQueue } from '../store/writer.js';
import { type FromWorker, SIGNAL_GIVEN_UP, SIGNAL_GRANTED, SIGNAL_WAITING } from './protocol.js';

/** A thread may stand still this long for the write queue, in frames that cannot be suspended. */
const BLOCK_LIMIT_MS = 250;

export class WriteQueueClient implements WriteQueue {
  readonly #post: (message: FromWorker) => void;
  readonly #waiting = new Map<number, (grant: WriteGrant) => void>();
  #ticket = 0;

  constructor(post: (message: FromWorker) => void) {
    this.#post = post;
  }

  request(owner: string): Wait {
    const ticket = ++this.#ticket;
    return {
      reason: 'write_queue',
      start: () =>
        new Promise<WriteGrant>((resolve) => {
          this.#waiting.set(ticket, resolve);
          this.#post({ type: 'write-requested', ticket, owner });
        }),
      block: () => this.#block(ticket, owner),
      cancel: () => {
        // A grant that is on its way meets an unknown ticket and is dropped; the main thread has taken it back by then.
        if (this.#waiting.delete(ticket)) this.#post({ type: 'write-released', ticket });
      },
    };
  }

  /** The main thread's answer to a request that did not block. */
  granted(ticket: number): void {
    const resolve = this.#waiting.get(ticket);
    if (!resolve) return;
    this.#waiting.delete(ticket);
    resolve(this.#grant(ticket));
  }

  #block(ticket: number, owner: string): WriteGrant {
    const signal = new SharedArrayBuffer(4);
    const word = new Int32Array(signal);
    this.#post({ type: 'write-requested', ticket, owner, signal });
    Atomics.wait(word, 0, SIGNAL_WAITING, BLOCK_LIMIT_MS);
    if (Atomics.compareExchange(word, 0, SIGNAL_WAITING, SIGNAL_GIVEN_UP) === SIGNAL_GRANTED) return this.#grant(ticket);
    this.#post({ type: 'write-released', ticket });
    throw new HostError('WRITE_LOCK_BUSY', `the database was busy for ${BLOCK_LIMIT_MS} ms and this call cannot wait longer here`, {
      remedy: 'write outside of sort comparators, gsub callbacks and metamethods, where a call can wait',
    });
  }

  #grant(ticket: number): WriteGrant {
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.#post({ type: 'write-released', ticket });
      },
    };
  }
}
