/** The write queue of a process without a host: one writer at a time, in the order of the requests. */
import { HostError } from '../domain/errors.js';
import type { Wait } from '../domain/op.js';
import type { WriteGrant, WriteQueue } from '../store/writer.js';

export class LocalWriteQueue implements WriteQueue {
  #held = false;
  readonly #waiting: (() => void)[] = [];

  request(): Wait {
    let take: (() => void) | undefined;
    let grant: WriteGrant | undefined;
    return {
      reason: 'write_queue',
      start: () =>
        new Promise<WriteGrant>((resolve) => {
          take = () => {
            grant = this.#take();
            resolve(grant);
          };
          if (this.#held) this.#waiting.push(take);
          else take();
        }),
      block: () => {
        if (this.#held) throw new HostError('WRITE_LOCK_BUSY', 'the database is written by another call of this process');
        return this.#take();
      },
      cancel: () => {
        // Race: granted, and stopped before whoever waits has heard of it.
        grant?.release();
        const at = take ? this.#waiting.indexOf(take) : -1;
        if (at >= 0) this.#waiting.splice(at, 1);
      },
    };
  }

  #take(): WriteGrant {
    this.#held = true;
    let mine = true;
    return {
      release: () => {
        if (!mine) return;
        mine = false;
        this.#held = false;
        this.#waiting.shift()?.();
      },
    };
  }
}
