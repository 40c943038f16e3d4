/** Purge: removes ended runs older than a limit, with their attempts, in batches; and what the ledger of ticks holds from before it. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { PurgeRequest } from '../store.js';
import { notePurge } from './marks.js';
import { toText } from './times.js';

const ENDED = "status IN ('completed', 'failed', 'stale', 'cancelled')";

/** Attempts go with their runs (a trigger). A run's age counts from its end; where crap-cms wrote none, from its making. */
export function* purge(db: Db, request: PurgeRequest, limit: number): Op<number> {
  const { slug, status, except = [] } = request;
  const before = toText(request.olderThan);
  const conditions = [
    ...(slug === undefined ? [] : ['slug = ?']),
    ...(status === undefined ? [] : ['status = ?']),
    ...except.map(() => 'NOT (slug = ? AND status = ?)'),
  ];
  const params = [...[slug, status].filter((value) => value !== undefined), ...except.flatMap((pair) => [pair.slug, pair.status])];
  const remove = (old: string, most: number) => {
    const ids = `SELECT id FROM _crap_jobs WHERE ${[ENDED, old, ...conditions].join(' AND ')} ORDER BY completed_at LIMIT ?`;
    return db.run(`DELETE FROM _crap_jobs WHERE id IN (${ids})`, [before, ...params, most]);
  };
  let removed = yield* remove('completed_at < ?', limit);
  if (removed < limit) removed += yield* remove('completed_at IS NULL AND created_at < ?', limit - removed);
  return removed;
}

/** False = there is no such run, or it has not ended. */
export function* removeRun(db: Db, run: string): Op<boolean> {
  return (yield* db.run(`DELETE FROM _crap_jobs WHERE id = ? AND ${ENDED}`, [run])) === 1;
}

/** The newest row of each schedule stays: it says up to where instants are accounted for. */
export function* purgeTicks(db: Db, olderThan: number, limit: number): Op<void> {
  let row = yield* db.get('SELECT min(slug) AS slug FROM _ml_ticks');
  let removed = 0;
  while (typeof row?.['slug'] === 'string') {
    const slug = row['slug'];
    removed += yield* db.run(
      `DELETE FROM _ml_ticks WHERE slug = ? AND at IN (SELECT at FROM _ml_ticks WHERE slug = ? AND at < ? AND until < ?
         AND at < (SELECT max(at) FROM _ml_ticks WHERE slug = ?) ORDER BY at LIMIT ?)`,
      [slug, slug, olderThan, olderThan, slug, limit],
    );
    row = yield* db.get('SELECT min(slug) AS slug FROM _ml_ticks WHERE slug > ?', [slug]);
  }
  if (removed > 0) yield* notePurge(db, olderThan, 'ticks');
}
