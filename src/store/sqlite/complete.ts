/** Complete: the fenced end of a run, in the transaction of its handler. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { CompleteRequest } from '../store.js';
import { recordAttempt } from './attempts.js';
import { toText } from './times.js';

const COMPLETE = `UPDATE _crap_jobs SET status = 'completed', result = ?, error = NULL, retry_after = NULL, completed_at = ?, _ml_completed = ?, _ml_losses = 0
  WHERE id = ? AND status = 'running' AND _ml_claim = ?`;

/** False when the claim was lost: the caller rolls back. */
export function* complete(db: Db, request: CompleteRequest): Op<boolean> {
  const { run, claim, now, log } = request;
  yield* recordAttempt(db, { run, claim, now, outcome: 'completed', log });
  return (yield* db.run(COMPLETE, [request.result, toText(now), now, run, claim])) === 1;
}
