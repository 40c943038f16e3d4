/** Retry: ended runs become pending again, with all their attempts. */
import { NotFoundError, RefusedError } from '../domain/errors.js';
import { isFinal } from '../domain/state-machine.js';
import type { OpenedDatabase } from './open-database.js';

/** NotFoundError RUN_NOT_FOUND; RefusedError RUN_NOT_ENDED for one that waits, runs or is completed, UNIQUE_TAKEN. */
export async function retryRun(opened: OpenedDatabase, id: string): Promise<void> {
  const { store, clock } = opened;
  const before = await opened.read((db) => store.findRun(db, id));
  if (!before) throw new NotFoundError('RUN_NOT_FOUND', `Job run '${id}' not found`, { details: { id } });
  if (!isFinal(before.status) || before.status === 'completed') {
    throw new RefusedError('RUN_NOT_ENDED', `the run ${id} is ${before.status}: only failed, stale and cancelled runs are tried again`, {
      remedy: before.status === 'completed' ? 'queue a new run with `moonlighter jobs trigger`' : 'wait for its end',
      details: { id, status: before.status },
    });
  }
  if (!(await opened.write('retry', (db) => store.retry(db, id, clock.now())))) {
    throw new RefusedError('UNIQUE_TAKEN', `another run of job '${before.slug}' holds the unique key '${before.uniqueKey}'`, {
      remedy: 'wait for its end, or cancel it',
      details: { id, slug: before.slug, unique_key: before.uniqueKey },
    });
  }
  await opened.wake();
}

/** Every failed (or `stale`, `cancelled`) run of a job, or of all; those whose unique key is taken stay. Ends with the number. */
export async function retryRuns(opened: OpenedDatabase, status: 'failed' | 'stale' | 'cancelled', slug?: string): Promise<number> {
  const { store, clock } = opened;
  const count = await opened.write('retry', (db) => store.retryAll(db, status, slug, clock.now()));
  if (count > 0) await opened.wake();
  return count;
}
