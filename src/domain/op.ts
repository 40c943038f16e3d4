/**
 * Op<T>: work that may have to wait, written once for both databases. A generator that yields only `Wait`s and
 * returns its result; composed with `yield*`. On SQLite nearly every step is synchronous, so an Op usually ends without yielding.
 */

/** One wait: what for, how to wait without blocking, and how to block where the frame cannot be suspended. */
export interface Wait {
  /** A word for `why` and for CANNOT_WAIT_HERE: "http", "sleep", "write_queue", "preempted" … */
  readonly reason: string;
  /** Begins waiting; what it resolves to is handed back to the generator, a rejection is thrown into it. Called once. */
  start(): Promise<unknown>;
  /** Waits by blocking the thread, for frames that cannot be suspended; absent = CANNOT_WAIT_HERE. Must be bounded. */
  block?(): unknown;
  /** Called at most once, when the run is stopped while `start()` is pending: lets go of what was asked for (a request, a place in a queue). */
  cancel?(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: what a Wait hands back is typed at the yield by waitFor
export type Op<T> = Generator<Wait, T, any>;

/** An Op that waits for `wait` and ends with what it resolves to. */
export function* waitFor<T>(wait: Wait): Op<T> {
  return (yield wait) as T;
}

/** Runs an Op that must not wait (own connections, tests); throws when it does. */
export function runSync<T>(op: Op<T>): T {
  const step = op.next();
  if (step.done) return step.value;
  op.return(undefined as never);
  throw new Error(`an operation that must not wait waited for ${step.value.reason}`);
}

/** Runs an Op to its end, awaiting each wait. */
export async function runAsync<T>(op: Op<T>): Promise<T> {
  let step = op.next();
  while (!step.done) {
    let value: unknown;
    try {
      value = await step.value.start();
    } catch (error) {
      step = op.throw(error);
      continue;
    }
    step = op.next(value);
  }
  return step.value;
}
