/** Enqueue: one pending row, as the reference inserts it, with ours beside; or the run that is there already under the unique key. */
import { nanoid } from 'nanoid';
import type { Op } from '../../domain/op.js';
import type { EnqueueRequest } from '../../domain/run.js';
import type { Db } from '../db.js';
import { CANCEL } from './cancel.js';
import { addDependencies } from './dependencies.js';
import { isBehind } from './keys.js';
import { WAITS } from './schema.js';
import { toText } from './times.js';

const INSERT = `INSERT INTO _crap_jobs
  (id, slug, status, queue, data, max_attempts, scheduled_by, created_at, retry_after, priority, unique_key, _ml_due, _ml_created,
   _ml_waits, _ml_key, _ml_key_limit, _ml_unique, _ml_after_failure)
  VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** crap-cms's rows have the reference's column only. */
const ACTIVE_TWIN = `SELECT id FROM _crap_jobs WHERE slug = ? AND unique_key = ? AND status IN ('pending', 'running')
  UNION ALL SELECT id FROM _crap_jobs WHERE slug = ? AND _ml_unique = ? AND status IN ('pending', 'running') LIMIT 1`;
const RECENT_TWIN = `SELECT id FROM _crap_jobs WHERE slug = ? AND _ml_unique = ? AND status IN ('pending', 'running', 'completed')
  AND _ml_created > ? ORDER BY _ml_created DESC LIMIT 1`;
/** By rowid: with ids SQLite takes the index on the status, and reads every pending row. */
const REPLACE = `${CANCEL} AND rowid IN (SELECT rowid FROM _crap_jobs WHERE slug = ? AND unique_key = ? AND status IN ('pending', 'running')
    UNION ALL SELECT rowid FROM _crap_jobs WHERE slug = ? AND _ml_unique = ? AND status = 'pending')`;

/** Throws DEPENDENCY_NOT_FOUND. */
export function* enqueue(db: Db, request: EnqueueRequest, now: number): Op<{ id: string; duplicate: boolean }> {
  const { slug, uniqueKey, uniqueMode = 'active', key, keyConcurrency = 1, after = [] } = request;
  const id = request.id ?? freshId();
  if (uniqueKey !== undefined) {
    const twin = yield* findTwin(db, slug, uniqueKey, uniqueMode, now);
    if (twin !== undefined) return { id: twin, duplicate: true };
    if (uniqueMode === 'replace') yield* db.run(REPLACE, [`replaced by the run ${id}`, toText(now), now, slug, uniqueKey, slug, uniqueKey]);
  }
  const due = Math.max(request.dueAt ?? now, 1);
  // crap-cms honours retry_after only; whole seconds, so its claim comes at most one second early after rounding up.
  const retryAfter = due > now ? toText(Math.ceil(due / 1000) * 1000) : null;
  const behind = key !== undefined && (yield* isBehind(db, slug, key, keyConcurrency));
  const waits = (due > now ? WAITS.time : 0) | (behind ? WAITS.key : 0) | (after.length > 0 ? WAITS.dependencies : 0);
  yield* db.run(INSERT, [
    id,
    slug,
    request.queue,
    request.data,
    request.maxAttempts,
    request.scheduledBy,
    toText(now),
    retryAfter,
    request.priority ?? 0,
    uniqueMode === 'active' ? (uniqueKey ?? null) : null,
    due,
    now,
    waits,
    key ?? null,
    keyConcurrency,
    uniqueKey ?? null,
    request.afterFailure === 'run' ? 'run' : null,
  ]);
  if (after.length > 0) yield* addDependencies(db, id, after);
  return { id, duplicate: false };
}

/** Not one that a command line takes for an option. */
function freshId(): string {
  for (;;) {
    const id = nanoid(21);
    if (!id.startsWith('-')) return id;
  }
}

function* findTwin(
  db: Db,
  slug: string,
  uniqueKey: string,
  mode: NonNullable<EnqueueRequest['uniqueMode']>,
  now: number,
): Op<string | undefined> {
  if (mode === 'replace') return undefined;
  const twin =
    mode === 'active'
      ? yield* db.get(ACTIVE_TWIN, [slug, uniqueKey, slug, uniqueKey])
      : yield* db.get(RECENT_TWIN, [slug, uniqueKey, now - mode.within]);
  return twin && String(twin['id']);
}
