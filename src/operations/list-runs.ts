/** List runs, newest first. */
import { UsageError } from '../domain/errors.js';
import { RUN_STATUSES, type RunStatus } from '../domain/run.js';
import { didYouMean } from '../domain/suggest.js';
import type { OpenedDatabase } from './open-database.js';
import { type RunView, viewOf } from './run-view.js';

export interface RunQuery {
  slug?: string;
  /** Text that must be one of the statuses. */
  status?: string;
  queue?: string;
  /** Negative = all. */
  limit: number;
}

export async function listRuns(opened: OpenedDatabase, query: RunQuery): Promise<RunView[]> {
  const { slug, queue, limit } = query;
  const status = query.status === undefined ? undefined : parseStatus(query.status);
  const runs = await opened.read((db) => opened.store.listRuns(db, { slug, status, queue, limit }));
  return runs.map(viewOf);
}

function parseStatus(text: string): RunStatus {
  const status = RUN_STATUSES.find((known) => known === text);
  if (status) return status;
  throw new UsageError('INVALID_OPTION', `unknown status '${text}'${didYouMean(text, RUN_STATUSES)}`, {
    remedy: `use one of ${RUN_STATUSES.join(', ')}`,
  });
}
