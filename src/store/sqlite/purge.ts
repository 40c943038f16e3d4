/** Purge: removes ended runs older than a limit, with their attempts, in batches; and what the ledger of ticks holds from before it. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import { toText } from './times.js';

const ENDED = "status IN ('completed', 'failed', 'stale', 'cancelled')";

/** Ends with the number of removed runs; fewer than `limit` means that nothing is left to remove. `olderThan` is epoch ms. */
export function* purge(db: Db, olderThan: number, limit: number): Op<number> {
  const before = toText(olderThan);
  // A run's age counts from its end; where crap-cms wrote none, from its making.
  let removed = yield* remove(db, 'completed_at < ?', before, limit);
  if (removed < limit) removed += yield* remove(db, 'completed_at IS NULL AND created_at < ?', before, limit - removed);
  yield* pruneTicks(db, olderThan, limit);
  return removed;
}

/** Attempts go with their runs (a trigger). */
function remove(db: Db, old: string, before: string, limit: number): Op<number> {
  const ids = `SELECT id FROM _crap_jobs WHERE ${ENDED} AND ${old} ORDER BY completed_at LIMIT ?`;
  return db.run(`DELETE FROM _crap_jobs WHERE id IN (${ids})`, [before, limit]);
}

/** The newest row of each schedule stays: it says up to where instants are accounted for. */
function* pruneTicks(db: Db, olderThan: number, limit: number): Op<void> {
  let row = yield* db.get('SELECT min(slug) AS slug FROM _ml_ticks');
  while (typeof row?.['slug'] === 'string') {
    const slug = row['slug'];
    yield* db.run(
      `DELETE FROM _ml_ticks WHERE slug = ? AND at IN (SELECT at FROM _ml_ticks WHERE slug = ? AND at < ? AND until < ?
         AND at < (SELECT max(at) FROM _ml_ticks WHERE slug = ?) ORDER BY at LIMIT ?)`,
      [slug, slug, olderThan, olderThan, slug, limit],
    );
    row = yield* db.get('SELECT min(slug) AS slug FROM _ml_ticks WHERE slug > ?', [slug]);
  }
}
