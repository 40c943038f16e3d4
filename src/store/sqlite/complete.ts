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

/** False when the claim was lost; nothing is written then. */
export function* complete(db: Db, request: CompleteRequest): Op<boolean> {
  const { now, log, worker } = request;
  const fence = fenceOf(request.run, request.claim);
  const sql = (request.keepError ? KEPT : CLEARED) + fence.sql;
  if ((yield* db.run(sql, [request.result, toText(now), now, ...fence.params])) !== 1) return false;
  yield* recordAttempt(db, { sql: 'id = ?', params: [request.run], foreign: fence.foreign }, { now, outcome: 'completed', log, worker });
  return true;
}
