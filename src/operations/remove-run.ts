/** Remove: deletes one ended run, with its attempts. */
import { NotFoundError, RefusedError } from '../domain/errors.js';
import { isFinal } from '../domain/state-machine.js';
import type { OpenedProject } from './open-project.js';

/** NotFoundError RUN_NOT_FOUND; RefusedError RUN_NOT_ENDED for one that waits or runs. */
export async function removeRun(opened: OpenedProject, id: string): Promise<void> {
  const { store } = opened;
  const before = await opened.write('purge', function* (db) {
    const run = yield* store.findRun(db, id);
    if (run && isFinal(run.status)) yield* store.removeRun(db, id);
    return run;
  });
  if (!before) throw new NotFoundError('RUN_NOT_FOUND', `Job run '${id}' not found`, { details: { id } });
  if (isFinal(before.status)) return;
  throw new RefusedError('RUN_NOT_ENDED', `the run ${id} is ${before.status}: only ended runs are removed`, {
    remedy: 'cancel it first, and wait for its end',
    details: { id, status: before.status },
  });
}
