/**
 * Claim: takes due runs in the order of their rank, never beyond a cap, at a cost that does not grow with the backlog: for each lane (a
 * job in a queue) that has claimable runs and free capacity, the head of a partial index; then a merge by rank. A full job hides no other.
 */
import type { Op } from '../../domain/op.js';
import type { ClaimedRun } from '../../domain/run.js';
import type { Db } from '../db.js';
import type { ClaimRequest } from '../store.js';
import { noteClock } from './clock-notes.js';
import { settle } from './dependencies.js';
import { listPauses } from './pauses.js';
import { allowance, recordStarts } from './rate.js';
import { CLAIMABLE, openLanes, promoteDue } from './ready.js';
import { RANK, READY } from './schema.js';
import { LAST_ATTEMPT, LAST_CLAIM } from './sound-rows.js';
import { fromText, instantOf, toText } from './times.js';

export const HEADS = `SELECT rowid AS row, id, slug, queue, ${RANK} AS rank FROM _crap_jobs INDEXED BY _ml_jobs_claimable
  WHERE slug = ? AND queue = ? AND ${CLAIMABLE} AND ${READY} AND typeof(id) = 'text' ORDER BY ${RANK}, rowid LIMIT ?`;

const RUNNING = "SELECT slug, queue, COUNT(*) AS n FROM _crap_jobs WHERE status = 'running' GROUP BY slug, queue";

const TAKE = `UPDATE _crap_jobs SET status = 'running', attempt = ${LAST_ATTEMPT} + 1, _ml_attempt = ${LAST_ATTEMPT} + 1, _ml_claim = ${LAST_CLAIM} + 1, _ml_host = ?, _ml_lease = ?,
  started_at = ?, heartbeat_at = ?, _ml_started = ?, _ml_cancel = NULL WHERE id = ? AND status = 'pending'
  AND (_ml_key IS NULL OR max(_ml_key_limit, 1) > (SELECT count(*) FROM _crap_jobs k
    WHERE k.slug = _crap_jobs.slug AND k._ml_key = _crap_jobs._ml_key AND k.status IN ('pending', 'running') AND k.status = 'running'))
  RETURNING slug, queue, data, _ml_claim, attempt, max_attempts, priority, COALESCE(unique_key, _ml_unique) AS unique_key, scheduled_by, created_at, _ml_created`;

const BEFORE = 'SELECT error_code FROM _ml_attempts WHERE run = ? AND claim = ?';

interface Candidate {
  id: string;
  slug: string;
  queue: string;
  rank: number;
  row: number;
}

export function* claim(db: Db, request: ClaimRequest): Op<ClaimedRun[]> {
  const { now } = request;
  yield* settle(db, now);
  yield* promoteDue(db, now);
  const { total, bySlug, byQueue } = yield* runningCounts(db);
  const places = Math.min(request.limit, request.maxConcurrent - total);
  if (places <= 0) return [];
  const jobs = new Map<string, number>();
  const capacityOf = function* (slug: string): Op<number> {
    let capacity = jobs.get(slug);
    if (capacity === undefined) {
      const rate = request.rateLimits?.get(slug);
      capacity = (request.concurrency.get(slug) ?? 0) - (bySlug.get(slug) ?? 0);
      if (rate && capacity > 0) capacity = Math.min(capacity, yield* allowance(db, slug, rate, now));
      jobs.set(slug, capacity);
    }
    return capacity;
  };
  const roomOf = (queue: string) => (request.queueConcurrency?.get(queue) ?? Number.POSITIVE_INFINITY) - (byQueue.get(queue) ?? 0);
  const candidates: Candidate[] = [];
  for (const { slug, queue } of yield* openLanes(db, request.queues, yield* listPauses(db))) {
    const most = Math.min(places, yield* capacityOf(slug), roomOf(queue));
    if (most <= 0) continue;
    for (const row of yield* db.all(HEADS, [slug, queue, now, most])) {
      candidates.push({ id: String(row['id']), slug, queue, rank: Number(row['rank']), row: Number(row['row']) });
    }
  }
  candidates.sort((a, b) => a.rank - b.rank || a.row - b.row);
  const taken: ClaimedRun[] = [];
  const started = new Map<string, number>();
  for (const { id, slug, queue } of candidates) {
    if (taken.length >= places) break;
    if (roomOf(queue) <= 0 || (yield* capacityOf(slug)) <= 0) continue;
    const run = yield* take(db, request, id);
    if (!run) continue;
    taken.push(run);
    byQueue.set(queue, (byQueue.get(queue) ?? 0) + 1);
    jobs.set(slug, (jobs.get(slug) ?? 0) - 1);
    if (request.rateLimits?.has(slug)) started.set(slug, (started.get(slug) ?? 0) + 1);
  }
  if (taken.length > 0) yield* noteClock(db, now);
  for (const [slug, count] of started) yield* recordStarts(db, slug, request.rateLimits!.get(slug)!, count, now);
  return taken;
}

function* take(db: Db, request: ClaimRequest, id: string): Op<ClaimedRun | undefined> {
  const text = toText(request.now);
  const row = yield* db.get(TAKE, [request.host, request.leaseUntil, text, text, request.now, id]);
  if (!row) return undefined;
  const before = Number(row['attempt']) > 1 ? yield* db.get(BEFORE, [id, Number(row['_ml_claim']) - 1]) : undefined;
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
    ...(before?.['error_code'] === 'WRITE_CONFLICT' && { contended: true }),
    createdAt: instantOf(row['_ml_created']) ?? fromText(row['created_at']) ?? request.now,
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
