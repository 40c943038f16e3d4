/** The ledger of schedules: each due instant once, consecutive skips for one reason folded into one row. */
import type { Op } from '../../domain/op.js';
import type { Db, Row } from '../db.js';
import type { RecordedTick, TickRecord } from '../store.js';
import { slugsIn } from './slugs.js';
import { SOUND_TICK } from './sound-rows.js';

export function* lastTick(db: Db, slug: string): Op<number | undefined> {
  // Rows of a schedule never overlap, so the newest ends last: MAX(until) would read all of them at each tick.
  const row = yield* db.get(`SELECT until FROM _ml_ticks WHERE slug = ? AND ${SOUND_TICK} ORDER BY at DESC LIMIT 1`, [slug]);
  return row && Number(row['until']);
}

export function* newestTick(db: Db, slug: string): Op<RecordedTick | undefined> {
  const row = yield* db.get(`SELECT * FROM _ml_ticks WHERE slug = ? AND ${SOUND_TICK} ORDER BY at DESC LIMIT 1`, [slug]);
  return row && toTick(row);
}

/** The rows of a schedule that hold something of after < t <= until, ascending. */
export function* ticksWithin(db: Db, slug: string, after: number, until: number): Op<{ at: number; until: number }[]> {
  const covering = yield* db.all(`SELECT at, until FROM _ml_ticks WHERE slug = ? AND at <= ? AND ${SOUND_TICK} ORDER BY at DESC LIMIT 1`, [
    slug,
    after,
  ]);
  const within = yield* db.all(`SELECT at, until FROM _ml_ticks WHERE slug = ? AND at > ? AND at <= ? AND ${SOUND_TICK} ORDER BY at`, [
    slug,
    after,
    until,
  ]);
  return [...covering, ...within].map((row) => ({ at: Number(row['at']), until: Number(row['until']) })).filter((row) => row.until > after);
}

/** The rows of what was missed that hold something of t > after, ascending. */
export function* missedAfter(db: Db, slug: string, after: number): Op<{ at: number; until: number }[]> {
  const rows = yield* db.all(
    `SELECT at, until FROM _ml_ticks WHERE slug = ? AND outcome = 'skipped' AND reason IN ('misfire', 'host_down')
      AND at >= coalesce((SELECT at FROM _ml_ticks WHERE slug = ? AND at <= ? ORDER BY at DESC LIMIT 1), ?) AND until > ? AND ${SOUND_TICK} ORDER BY at`,
    [slug, slug, after, after, after],
  );
  return rows.map((row) => ({ at: Number(row['at']), until: Number(row['until']) }));
}

/** The row of skips that begins at `at` ends earlier, or is gone. */
export function* cutTick(db: Db, slug: string, at: number, kept: { until: number; count: number } | undefined): Op<void> {
  if (kept) yield* db.run('UPDATE _ml_ticks SET until = ?, count = ? WHERE slug = ? AND at = ?', [kept.until, kept.count, slug, at]);
  else yield* db.run('DELETE FROM _ml_ticks WHERE slug = ? AND at = ?', [slug, at]);
}

/** False when the instant is in the ledger already, alone or within a folded row. */
export function* recordTick(db: Db, tick: TickRecord, now: number): Op<'recorded' | 'folded' | false> {
  const until = tick.until ?? tick.at;
  const count = tick.count ?? 1;
  const covering = yield* db.get(
    `SELECT at, until, outcome, reason FROM _ml_ticks WHERE slug = ? AND at <= ? AND ${SOUND_TICK} ORDER BY at DESC LIMIT 1`,
    [tick.slug, until],
  );
  if (covering && Number(covering['until']) >= tick.at) return false;
  const alike = tick.outcome === 'skipped' && covering?.['outcome'] === 'skipped' && covering['reason'] === (tick.reason ?? null);
  if (alike && (tick.follows?.(Number(covering['until'])) ?? true)) {
    yield* db.run('UPDATE _ml_ticks SET until = ?, count = count + ?, recorded_at = ? WHERE slug = ? AND at = ?', [
      until,
      count,
      now,
      tick.slug,
      covering['at'] as number,
    ]);
    return 'folded';
  }
  // Only a row that is not sound can stand in its place.
  yield* db.run(
    'INSERT OR REPLACE INTO _ml_ticks (slug, at, until, count, outcome, reason, run, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [tick.slug, tick.at, until, count, tick.outcome, tick.reason ?? null, tick.run ?? null, now],
  );
  return 'recorded';
}

const NEWEST_FIRST = 'ORDER BY at DESC, slug LIMIT ?';
/** The newest of all are among the newest of each schedule, which the key has: sorting the whole ledger takes longer the older it is. */
const NEWEST_OF_EACH = `${slugsIn('_ml_ticks')} SELECT t.* FROM s JOIN _ml_ticks t ON t.slug = s.slug AND t.at < ?
  AND t.at >= coalesce((SELECT at FROM _ml_ticks n WHERE n.slug = s.slug AND n.at < ? ORDER BY at DESC LIMIT 1 OFFSET ?), ?) ${NEWEST_FIRST}`;

/** Newest first. `limit` negative: all; `before`: instants earlier than that only. */
export function* listTicks(db: Db, filter: { slug?: string | undefined; limit: number; before?: number | undefined }): Op<RecordedTick[]> {
  const { slug, limit, before = Number.MAX_SAFE_INTEGER } = filter;
  if (slug === undefined && limit > 0)
    return (yield* db.all(NEWEST_OF_EACH, [before, before, limit - 1, Number.MIN_SAFE_INTEGER, limit])).map(toTick);
  const [condition, params] = slug === undefined ? ['', []] : ['slug = ? AND', [slug]];
  const rows = yield* db.all(`SELECT * FROM _ml_ticks WHERE ${condition} at < ? ${NEWEST_FIRST}`, [...params, before, limit]);
  return rows.map(toTick);
}

/** A row of the ledger. */
export function toTick(row: Row): RecordedTick {
  return {
    slug: String(row['slug']),
    at: Number(row['at']),
    until: Number(row['until']),
    count: Number(row['count']),
    outcome: row['outcome'] === 'run' ? 'run' : 'skipped',
    ...(row['reason'] !== null && { reason: String(row['reason']) }),
    ...(row['run'] !== null && { run: String(row['run']) }),
    recordedAt: Number(row['recorded_at']),
  };
}
