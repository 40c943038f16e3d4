/** Cancel: a run that waits is ended before anybody has claimed it. crap-cms shows the status as pending and never claims it. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import { toText } from './times.js';

const CANCEL = "UPDATE _crap_jobs SET status = 'cancelled', completed_at = ?, _ml_completed = ? WHERE id = ? AND status = 'pending'";

/** False when the run does not exist or is not pending (any more). */
export function* cancelPending(db: Db, run: string, now: number): Op<boolean> {
  return (yield* db.run(CANCEL, [toText(now), now, run])) === 1;
}
