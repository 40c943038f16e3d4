/** End: an attempt that did not complete: failed, timed out, cancelled, released (given back) or lost (rescued). Fenced by (run, claim). */
import type { Op } from '../../domain/op.js';
import type { RunStatus } from '../../domain/run.js';
import type { Db } from '../db.js';
import type { EndRequest } from '../store.js';
import { recordAttempt } from './attempts.js';
import { fenceOf } from './fence.js';
import { WAITS } from './schema.js';
import { toText } from './times.js';

const TO_PENDING = `UPDATE _crap_jobs SET status = 'pending', error = COALESCE(?, error), attempt = max(attempt - ?, 0), _ml_attempt = 0, _ml_due = ?, retry_after = ?,
  started_at = NULL, completed_at = NULL, heartbeat_at = NULL, _ml_started = NULL, _ml_host = NULL, _ml_lease = 0, _ml_waits = ?, _ml_losses = CASE WHEN ? THEN _ml_losses + 1 WHEN ? THEN 0 ELSE _ml_losses END WHERE `;

const TO_FINAL = `UPDATE _crap_jobs SET status = ?, error = COALESCE(?, error), completed_at = ?, _ml_completed = ?,
  _ml_losses = CASE WHEN ? THEN _ml_losses + 1 ELSE _ml_losses END WHERE `;

/** The status that the run has now: cancelled instead of pending where its end was asked for. Undefined when the claim was lost: nothing was changed. */
export function* end(db: Db, request: EndRequest): Op<RunStatus | undefined> {
  const { now, outcome, error, next, log, worker } = request;
  const fence = fenceOf(request.run, request.claim);
  yield* recordAttempt(db, fence, { now, outcome, log, worker, ...(error && { error }) });
  const text = error ? error.message + (error.traceback ? `\n${error.traceback}` : '') : null;
  const lost = outcome === 'lost' ? 1 : 0;
  const toFinal = function* (status: RunStatus, condition = ''): Op<RunStatus | undefined> {
    const changed = yield* db.run(TO_FINAL + fence.sql + condition, [status, text, toText(now), now, lost, ...fence.params]);
    return changed === 1 ? status : undefined;
  };
  if (next.status !== 'pending') return yield* toFinal(next.status);
  const cancelled = yield* toFinal('cancelled', ' AND _ml_cancel IS NOT NULL');
  if (cancelled) return cancelled;
  const givenBack = next.spendsAttempt ? 0 : 1;
  const due = Math.max(next.dueAt, 1);
  const later = due > now;
  const retryAfter = later ? toText(Math.ceil(due / 1000) * 1000) : null;
  const ended = outcome === 'failed' || outcome === 'timed_out' ? 1 : 0;
  const params = [text, givenBack, due, retryAfter, later ? WAITS.time : 0, lost, ended, ...fence.params];
  return (yield* db.run(TO_PENDING + fence.sql, params)) === 1 ? 'pending' : undefined;
}
