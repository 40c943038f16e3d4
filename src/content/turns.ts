/** Long work on many documents, done in turns: the other runs of the thread go on in between, and a run that is stopped stops there. */
import { type Op, type Wait, waitFor } from '../domain/op.js';
import type { ContentContext } from './context.js';

/** As long as a slice of Lua, in ms. */
const TURN_MS = 10;

const pause: Wait = {
  reason: 'preempted',
  start: () => new Promise<void>((resolve) => setImmediate(resolve)),
  block() {},
};

export class Turns {
  readonly #ctx: ContentContext;
  #end: number;

  constructor(ctx: ContentContext) {
    this.#ctx = ctx;
    this.#end = ctx.clock.monotonic() + TURN_MS;
  }

  /** Call it between two documents. Where the wait is driven by a VM, its deadline is looked at before the work goes on. */
  *next(): Op<void> {
    if (this.#ctx.clock.monotonic() < this.#end) return;
    yield* waitFor(pause);
    this.#end = this.#ctx.clock.monotonic() + TURN_MS;
  }
}
