/**
 * Claim: takes due runs in the order of their rank, never beyond a cap, at a cost that does not grow with the backlog: for each job
 * that has pending rows and free capacity, the head of a partial index; then a merge by rank. A full job hides no other.
 */
import type { Op } from '../../domain/op.js';
import type { ClaimedRun } from '../../domain/run.js';
import type { Db } from '../db.js';
import type { ClaimRequest } from '../store.js';
import { RANK, READY } from './schema.js';
import { fromText, toText } from './times.js';

/** A skip scan: one index seek for each job with pending rows. */
const PENDING_SLUGS = `WITH RECURSIVE s(slug) AS (
  SELECT (SELECT slug FROM _crap_jobs WHERE status = 'pending' ORDER BY slug LIMIT 1)
  UNION ALL
  SELECT (SELECT slug FROM _crap_jobs WHERE status = 'pending' AND slug > s.slug ORDER BY slug LIMIT 1) FROM s WHERE s.slug IS NOT NULL
) SELECT slug FROM s WHERE slug IS NOT NULL`;

const COLUMNS = `rowid AS row, id, slug, queue, ${RANK} AS rank`;
/** Rank never exceeds the due time where priority is not negative, so `rank <= now` ends the scan before the runs that wait. */
const HEAD = `SELECT ${COLUMNS} FROM _crap_jobs WHERE slug = ? AND status = 'pending' AND ${RANK} <= ? AND ${READY}`;
const HEAD_LOW = `SELECT ${COLUMNS} FROM _crap_jobs WHERE slug = ? AND status = 'pending' AND priority < 0 AND ${READY}`;
const ORDER = ` ORDER BY ${RANK}, rowid LIMIT ?`;

const RUNNING = "SELECT slug, queue, COUNT(*) AS n FROM _crap_jobs WHERE status = 'running' GROUP BY slug, queue";

const TAKE = `UPDATE _crap_jobs SET status = 'running', attempt = attempt + 1, _ml_attempt = attempt + 1, _ml_claim = _ml_claim + 1, _ml_host = ?, _ml_lease = ?,
  started_at = ?, heartbeat_at = ?, _ml_started = ? WHERE id = ? AND status = 'pending'`;
const TAKEN =
  'SELECT id, slug, queue, data, _ml_claim, attempt, max_attempts, priority, unique_key, scheduled_by, created_at, _ml_created FROM _crap_jobs WHERE id = ?';

interface Candidate {
  id: string;
  slug: string;
  queue: string;
  rank: number;
  row: number;
}

export function* claim(db: Db, request: ClaimRequest): Op<ClaimedRun[]> {
  const { total, bySlug, byQueue } = yield* runningCounts(db);
  const taken: ClaimedRun[] = [];
  const free = () => Math.min(request.limit, request.maxConcurrent - total) - taken.length;
  const isFull = (queue: string) => (byQueue.get(queue) ?? 0) >= (request.queueConcurrency?.get(queue) ?? Number.POSITIVE_INFINITY);
  const capacityOf = (slug: string) => (request.concurrency.get(slug) ?? 0) - (bySlug.get(slug) ?? 0);
  // A queue that is filled on the way may have hidden runs of other queues behind its own: look again without it.
  for (let hidden = true; hidden && free() > 0; ) {
    hidden = false;
    const full = [...(request.queueConcurrency?.keys() ?? [])].filter(isFull);
    const candidates: Candidate[] = [];
    for (const { slug } of (yield* db.all(PENDING_SLUGS)) as { slug: string }[]) {
      const capacity = Math.min(free(), capacityOf(slug));
      if (capacity > 0) yield* addHeads(db, request, full, slug, capacity, candidates);
    }
    candidates.sort((a, b) => a.rank - b.rank || a.row - b.row);
    for (const { id, slug, queue } of candidates) {
      if (free() <= 0) break;
      if (isFull(queue)) hidden = true;
      if (isFull(queue) || capacityOf(slug) <= 0) continue;
      const run = yield* take(db, request, id);
      if (!run) continue;
      taken.push(run);
      byQueue.set(queue, (byQueue.get(queue) ?? 0) + 1);
      bySlug.set(slug, (bySlug.get(slug) ?? 0) + 1);
    }
  }
  return taken;
}

/** Up to `capacity` heads of one job. Queues that are not served or full are left out in SQL, so that they hide nothing behind them. */
function* addHeads(db: Db, request: ClaimRequest, full: readonly string[], slug: string, capacity: number, into: Candidate[]): Op<void> {
  const served = request.queues?.filter((queue) => !full.includes(queue));
  const named = served ?? full;
  const lanes = served || full.length > 0 ? ` AND queue ${served ? '' : 'NOT '}IN (${named.map(() => '?').join(', ')})` : '';
  const { now } = request;
  const rows = yield* db.all(`${HEAD}${lanes}${ORDER}`, [slug, now, now, now, ...named, capacity]);
  if (rows.length < capacity) {
    const low = yield* db.all(`${HEAD_LOW}${lanes}${ORDER}`, [slug, now, now, ...named, capacity]);
    const seen = new Set(rows.map((row) => row['id']));
    rows.push(...low.filter((row) => !seen.has(row['id']!)));
  }
  for (const row of rows) {
    into.push({ id: String(row['id']), slug, queue: String(row['queue']), rank: Number(row['rank']), row: Number(row['row']) });
  }
}

function* take(db: Db, request: ClaimRequest, id: string): Op<ClaimedRun | undefined> {
  const text = toText(request.now);
  const changed = yield* db.run(TAKE, [request.host, request.leaseUntil, text, text, request.now, id]);
  if (changed === 0) return undefined;
  const row = (yield* db.get(TAKEN, [id]))!;
  return {
    id,
    slug: String(row['slug']),
    queue: String(row['queue']),
    data: row['data'] === null ? '' : String(row['data']),
    claim: Number(row['_ml_claim']),
    attempt: Number(row['attempt']),
    maxAttempts: Number(row['max_attempts']),
    priority: Number(row['priority']),
    uniqueKey: row['unique_key'] === null ? null : String(row['unique_key']),
    scheduledBy: row['scheduled_by'] === null ? null : String(row['scheduled_by']),
    createdAt: Number(row['_ml_created'] ?? fromText(row['created_at']) ?? request.now),
  };
}

/** Counted from rows, crap-cms's running ones too, so limits cannot leak. */
export function* runningCounts(db: Db): Op<{ total: number; bySlug: Map<string, number>; byQueue: Map<string, number> }> {
  const bySlug = new Map<string, number>();
  const byQueue = new Map<string, number>();
  let total = 0;
  for (const row of yield* db.all(RUNNING)) {
    const n = Number(row['n']);
    total += n;
    bySlug.set(String(row['slug']), (bySlug.get(String(row['slug'])) ?? 0) + n);
    byQueue.set(String(row['queue']), (byQueue.get(String(row['queue'])) ?? 0) + n);
  }
  return { total, bySlug, byQueue };
}
