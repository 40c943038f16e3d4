/** Empties the trash of collections with `soft_delete_retention`, in small batches, so that no writer waits long. */
import type { TrashRule } from '../worker/trash.js';
import type { HostActs } from './acts.js';
import type { HostEmitter } from './events.js';

/** Each document goes with its rows, versions and references. */
const BATCH = 50;

export class TrashPruner {
  readonly #acts: HostActs;
  readonly #events: HostEmitter;
  readonly #rules: readonly TrashRule[];

  constructor(acts: HostActs, events: HostEmitter, rules: readonly TrashRule[]) {
    this.#acts = acts;
    this.#events = events;
    this.#rules = rules;
  }

  /** `stopped` is asked between batches. */
  async prune(stopped: () => boolean): Promise<void> {
    for (const { slug, purge } of this.#rules) {
      let count = 0;
      let after: Parameters<TrashRule['purge']>[1];
      do {
        const from = after;
        const { deleted, last } = await this.#acts.write('purge', (db) => purge(db, from, BATCH));
        count += deleted;
        after = last;
      } while (after && !stopped());
      if (count > 0) this.#events.emit('trash:purged', { collection: slug, count });
    }
  }
}
