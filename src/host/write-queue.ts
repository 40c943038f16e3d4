/**
 * The one fair write queue of a host: whoever writes the SQLite file asks here first and is the only writer until it lets go.
 * First come first served among worker runs; the host's own acts go before them (they are short, and workers wait for what they record).
 */
import type { Wait } from '../domain/op.js';
import type { WriteGrant, WriteQueue } from '../store/writer.js';
import { SIGNAL_GIVEN_UP, SIGNAL_GRANTED, SIGNAL_WAITING } from '../worker/protocol.js';

interface Entry {
  owner: string;
  worker: number | undefined;
  ticket: number;
  signal: Int32Array | undefined;
  since: number;
  grant(): void;
}

/** Who holds the queue, for `why` and for max_write_hold. */
export interface WriteHolder {
  owner: string;
  worker: number | undefined;
  /** Monotonic ms. */
  since: number;
}

export class FairWriteQueue implements WriteQueue {
  #holder: Entry | undefined;
  /** In the order of their coming. As many wait as runs are open (slots of all threads): withdrawing one must not search the others. */
  readonly #host = new Set<Entry>();
  readonly #workers = new Map<string, Entry>();
  #hostTicket = 0;

  get holder(): WriteHolder | undefined {
    return this.#holder && { owner: this.#holder.owner, worker: this.#holder.worker, since: this.#holder.since };
  }

  /** How many wait. */
  get waiting(): number {
    return this.#host.size + this.#workers.size;
  }

  /** For the host's own acts, on the main thread; never blocks. */
  request(owner: string): Wait {
    let entry: Entry | undefined;
    return {
      reason: 'write_queue',
      start: () =>
        new Promise<WriteGrant>((resolve) => {
          const mine: Entry = {
            owner,
            worker: undefined,
            ticket: ++this.#hostTicket,
            signal: undefined,
            since: 0,
            grant: () => resolve({ release: () => this.#letGo(mine) }),
          };
          entry = mine;
          this.#host.add(mine);
          this.#next();
        }),
      cancel: () => {
        if (entry) this.#withdraw(entry);
      },
    };
  }

  /** A worker's request; `granted` posts the grant to the thread, `signal` wakes it where it sleeps. */
  requestFor(worker: number, ticket: number, owner: string, granted: () => void, signal?: SharedArrayBuffer): void {
    this.#workers.set(keyOf(worker, ticket), {
      owner,
      worker,
      ticket,
      signal: signal && new Int32Array(signal),
      since: 0,
      grant: granted,
    });
    this.#next();
  }

  /** A worker lets go of its grant, or withdraws its request. Unknown tickets are ignored: both sides may give up at once. */
  releaseFor(worker: number, ticket: number): void {
    const held = this.#holder;
    if (held && held.worker === worker && held.ticket === ticket) {
      this.#letGo(held);
      return;
    }
    this.#workers.delete(keyOf(worker, ticket));
  }

  /** The thread is gone (and with it its connections): nothing of it holds or waits any more. */
  workerGone(worker: number): void {
    for (const [key, entry] of this.#workers) if (entry.worker === worker) this.#workers.delete(key);
    if (this.#holder?.worker === worker) this.#letGo(this.#holder);
  }

  #withdraw(entry: Entry): void {
    if (this.#holder === entry) this.#letGo(entry);
    else this.#host.delete(entry);
  }

  #letGo(entry: Entry): void {
    if (this.#holder !== entry) return;
    this.#holder = undefined;
    this.#next();
  }

  #takeFirst(): Entry | undefined {
    for (const entry of this.#host) {
      this.#host.delete(entry);
      return entry;
    }
    for (const [key, entry] of this.#workers) {
      this.#workers.delete(key);
      return entry;
    }
    return undefined;
  }

  #next(): void {
    while (!this.#holder) {
      const entry = this.#takeFirst();
      if (!entry) return;
      // Race: the blocked thread gives up after its bound. Whoever changes the word first decides.
      if (entry.signal) {
        if (Atomics.compareExchange(entry.signal, 0, SIGNAL_WAITING, SIGNAL_GRANTED) === SIGNAL_GIVEN_UP) continue;
        Atomics.notify(entry.signal, 0);
      }
      entry.since = performance.now();
      this.#holder = entry;
      entry.grant();
    }
  }
}

function keyOf(worker: number, ticket: number): string {
  return `${worker}:${ticket}`;
}
