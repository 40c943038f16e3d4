/** Keys: runs of a job with one key are executed in the order of their enqueueing. Those behind are not in the index of claiming. */
import type { Op } from '../../domain/op.js';
import type { RunStatus } from '../../domain/run.js';
import type { Db } from '../db.js';
import { AHEAD, BEHIND } from './triggers.js';

const OF_KEY = "slug = ? AND _ml_key = ? AND status IN ('pending', 'running')";

/** Whether a new run of the key has to stand behind others. */
export function* isBehind(db: Db, slug: string, key: string, limit: number): Op<boolean> {
  if (yield* db.get(`SELECT 1 FROM _crap_jobs WHERE ${OF_KEY} AND _ml_waits IN (${BEHIND.join(', ')}) LIMIT 1`, [slug, key])) return true;
  const row = yield* db.get(`SELECT count(*) AS n FROM _crap_jobs WHERE ${OF_KEY} AND _ml_waits IN (${AHEAD.join(', ')})`, [slug, key]);
  return Number(row?.['n'] ?? 0) >= limit;
}

/** An older run that was tried again stands behind younger ones. */
export function* listAheadOfKey(db: Db, run: string, limit: number): Op<{ id: string; status: RunStatus }[]> {
  const rows = yield* db.all(
    `SELECT a.id, a.status FROM _crap_jobs b JOIN _crap_jobs a ON a.slug = b.slug AND a._ml_key = b._ml_key AND a.status IN ('pending', 'running')
     WHERE b.id = ? AND a.id <> b.id AND (a.rowid < b.rowid OR a._ml_waits IN (${AHEAD.join(', ')}))
     ORDER BY a._ml_waits NOT IN (${AHEAD.join(', ')}), a.rowid LIMIT ?`,
    [run, limit],
  );
  return rows.map((row) => ({ id: String(row['id']), status: String(row['status']) as RunStatus }));
}
