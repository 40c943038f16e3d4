/** Rate limits: a row for each claim within the window, so that the limit holds over all hosts and cannot leak. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { RateLimit } from '../store.js';
import { noteSetBack } from './clock-notes.js';

/** Claims that the job may still make now. Rows that a wrong clock wrote into the future do not count. */
export function* allowance(db: Db, slug: string, { limit, perMs }: RateLimit, now: number): Op<number> {
  const row = yield* db.get('SELECT count(*) AS n FROM _ml_starts WHERE slug = ? AND at > ? AND at <= ?', [slug, now - perMs, now]);
  return Math.max(limit - Number(row?.['n'] ?? 0), 0);
}

/** Epoch ms at which the next claim is allowed; `now` when one is already. */
export function* allowedAt(db: Db, slug: string, { limit, perMs }: RateLimit, now: number): Op<number> {
  const row = yield* db.get('SELECT at FROM _ml_starts WHERE slug = ? AND at > ? AND at <= ? ORDER BY at DESC LIMIT 1 OFFSET ?', [
    slug,
    now - perMs,
    now,
    limit - 1,
  ]);
  return row ? Number(row['at']) + perMs : now;
}

/** `count` claims were made; what has left the window is forgotten, and what a clock wrote that has been set back since: that is noted. */
export function* recordStarts(db: Db, slug: string, { perMs }: RateLimit, count: number, now: number): Op<void> {
  const later = yield* db.get('SELECT max(at) AS at FROM _ml_starts WHERE slug = ? AND at > ?', [slug, now]);
  if (typeof later?.['at'] === 'number') yield* noteSetBack(db, now, later['at']);
  yield* db.run('DELETE FROM _ml_starts WHERE slug = ? AND (at <= ? OR at > ?)', [slug, now - perMs, now]);
  for (let n = 0; n < count; n++) yield* db.run('INSERT INTO _ml_starts (slug, at) VALUES (?, ?)', [slug, now]);
}
