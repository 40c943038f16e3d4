/** The stop button of one run, and the driver that waits for what its operations wait for until somebody presses it. */
import { RunAbort } from '../domain/errors.js';
import type { Op, Wait } from '../domain/op.js';
import type { RunError, StopReason } from './protocol.js';

/** An operation that goes on waiting after it was told to end is given up after this many reminders. */
const REMINDERS = 100;

/** What the code of a run does: it is executed, it lets others go before it, or it waits (or has ended). */
export type Turn = 'executed' | 'preempted' | 'waiting';

export class RunControl {
  #reason: StopReason | undefined;
  #error: RunError | undefined;
  readonly #listeners = new Set<(reason: StopReason) => void>();
  readonly #turn: (turn: Turn) => void;
  /** Somebody is told of its turns. */
  readonly tellsTurns: boolean;

  /** `turn` is told when the run's code begins and ceases to be executed, between its waits. */
  constructor(turn?: (turn: Turn) => void) {
    this.tellsTurns = turn !== undefined;
    this.#turn = turn ?? (() => {});
  }

  /** The run's code begins or ceases to be executed. */
  noteTurn(turn: Turn): void {
    this.#turn(turn);
  }

  /** Executes a stretch of the run that does not wait. */
  during<T>(stretch: () => IteratorResult<Wait, T>): IteratorResult<Wait, T> {
    this.#turn('executed');
    let next: Turn = 'waiting';
    try {
      const step = stretch();
      if (!step.done && step.value.reason === 'preempted') next = 'preempted';
      return step;
    } finally {
      this.#turn(next);
    }
  }

  /** Why it was stopped; undefined while it may go on. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** What the attempt is recorded with, where it is not the text of the reason. */
  get error(): RunError | undefined {
    return this.#error;
  }

  /** The first reason counts. */
  stop(reason: StopReason, error?: RunError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#error = error;
    for (const listener of [...this.#listeners]) listener(reason);
  }

  /** Calls `listener` when it is stopped; the returned function forgets it. */
  onStop(listener: (reason: StopReason) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/**
 * Runs an Op to its end. When `control` is stopped, the wait under way is cancelled and RunAbort thrown into the Op.
 * `waiting` is told of every wait before it begins.
 */
export async function drive<T>(op: Op<T>, control: RunControl, waiting?: (wait: Wait) => void): Promise<T> {
  let reminders = 0;
  let step = control.during(() => op.next());
  while (!step.done) {
    if (control.reason) {
      if (++reminders > REMINDERS) {
        op.return(undefined as never);
        throw stopped(control.reason);
      }
      const reason = control.reason;
      step = control.during(() => op.throw(stopped(reason)));
      continue;
    }
    let value: unknown;
    try {
      waiting?.(step.value);
      value = await interruptible(step.value, control);
    } catch (error) {
      step = control.during(() => op.throw(error));
      continue;
    }
    step = control.during(() => op.next(value));
  }
  return step.value;
}

function interruptible(wait: Wait, control: RunControl): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const forget = control.onStop((reason) => {
      forget();
      wait.cancel?.();
      reject(stopped(reason));
    });
    wait.start().then(
      (value) => {
        forget();
        resolve(value);
      },
      (error: unknown) => {
        forget();
        reject(error);
      },
    );
  });
}

function stopped(reason: StopReason): RunAbort {
  return new RunAbort(reason, `the run was stopped: ${reason}`);
}
