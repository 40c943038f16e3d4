/** The store of a session that has no database: whoever asks it for something made a mistake. */
import { HostError } from '../domain/errors.js';
import type { Store } from '../store/store.js';

export const noStore: Store = new Proxy({} as Store, {
  get(_target, act) {
    throw new HostError('NO_STORE', `a project that is only being loaded was asked to ${String(act)}`);
  },
});
