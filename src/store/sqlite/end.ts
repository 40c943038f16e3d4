/** End: an attempt that did not complete: failed, timed out, cancelled, released (given back) or lost (rescued). Fenced by (run, claim). */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { EndRequest } from '../store.js';
import { recordAttempt } from './attempts.js';
import { toText } from './times.js';

const FENCE = "WHERE id = ? AND status = 'running' AND _ml_claim = ?";

const TO_PENDING = `UPDATE _crap_jobs SET status = 'pending', error = COALESCE(?, error), attempt = attempt - ?, _ml_due = ?, retry_after = ?,
  started_at = NULL, completed_at = NULL, heartbeat_at = NULL, _ml_started = NULL, _ml_host = NULL, _ml_lease = 0, _ml_losses = CASE WHEN ? THEN _ml_losses + 1 WHEN ? THEN 0 ELSE _ml_losses END ${FENCE}`;

const TO_FINAL = `UPDATE _crap_jobs SET status = ?, error = COALESCE(?, error), completed_at = ?, _ml_completed = ?,
  _ml_losses = CASE WHEN ? THEN _ml_losses + 1 ELSE _ml_losses END ${FENCE}`;

/** False when the claim was lost to another: nothing was changed. */
export function* end(db: Db, request: EndRequest): Op<boolean> {
  const { run, claim, now, outcome, error, next, log } = request;
  yield* recordAttempt(db, { run, claim, now, outcome, log, ...(error && { error }) });
  const text = error ? error.message + (error.traceback ? `\n${error.traceback}` : '') : null;
  const lost = outcome === 'lost' ? 1 : 0;
  if (next.status !== 'pending') return (yield* db.run(TO_FINAL, [next.status, text, toText(now), now, lost, run, claim])) === 1;
  const givenBack = next.spendsAttempt ? 0 : 1;
  const due = Math.max(next.dueAt, 1);
  const retryAfter = due > now ? toText(Math.ceil(due / 1000) * 1000) : null;
  const ended = outcome === 'failed' || outcome === 'timed_out' ? 1 : 0;
  return (yield* db.run(TO_PENDING, [text, givenBack, due, retryAfter, lost, ended, run, claim])) === 1;
}
