/** Purge: removes ended runs older than a limit, with their attempts, in batches. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import { toText } from './times.js';

/** Ends with the number of removed runs; fewer than `limit` means that nothing is left to remove. `olderThan` is epoch ms. */
export function* purge(db: Db, olderThan: number, limit: number): Op<number> {
  const rows = yield* db.all(
    "SELECT id FROM _crap_jobs WHERE status IN ('completed', 'failed', 'stale', 'cancelled') AND completed_at < ? ORDER BY completed_at LIMIT ?",
    [toText(olderThan), limit],
  );
  for (const row of rows) {
    const id = String(row['id']);
    yield* db.run('DELETE FROM _ml_attempts WHERE run = ?', [id]);
    yield* db.run('DELETE FROM _crap_jobs WHERE id = ?', [id]);
  }
  return rows.length;
}
