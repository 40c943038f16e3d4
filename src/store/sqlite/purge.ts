/** Purge: removes ended runs older than a limit, with their attempts, in batches; and what the ledger of ticks holds from before it. */
import type { Op } from '../../domain/op.js';
import { FINAL_STATUSES } from '../../domain/run.js';
import type { Db } from '../db.js';
import type { PurgeRequest } from '../store.js';
import { notePurge } from './marks.js';
import { slugsWithRuns } from './slugs.js';
import { toText } from './times.js';

const ENDED = "status IN ('completed', 'failed', 'stale', 'cancelled')";

const IN_INDEX = `_crap_jobs INDEXED BY _ml_jobs_by_end WHERE ${ENDED}`;
const remove = (old: string) =>
  `DELETE FROM _crap_jobs WHERE id IN (SELECT id FROM ${IN_INDEX} AND slug = ? AND status = ? AND ${old} ORDER BY completed_at LIMIT ?)`;
const REMOVE = [remove('completed_at < ?'), remove('completed_at IS NULL AND created_at < ?')];

/**
 * Attempts go with their runs (a trigger). A run's age counts from its end; where crap-cms wrote none, from its making. Looks at each job and
 * status by itself: costs nothing that grows with the runs that are kept.
 */
export function* purge(db: Db, request: PurgeRequest, limit: number): Op<number> {
  const { olderThan, slug, status, except = [] } = request;
  const before = toText(olderThan);
  let removed = 0;
  for (const job of slug === undefined ? yield* slugsWithRuns(db) : [slug]) {
    for (const ended of status === undefined ? FINAL_STATUSES : [status]) {
      if (except.some((pair) => pair.slug === job && pair.status === ended)) continue;
      for (const sql of REMOVE) if (removed < limit) removed += yield* db.run(sql, [job, ended, before, limit - removed]);
    }
  }
  return removed;
}

/** False = there is no such run, or it has not ended. */
export function* removeRun(db: Db, run: string): Op<boolean> {
  return (yield* db.run(`DELETE FROM _crap_jobs WHERE id = ? AND ${ENDED}`, [run])) === 1;
}

/** The newest row of each schedule stays: it says up to where instants are accounted for. */
export function* purgeTicks(db: Db, olderThan: number, limit: number): Op<number> {
  let row = yield* db.get('SELECT min(slug) AS slug FROM _ml_ticks');
  let removed = 0;
  while (typeof row?.['slug'] === 'string' && removed < limit) {
    const slug = row['slug'];
    removed += yield* db.run(
      `DELETE FROM _ml_ticks WHERE slug = ? AND at IN (SELECT at FROM _ml_ticks WHERE slug = ? AND at < ? AND until < ?
         AND at < (SELECT max(at) FROM _ml_ticks WHERE slug = ?) ORDER BY at LIMIT ?)`,
      [slug, slug, olderThan, olderThan, slug, limit - removed],
    );
    row = yield* db.get('SELECT min(slug) AS slug FROM _ml_ticks WHERE slug > ?', [slug]);
  }
  if (removed > 0) yield* notePurge(db, olderThan, 'ticks');
  return removed;
}
