/** List runs, newest first; count them. */
import { UsageError } from '../domain/errors.js';
import { RUN_STATUSES, type RunStatus } from '../domain/run.js';
import { didYouMean } from '../domain/suggest.js';
import type { OpenedDatabase } from './open-database.js';
import { type RunView, viewOf } from './run-view.js';

export interface RunQuery {
  slug?: string;
  /** Of one of these jobs; an empty list gives nothing. */
  slugs?: readonly string[];
  /** Text that must be one of the statuses. */
  status?: string;
  queue?: string;
  /** Queued with this unique key, whatever its mode. */
  uniqueKey?: string;
  /** Negative = all. */
  limit: number;
}

export async function listRuns(opened: OpenedDatabase, query: RunQuery): Promise<RunView[]> {
  const filter = { ...filterOf(query), limit: query.limit };
  return (await opened.read((db) => opened.store.listRuns(db, filter))).map(viewOf);
}

export function countRuns(opened: OpenedDatabase, query: Omit<RunQuery, 'limit'>): Promise<number> {
  const filter = filterOf(query);
  return opened.read((db) => opened.store.countRuns(db, filter));
}

function filterOf({ slug, slugs, status, queue, uniqueKey }: Omit<RunQuery, 'limit'>) {
  return { slug, slugs, status: status === undefined ? undefined : parseStatus(status), queue, uniqueKey };
}

function parseStatus(text: string): RunStatus {
  const status = RUN_STATUSES.find((known) => known === text);
  if (status) return status;
  throw new UsageError('INVALID_OPTION', `unknown status '${text}'${didYouMean(text, RUN_STATUSES)}`, {
    remedy: `use one of ${RUN_STATUSES.join(', ')}`,
  });
}
