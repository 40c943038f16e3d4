/** What a job asks for when one of its runs has failed for good: a run of another job, queued in the transaction that records the end. */
import type { JobDefinition } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import { type FinalStatus, requestOf } from '../domain/run.js';
import type { Db } from '../store/db.js';
import type { Store } from '../store/store.js';

/** Data of the run that follows. */
export interface FailedRun {
  run: string;
  slug: string;
  status: Extract<FinalStatus, 'failed' | 'stale'>;
  /** Attempts spent. */
  attempt: number;
  error: string | null;
  /** Data of the failed run as JSON text. */
  data: string;
}

/** Call it behind the end, in its transaction. Does nothing for jobs that ask for nothing. */
export function* queueFollowUp(db: Db, store: Store, jobs: ReadonlyMap<string, JobDefinition>, run: string, now: number): Op<boolean> {
  const ended = yield* store.findRun(db, run);
  const job = ended && jobs.get(ended.slug);
  const next = job?.onFailed === undefined ? undefined : jobs.get(job.onFailed);
  if (!ended || !next || (ended.status !== 'failed' && ended.status !== 'stale')) return false;
  const { slug, status, attempt, error, data } = ended;
  yield* store.enqueue(
    db,
    {
      ...requestOf(next, JSON.stringify({ run, slug, status, attempt, error, data } satisfies FailedRun)),
      scheduledBy: 'system',
    },
    now,
  );
  return true;
}
