/** End: an attempt that did not complete: failed, timed out, cancelled, released (given back) or lost (rescued). Fenced by (run, claim). */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { EndRequest } from '../store.js';
import { recordAttempt } from './attempts.js';
import { fenceOf } from './fence.js';
import { toText } from './times.js';

const TO_PENDING = `UPDATE _crap_jobs SET status = 'pending', error = COALESCE(?, error), attempt = max(attempt - ?, 0), _ml_attempt = 0, _ml_due = ?, retry_after = ?,
  started_at = NULL, completed_at = NULL, heartbeat_at = NULL, _ml_started = NULL, _ml_host = NULL, _ml_lease = 0, _ml_losses = CASE WHEN ? THEN _ml_losses + 1 WHEN ? THEN 0 ELSE _ml_losses END WHERE `;

const TO_FINAL = `UPDATE _crap_jobs SET status = ?, error = COALESCE(?, error), completed_at = ?, _ml_completed = ?,
  _ml_losses = CASE WHEN ? THEN _ml_losses + 1 ELSE _ml_losses END WHERE `;

/** False when the claim was lost to another: nothing was changed. */
export function* end(db: Db, request: EndRequest): Op<boolean> {
  const { now, outcome, error, next, log } = request;
  const fence = fenceOf(request.run, request.claim);
  yield* recordAttempt(db, fence, { now, outcome, log, ...(error && { error }) });
  const text = error ? error.message + (error.traceback ? `\n${error.traceback}` : '') : null;
  const lost = outcome === 'lost' ? 1 : 0;
  if (next.status !== 'pending')
    return (yield* db.run(TO_FINAL + fence.sql, [next.status, text, toText(now), now, lost, ...fence.params])) === 1;
  const givenBack = next.spendsAttempt ? 0 : 1;
  const due = Math.max(next.dueAt, 1);
  const retryAfter = due > now ? toText(Math.ceil(due / 1000) * 1000) : null;
  const ended = outcome === 'failed' || outcome === 'timed_out' ? 1 : 0;
  return (yield* db.run(TO_PENDING + fence.sql, [text, givenBack, due, retryAfter, lost, ended, ...fence.params])) === 1;
}
