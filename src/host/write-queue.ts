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
  readonly #host: Entry[] = [];
  readonly #workers: Entry[] = [];
  #hostTicket = 0;

  get holder(): WriteHolder | undefined {
    return this.#holder && { owner: this.#holder.owner, worker: this.#holder.worker, since: this.#holder.since };
  }

  /** How many wait. */
  get waiting(): number {
    return this.#host.length + this.#workers.length;
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
          this.#host.push(mine);
          this.#next();
        }),
      cancel: () => {
        if (entry) this.#withdraw(entry);
      },
    };
  }

  /** A worker's request; `granted` posts the grant to the thread, `signal` wakes it where it sleeps. */
  requestFor(worker: number, ticket: number, owner: string, granted: () => void, signal?: SharedArrayBuffer): void {
    this.#workers.push({
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
    const entry = this.#workers.find((e) => e.worker === worker && e.ticket === ticket);
    if (entry) this.#withdraw(entry);
  }

  /** The thread is gone (and with it its connections): nothing of it holds or waits any more. */
  workerGone(worker: number): void {
    for (let i = this.#workers.length - 1; i >= 0; i--) {
      if (this.#workers[i]?.worker === worker) this.#workers.splice(i, 1);
    }
    if (this.#holder?.worker === worker) this.#letGo(this.#holder);
  }

  #withdraw(entry: Entry): void {
    if (this.#holder === entry) {
      this.#letGo(entry);
      return;
    }
    for (const list of [this.#host, this.#workers]) {
      const at = list.indexOf(entry);
      if (at >= 0) list.splice(at, 1);
    }
  }

  #letGo(entry: Entry): void {
    if (this.#holder !== entry) return;
    this.#holder = undefined;
    this.#next();
  }

  #next(): void {
    while (!this.#holder) {
      const entry = this.#host.shift() ?? this.#workers.shift();
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
