/** Operations of bindings that are suspended, by the number that their continuation is called with. */
import type { Op } from '../../domain/op.js';
import type { LuaValue } from '../value.js';
import type { Multi } from '../vm.js';

export interface Frame {
  op: Op<LuaValue | Multi>;
}

export class Frames {
  readonly #suspended = new Map<number, Frame>();
  #next = 1;

  suspend(frame: Frame): number {
    const id = this.#next++;
    this.#suspended.set(id, frame);
    return id;
  }

  /** The frame that goes on; each once. */
  resume(id: number): Frame {
    const frame = this.#suspended.get(id);
    this.#suspended.delete(id);
    if (!frame) throw new Error('a suspended binding was resumed twice');
    return frame;
  }

  /** Ends what a run leaves behind that was given up: the `finally` blocks run, the innermost first, which was suspended first. */
  abandon(): void {
    for (const [id, { op }] of [...this.#suspended]) {
      this.#suspended.delete(id);
      try {
        // What waits once more in there is not waited for: nobody is left to do so.
        op.return(undefined as never);
      } catch {
        // The run has its outcome already.
      }
    }
  }

  clear(): void {
    this.#suspended.clear();
  }
}
