/** Figures of `jobs healthcheck` (jobs page 7.6), by the reference's text columns, so that they hold for its rows too. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { HealthFigures } from '../store.js';
import { slugsIn } from './slugs.js';
import { fromText, toText } from './times.js';

const COMPLETED = `${slugsIn('_crap_jobs')} SELECT slug FROM s WHERE slug IS NOT NULL AND EXISTS (SELECT 1 FROM _crap_jobs j WHERE j.slug = s.slug AND j.status = 'completed')`;

export function* healthFigures(db: Db, limits: { staleBefore: number; failedAfter: number; pendingBefore: number }): Op<HealthFigures> {
  const stale = yield* db.all(
    `SELECT id, slug, started_at, heartbeat_at FROM _crap_jobs WHERE status = 'running' AND (heartbeat_at IS NULL OR heartbeat_at < ?)
     ORDER BY started_at`,
    [toText(limits.staleBefore)],
  );
  const count = function* (condition: string, at: number): Op<number> {
    return Number((yield* db.get(`SELECT count(*) AS n FROM _crap_jobs WHERE ${condition}`, [toText(at)]))?.['n'] ?? 0);
  };
  return {
    stale: stale.map((row) => ({
      id: String(row['id']),
      slug: String(row['slug']),
      startedAt: fromText(row['started_at']),
      heartbeatAt: fromText(row['heartbeat_at']),
    })),
    failed: yield* count("status = 'failed' AND completed_at >= ?", limits.failedAfter),
    pending: yield* count("status = 'pending' AND created_at < ?", limits.pendingBefore),
    completedSlugs: new Set((yield* db.all(COMPLETED)).map((row) => String(row['slug']))),
  };
}
