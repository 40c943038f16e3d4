/** Retry: an ended run becomes pending again, at once and with all its attempts; what its attempts did stays recorded. */
import type { Op } from '../../domain/op.js';
import type { FinalStatus } from '../../domain/run.js';
import type { Db } from '../db.js';
import { isBehind } from './keys.js';
import { WAITS } from './schema.js';

const RETRY = `UPDATE _crap_jobs SET status = 'pending', attempt = 0, _ml_attempt = 0, result = NULL, retry_after = NULL, started_at = NULL,
  completed_at = NULL, heartbeat_at = NULL, _ml_due = ?, _ml_started = NULL, _ml_completed = NULL, _ml_host = NULL, _ml_lease = 0,
  _ml_losses = 0, _ml_cancel = NULL, _ml_waits = ? WHERE id = ? AND status IN ('failed', 'stale', 'cancelled')
  AND (unique_key IS NULL OR NOT EXISTS (SELECT 1 FROM _crap_jobs twin WHERE twin.slug = _crap_jobs.slug
    AND twin.unique_key = _crap_jobs.unique_key AND twin.status IN ('pending', 'running')))`;

export function* retry(db: Db, run: string, now: number): Op<boolean> {
  const row = yield* db.get('SELECT slug, _ml_key, _ml_key_limit FROM _crap_jobs WHERE id = ?', [run]);
  if (!row) return false;
  const key = row['_ml_key'];
  const behind = typeof key === 'string' && (yield* isBehind(db, String(row['slug']), key, Number(row['_ml_key_limit'])));
  if ((yield* db.run(RETRY, [Math.max(now, 1), behind ? WAITS.key : 0, run])) === 0) return false;
  // Cancelled while it waited for others: it waits no more, and must not be cancelled when one of them fails.
  yield* db.run('DELETE FROM _ml_dependencies WHERE run = ?', [run]);
  return true;
}

export function* retryAll(db: Db, status: Exclude<FinalStatus, 'completed'>, slug: string | undefined, now: number): Op<number> {
  const ofJob = slug === undefined ? '' : ' AND slug = ?';
  const rows = yield* db.all(
    `SELECT id FROM _crap_jobs WHERE status = ?${ofJob} ORDER BY rowid`,
    slug === undefined ? [status] : [status, slug],
  );
  let count = 0;
  for (const row of rows) if (yield* retry(db, String(row['id']), now)) count++;
  return count;
}
