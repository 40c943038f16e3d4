/**
 * Stretches of time that a schedule goes through once more: its rules count anew from an instant up to which the ledger reached already, because the
 * clock was set back or differs between hosts. The ledger may hold instants of other rules there, and lack some of these.
 */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { RepeatedStretch } from '../store.js';
import { lastTick } from './ticks.js';

/** Older ones are forgotten: ledgers are purged too. */
const KEPT = 100;
const KEY = 'schedule_repeats:';
const NOTE = 'INSERT INTO _ml_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value';

/** In the order in which they were noted. */
export function* repeatedStretches(db: Db, slug: string): Op<RepeatedStretch[]> {
  const row = yield* db.get('SELECT value FROM _ml_meta WHERE key = ?', [KEY + slug]);
  try {
    const stretches: unknown = JSON.parse(String(row?.['value'] ?? '[]'));
    const isStretch = (each: RepeatedStretch) => [each?.from, each?.until, each?.settled].every(Number.isFinite);
    return Array.isArray(stretches) ? stretches.filter(isStretch) : [];
  } catch {
    // Nobody of ours has written it.
    return [];
  }
}

/** From `from` on, up to where the ledger of the schedule reaches or to `until` if that is later; nothing where neither is later than `from`. */
export function* noteRepeat(db: Db, slug: string, from: number, until = 0): Op<void> {
  const end = Math.max((yield* lastTick(db, slug)) ?? 0, until);
  if (end <= from) return;
  const stretches = [...(yield* repeatedStretches(db, slug)), { from, until: end, settled: from }];
  yield* db.run(NOTE, [KEY + slug, JSON.stringify(stretches.slice(-KEPT))]);
}

/** What was due up to `now` stands in the ledger, in these stretches too. */
export function* settleRepeats(db: Db, slug: string, now: number): Op<void> {
  const stretches = yield* repeatedStretches(db, slug);
  const open = stretches.filter(({ until, settled }) => settled < Math.min(until, now));
  for (const stretch of open) stretch.settled = Math.min(stretch.until, now);
  if (open.length > 0) yield* db.run(NOTE, [KEY + slug, JSON.stringify(stretches)]);
}
