/** Drives an operation to its end, but not beyond a deadline: also what waits is stopped. */
import { RunAbort } from '../domain/errors.js';
import type { Op, Wait } from '../domain/op.js';

/** The deadline passed while the operation waited for something. */
class StillWaiting extends RunAbort {
  constructor(reason: string) {
    super('timed_out', `it still waited for ${reason} when its time was over`);
  }
}

/** What a stopped load was doing. */
export function doing(abort: RunAbort): string {
  return abort instanceof StillWaiting ? abort.message : 'it was still executing when its time was over';
}

/** `deadline`: monotonic ms, as given to the VM. Past it the operation sees StillWaiting where it waits. */
export async function runUntil<T>(op: Op<T>, deadline: number): Promise<T> {
  let step = op.next();
  while (!step.done) {
    let value: unknown;
    try {
      value = await within(step.value, deadline);
    } catch (error) {
      step = op.throw(error);
      continue;
    }
    step = op.next(value);
  }
  return step.value;
}

function within(wait: Wait, deadline: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      wait.cancel?.();
      reject(new StillWaiting(wait.reason));
    };
    const timer = setTimeout(stop, Math.max(deadline - performance.now(), 0));
    wait
      .start()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
