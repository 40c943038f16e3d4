/** Complete: the fenced end of a run, in the transaction of its handler. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { CompleteRequest } from '../store.js';
import { recordAttempt } from './attempts.js';
import { fenceOf } from './fence.js';
import { toText } from './times.js';

const COMPLETE = (error: string) =>
  `UPDATE _crap_jobs SET status = 'completed', result = ?, ${error}retry_after = NULL, completed_at = ?, _ml_completed = ?, _ml_losses = 0
  WHERE `;
const CLEARED = COMPLETE('error = NULL, ');
const KEPT = COMPLETE('');

/** False when the claim was lost: the caller rolls back. */
export function* complete(db: Db, request: CompleteRequest): Op<boolean> {
  const { now, log, worker } = request;
  const fence = fenceOf(request.run, request.claim);
  yield* recordAttempt(db, fence, { now, outcome: 'completed', log, worker });
  return (yield* db.run((request.keepError ? KEPT : CLEARED) + fence.sql, [request.result, toText(now), now, ...fence.params])) === 1;
}
