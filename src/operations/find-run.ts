/** One run by its id. */
import { NotFoundError } from '../domain/errors.js';
import type { Run } from '../domain/run.js';
import type { OpenedDatabase } from './open-database.js';
import { type RunView, viewOf } from './run-view.js';

/** As it is shown. NotFoundError RUN_NOT_FOUND. */
export async function getRun(opened: OpenedDatabase, id: string): Promise<RunView> {
  return viewOf(await getRecordedRun(opened, id));
}

/** As it is recorded. NotFoundError RUN_NOT_FOUND with the reference's text. */
export async function getRecordedRun(opened: OpenedDatabase, id: string): Promise<Run> {
  const run = await opened.read((db) => opened.store.findRun(db, id));
  if (run) return run;
  throw new NotFoundError('RUN_NOT_FOUND', `Job run '${id}' not found`, {
    remedy: 'run `moonlighter jobs status` for the newest ids; finished runs are purged after [jobs] auto_purge',
    details: { id },
  });
}
