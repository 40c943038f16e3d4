/** Enqueue: one pending row, as the reference inserts it, with ours beside. */
import { nanoid } from 'nanoid';
import type { Op } from '../../domain/op.js';
import type { EnqueueRequest } from '../../domain/run.js';
import type { Db } from '../db.js';
import { toText } from './times.js';

const INSERT = `INSERT INTO _crap_jobs
  (id, slug, status, queue, data, max_attempts, scheduled_by, created_at, retry_after, priority, unique_key, _ml_due, _ml_created)
  VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function* enqueue(db: Db, request: EnqueueRequest, now: number): Op<{ id: string; duplicate: boolean }> {
  if (request.uniqueKey !== undefined) {
    const twin = yield* db.get("SELECT id FROM _crap_jobs WHERE slug = ? AND unique_key = ? AND status IN ('pending', 'running')", [
      request.slug,
      request.uniqueKey,
    ]);
    if (twin) return { id: String(twin['id']), duplicate: true };
  }
  const id = request.id ?? nanoid(21);
  const due = Math.max(request.dueAt ?? now, 1);
  // crap-cms honours retry_after only; whole seconds, so its claim comes at most one second early after rounding up.
  const retryAfter = due > now ? toText(Math.ceil(due / 1000) * 1000) : null;
  yield* db.run(INSERT, [
    id,
    request.slug,
    request.queue,
    request.data,
    request.maxAttempts,
    request.scheduledBy,
    toText(now),
    retryAfter,
    request.priority ?? 0,
    request.uniqueKey ?? null,
    due,
    now,
  ]);
  return { id, duplicate: false };
}
