/**
 * Cancel: a run that waits is ended before anybody claims it; of a running one the end is asked for, which its host obeys. crap-cms
 * shows the status as pending and never claims it.
 */
import type { Op } from '../../domain/op.js';
import type { FinalStatus } from '../../domain/run.js';
import type { Db } from '../db.js';
import { OURS } from './fence.js';
import { toText } from './times.js';

/** Ends pending runs, those of the conditions put behind. Parameters: the text of the error or null, the time as text and in epoch ms. */
export const CANCEL = `UPDATE _crap_jobs SET status = 'cancelled', error = COALESCE(?, error), completed_at = ?, _ml_completed = ?, _ml_waits = 0
  WHERE status = 'pending'`;
const REQUEST = `UPDATE _crap_jobs SET _ml_cancel = ? WHERE id = ? AND status = 'running' AND ${OURS}`;
const REQUESTED = `SELECT id, _ml_claim FROM _crap_jobs WHERE status = 'running' AND _ml_cancel IS NOT NULL AND _ml_host = ? AND ${OURS}`;

/** False when the run does not exist or is not pending (any more). `reason`: text for its error column. */
export function* cancelPending(db: Db, run: string, now: number, reason?: string): Op<boolean> {
  return (yield* db.run(`${CANCEL} AND id = ?`, [reason ?? null, toText(now), now, run])) === 1;
}

/** Without a slug queued mails stay: nobody means the links to reset a password who clears the jobs. */
export function cancelAllPending(db: Db, slug: string | undefined, now: number): Op<number> {
  if (slug === undefined) return db.run(`${CANCEL} AND substr(slug, 1, 8) <> '_system_'`, [null, toText(now), now]);
  return db.run(`${CANCEL} AND slug = ?`, [null, toText(now), now, slug]);
}

export function* requestCancel(db: Db, run: string, now: number): Op<'cancelled_now' | 'requested' | 'foreign' | FinalStatus | undefined> {
  if (yield* cancelPending(db, run, now)) return 'cancelled_now';
  if ((yield* db.run(REQUEST, [now, run])) === 1) return 'requested';
  const row = yield* db.get('SELECT status FROM _crap_jobs WHERE id = ?', [run]);
  if (!row) return undefined;
  return row['status'] === 'running' ? 'foreign' : (String(row['status']) as FinalStatus);
}

export function* listCancelRequests(db: Db, host: string): Op<{ run: string; claim: number }[]> {
  const rows = yield* db.all(REQUESTED, [host]);
  return rows.map((row) => ({ run: String(row['id']), claim: Number(row['_ml_claim']) }));
}
