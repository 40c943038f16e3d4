/**
 * What a worker thread tells of its runs. A message costs about as much as a statement, so what the main thread can see in shared memory
 * (places.ts) is not sent, and ends are sent in groups: a start is told only of a handler that has not returned by the next turn of the event loop.
 */
import { hasReturned, noteBegun, noteReturned, type Places } from './places.js';
import type { EndedRun, FromWorker, RunReport } from './protocol.js';

interface Begun {
  run: string;
  claim: number;
  place: number;
}

export class RunNotices {
  readonly #post: (message: FromWorker) => void;
  readonly #places: Places;
  readonly #untold = new Set<Begun>();
  #ends: EndedRun[] = [];

  constructor(post: (message: FromWorker) => void, places: Places) {
    this.#post = post;
    this.#places = places;
  }

  /** The handler's code is about to run. */
  begun(begun: Begun): void {
    noteBegun(this.#places, begun.place);
    if (this.#untold.size === 0) setImmediate(() => this.#tellStarts());
    this.#untold.add(begun);
  }

  returned({ place }: Begun): void {
    noteReturned(this.#places, place);
  }

  /** Sent with those that end in the same turn of the event loop. */
  ended(begun: Begun, report: RunReport): void {
    this.#untold.delete(begun);
    // Runs that share a commit end in the same round of microtasks: the next one finds them all.
    if (this.#ends.length === 0) queueMicrotask(() => this.flush());
    this.#ends.push({ run: begun.run, claim: begun.claim, report: brief(report) });
  }

  /** Sends the ends that wait. */
  flush(): void {
    const ends = this.#ends.splice(0);
    if (ends.length > 0) this.#post({ type: 'runs-ended', ends });
  }

  #tellStarts(): void {
    for (const begun of this.#untold) {
      const { run, claim, place } = begun;
      if (!hasReturned(this.#places, place)) this.#post({ type: 'run-started', run, claim });
    }
    this.#untold.clear();
  }
}

/** What is stored with a completion is not sent once more. */
function brief(report: RunReport): RunReport {
  if (report.outcome !== 'completed') return report;
  const { outcome, committed, queued } = report;
  return { outcome, committed, queued, log: [] };
}
