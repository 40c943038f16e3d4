/** Cancel: one run, whatever its state, or all that wait. A running one is ended by its host, whose attempt is rolled back. */
import { hostname } from 'node:os';
import { NotFoundError, RefusedError } from '../domain/errors.js';
import { probeSocket } from '../host/waker.js';
import type { OpenedDatabase } from './open-database.js';
import { waitForRun } from './wait-for-run.js';

export interface Cancelled {
  id: string;
  /** requested: its host has been asked to end it. */
  outcome: 'cancelled' | 'requested';
}

/** NotFoundError RUN_NOT_FOUND; RefusedError RUN_ENDED, or RUN_FOREIGN for one that crap-cms executes. `wait`: ends when the run has. */
export async function cancelRun(
  opened: OpenedDatabase,
  id: string,
  options: { wait?: boolean; signal?: AbortSignal } = {},
): Promise<Cancelled> {
  const told = await tellHost(opened, id);
  const answer = told ? 'requested' : await opened.write('cancel', (db) => opened.store.requestCancel(db, id, opened.clock.now()));
  if (answer === undefined) throw new NotFoundError('RUN_NOT_FOUND', `Job run '${id}' not found`, { details: { id } });
  if (answer === 'cancelled_now') return { id, outcome: 'cancelled' };
  if (answer === 'foreign') {
    throw new RefusedError('RUN_FOREIGN', `the run ${id} is executed by crap-cms, which cannot be told to end it`, {
      remedy: 'wait for its end, or stop crap-cms',
      details: { id },
    });
  }
  if (answer !== 'requested') {
    throw new RefusedError('RUN_ENDED', `the run ${id} has ended already: it is ${answer}`, { details: { id, status: answer } });
  }
  if (!told) await opened.wake();
  if (!options.wait) return { id, outcome: 'requested' };
  const run = await waitForRun(opened, id, options.signal);
  if (run.status === 'cancelled') return { id, outcome: 'cancelled' };
  throw new RefusedError('RUN_ENDED', `the run ${id} ended before it could be cancelled: it is ${run.status}`, {
    details: { id, status: run.status },
  });
}

/**
 * Says it to the host itself where it is on this machine: the run may hold the write lock, which a row with the request would wait for.
 * False when the run is not running, or its host does not answer here.
 */
async function tellHost(opened: OpenedDatabase, id: string): Promise<boolean> {
  const run = await opened.read((db) => opened.store.findRun(db, id));
  if (run?.status !== 'running') return false;
  const host = (await opened.hosts()).find((each) => each.id === run.host);
  return (
    host !== undefined && host.hostname === hostname() && (await probeSocket(host.socket, 1000, `cancel ${id} ${run.claim}\n`)) === 'alive'
  );
}

/** Ends every pending run, or those of one job (also of one that is not defined any more). Ends with their number. */
export function cancelPendingRuns(opened: OpenedDatabase, slug?: string): Promise<number> {
  return opened.write('cancel', (db) => opened.store.cancelAllPending(db, slug, opened.clock.now()));
}
