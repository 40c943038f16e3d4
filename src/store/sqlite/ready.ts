/**
 * What can be claimed: the lanes (a job in a queue) with claimable runs, less those that are paused or not served; and when that changes.
 * Rows that wait are not looked at, so that nothing here grows with what is waiting. Indexes are named in the statements: without statistics
 * SQLite takes the reference's index on the status, and reads every pending row.
 */
import type { Op } from '../../domain/op.js';
import { holdsRuns, type PauseTarget } from '../../domain/pause.js';
import type { Db } from '../db.js';
import type { Served } from '../store.js';
import { isUnsettled } from './dependencies.js';
import { listPauses } from './pauses.js';
import { allowance, allowedAt } from './rate.js';
import { READY, WAITS } from './schema.js';
import { fromText, toText } from './times.js';

export interface Lane {
  slug: string;
  queue: string;
}

/** Rows in the index of claiming. */
export const CLAIMABLE = "status = 'pending' AND _ml_waits = 0";

/** A skip scan, first over the jobs, then over the queues of each: an index search for each, whatever stands in between. */
const LANES = `WITH RECURSIVE s(slug) AS (
  SELECT (SELECT slug FROM _crap_jobs INDEXED BY _ml_jobs_claimable WHERE ${CLAIMABLE} ORDER BY slug LIMIT 1)
  UNION ALL
  SELECT (SELECT slug FROM _crap_jobs INDEXED BY _ml_jobs_claimable WHERE ${CLAIMABLE} AND slug > s.slug ORDER BY slug LIMIT 1) FROM s WHERE s.slug IS NOT NULL
), l(slug, queue) AS (
  SELECT slug, (SELECT queue FROM _crap_jobs j INDEXED BY _ml_jobs_claimable WHERE ${CLAIMABLE} AND j.slug = s.slug ORDER BY queue LIMIT 1) FROM s WHERE slug IS NOT NULL
  UNION ALL
  SELECT l.slug, (SELECT queue FROM _crap_jobs j INDEXED BY _ml_jobs_claimable WHERE ${CLAIMABLE} AND j.slug = l.slug AND j.queue > l.queue ORDER BY queue LIMIT 1)
  FROM l WHERE l.queue IS NOT NULL
) SELECT slug, queue FROM l WHERE queue IS NOT NULL`;

/** Due rows that are made claimable in one go; many at once would hold up the claim that does it. */
const PROMOTE_LIMIT = 1_000;
/** The condition of the index `_ml_jobs_later`. */
const LATER = `status = 'pending' AND _ml_waits & ${WAITS.time}`;
/** Rows that are looked through for the next one that is served; those of others cost no pass more than this. */
const LOOK_LIMIT = 1_000;
const HORIZON = `SELECT _ml_due AS due FROM _crap_jobs INDEXED BY _ml_jobs_later WHERE ${LATER} AND _ml_due > ? ORDER BY _ml_due LIMIT 1 OFFSET ${LOOK_LIMIT}`;
const PROMOTE = `UPDATE _crap_jobs SET _ml_waits = _ml_waits & ~${WAITS.time}
  WHERE rowid IN (SELECT rowid FROM _crap_jobs INDEXED BY _ml_jobs_later WHERE ${LATER} AND _ml_due <= ? ORDER BY _ml_due LIMIT ${PROMOTE_LIMIT})`;

export function* openLanes(db: Db, queues: readonly string[] | undefined, pauses: readonly PauseTarget[]): Op<Lane[]> {
  const rows = yield* db.all(LANES);
  return rows
    .map((row) => ({ slug: String(row['slug']), queue: String(row['queue']) }))
    .filter(({ slug, queue }) => (queues?.includes(queue) ?? true) && !pauses.some((pause) => holdsRuns(pause, { slug, queue })));
}

/** Runs whose due time has come become claimable. */
export function* promoteDue(db: Db, now: number): Op<void> {
  yield* db.run(PROMOTE, [now]);
}

/** More came due than one claim makes claimable. */
export function* hasOverdue(db: Db, now: number): Op<boolean> {
  return (yield* db.get(`SELECT 1 FROM _crap_jobs INDEXED BY _ml_jobs_later WHERE ${LATER} AND _ml_due <= ? LIMIT 1`, [now])) !== undefined;
}

export function* hasDue(db: Db, now: number, served: Served): Op<boolean> {
  const { slugs, queues, rateLimits } = served;
  const pauses = yield* listPauses(db);
  const wanted = new Set(slugs);
  const open = function* (slug: string): Op<boolean> {
    const rate = rateLimits?.get(slug);
    return wanted.has(slug) && (!rate || (yield* allowance(db, slug, rate, now)) > 0);
  };
  for (const { slug, queue } of yield* openLanes(db, queues, pauses)) {
    if (!(yield* open(slug))) continue;
    if (
      yield* db.get(
        `SELECT 1 FROM _crap_jobs INDEXED BY _ml_jobs_claimable WHERE slug = ? AND queue = ? AND ${CLAIMABLE} AND ${READY} LIMIT 1`,
        [slug, queue, now],
      )
    ) {
      return true;
    }
  }
  const due = yield* db.all(
    `SELECT DISTINCT slug, queue FROM _crap_jobs INDEXED BY _ml_jobs_later WHERE ${LATER} AND _ml_waits = ${WAITS.time} AND _ml_due <= ?`,
    [now],
  );
  for (const row of due) {
    const [slug, queue] = [String(row['slug']), String(row['queue'])];
    if ((queues?.includes(queue) ?? true) && !pauses.some((pause) => holdsRuns(pause, { slug, queue })) && (yield* open(slug))) return true;
  }
  return yield* isUnsettled(db);
}

export function* nextDueAt(db: Db, now: number, served: Served): Op<number | undefined> {
  const { slugs, queues, rateLimits } = served;
  if (slugs.length === 0) return undefined;
  const named = `slug IN (${marks(slugs)})${queues ? ` AND queue IN (${marks(queues)})` : ''}`;
  const names = [...slugs, ...(queues ?? [])];
  const instants: number[] = [];
  // Where none of the next ones is served, the search goes on when they have come due.
  const horizon = Number((yield* db.get(HORIZON, [now]))?.['due'] ?? Number.POSITIVE_INFINITY);
  const later = yield* db.get(
    `SELECT _ml_due AS due FROM _crap_jobs INDEXED BY _ml_jobs_later WHERE ${LATER} AND _ml_due > ? AND _ml_due < ? AND ${named} ORDER BY _ml_due LIMIT 1`,
    [now, horizon, ...names],
  );
  instants.push(Number(later?.['due'] ?? horizon));
  // What crap-cms will try again, in either of its time formats: the text compares within one format only, and of one day those with a space come first.
  const soon = toText(now);
  const ranges = [
    [soon, `${soon.slice(0, 10)}T`],
    [soon.replace(' ', 'T'), '~'],
  ] as const;
  for (const range of ranges) {
    const retries = yield* db.all(
      `SELECT DISTINCT retry_after FROM _crap_jobs INDEXED BY _ml_jobs_retry_after WHERE ${CLAIMABLE} AND retry_after IS NOT NULL
       AND retry_after > ? AND retry_after < ? AND ${named} LIMIT 1000`,
      [...range, ...names],
    );
    for (const row of retries) instants.push(fromText(row['retry_after']) ?? now);
  }
  if (rateLimits && rateLimits.size > 0) {
    for (const { slug } of yield* openLanes(db, queues, yield* listPauses(db))) {
      const rate = rateLimits.get(slug);
      if (rate && slugs.includes(slug)) instants.push(yield* allowedAt(db, slug, rate, now));
    }
  }
  const future = instants.filter((at) => at > now && at < Number.POSITIVE_INFINITY);
  return future.length === 0 ? undefined : Math.min(...future);
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}
