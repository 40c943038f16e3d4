/**
 * Claim: takes due runs in the order of their rank, never beyond a cap, at a cost that does not grow with the backlog: for each job
 * that has pending rows and free capacity, the head of a partial index; then a merge by rank. A full job hides no other.
 */
import type { Op } from '../../domain/op.js';
import type { ClaimedRun } from '../../domain/run.js';
import type { Db, Row } from '../db.js';
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

const TAKE = `UPDATE _crap_jobs SET status = 'running', attempt = attempt + 1, _ml_claim = _ml_claim + 1, _ml_host = ?, _ml_lease = ?,
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
  const running = yield* runningCounts(db);
  let free = Math.min(request.limit, request.maxConcurrent - running.total);
  if (free <= 0) return [];

  const candidates: Candidate[] = [];
  const slugs = yield* db.all(PENDING_SLUGS);
  for (const { slug } of slugs as { slug: string }[]) {
    const capacity = Math.min(free, (request.concurrency.get(slug) ?? 0) - (running.bySlug.get(slug) ?? 0));
    if (capacity > 0) yield* addHeads(db, request, slug, capacity, candidates);
  }
  candidates.sort((a, b) => a.rank - b.rank || a.row - b.row);

  const taken: ClaimedRun[] = [];
  const inQueue = new Map(running.byQueue);
  const inSlug = new Map(running.bySlug);
  for (const candidate of candidates) {
    if (free === 0) break;
    const { slug, queue } = candidate;
    const queued = inQueue.get(queue) ?? 0;
    if (queued >= (request.queueConcurrency?.get(queue) ?? Number.POSITIVE_INFINITY)) continue;
    const bySlug = inSlug.get(slug) ?? 0;
    if (bySlug >= (request.concurrency.get(slug) ?? 0)) continue;
    const run = yield* take(db, request, candidate.id);
    if (!run) continue;
    inQueue.set(queue, queued + 1);
    inSlug.set(slug, bySlug + 1);
    free--;
    taken.push(run);
  }
  return taken;
}

/** Up to `capacity` heads of one job. Queues that are not served or full are left out in SQL, so that they hide nothing behind them. */
function* addHeads(db: Db, request: ClaimRequest, slug: string, capacity: number, into: Candidate[]): Op<void> {
  const lanes = request.queues ? ` AND queue IN (${request.queues.map(() => '?').join(', ')})` : '';
  const lane = request.queues ?? [];
  const nowText = toText(request.now);
  // With queue caps several runs of one full queue may stand before one of a free queue: look further than the capacity.
  const look = request.queueConcurrency?.size ? capacity * 4 : capacity;
  const heads = yield* db.all(`${HEAD}${lanes}${ORDER}`, [slug, request.now, request.now, nowText, ...lane, look]);
  const rows: Row[] = heads;
  if (heads.length < look) {
    const low = yield* db.all(`${HEAD_LOW}${lanes}${ORDER}`, [slug, request.now, nowText, ...lane, look]);
    const seen = new Set(heads.map((row) => row['id']));
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
