/** What schedules there were since when: an edited one is accounted for up to the edit by its old text, and `verify` knows both. */
import type { Op } from '../../domain/op.js';
import type { Db, Row } from '../db.js';
import type { ScheduleEntry } from '../store.js';
import { noteRepeat } from './schedule-repeats.js';
import { SOUND_SCHEDULE } from './sound-rows.js';

export function* currentSchedules(db: Db): Op<ScheduleEntry[]> {
  const rows = yield* db.all(
    `SELECT * FROM _ml_schedules s WHERE ${SOUND_SCHEDULE} AND since = (SELECT max(since) FROM _ml_schedules n WHERE n.slug = s.slug AND ${SOUND_SCHEDULE})
     ORDER BY slug`,
  );
  return rows.map(toEntry);
}

export function* scheduleHistory(db: Db, slug: string): Op<ScheduleEntry[]> {
  return (yield* db.all(`SELECT * FROM _ml_schedules WHERE slug = ? AND ${SOUND_SCHEDULE} ORDER BY since`, [slug])).map(toEntry);
}

/** Two edits within one millisecond are one. */
export function* recordSchedule(db: Db, { slug, since, schedule, timezone, dst, from, until }: ScheduleEntry): Op<void> {
  yield* db.run(
    'INSERT OR REPLACE INTO _ml_schedules (slug, since, schedule, timezone, dst, window_from, window_until) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [slug, since, schedule ?? null, timezone, dst === undefined ? null : JSON.stringify(dst), from ?? null, until ?? null],
  );
}

/**
 * What is said to begin after `now` begins now: it was written by a clock that has been set back since. Of several entries of one schedule
 * the newest stays.
 */
export function* beginSchedules(db: Db, now: number): Op<void> {
  const future = (yield* currentSchedules(db)).filter(({ since }) => since > now);
  if (future.length === 0) return;
  yield* db.run('DELETE FROM _ml_schedules WHERE since > ?', [now]);
  for (const entry of future) {
    yield* noteRepeat(db, entry.slug, now, entry.since);
    yield* recordSchedule(db, { ...entry, since: now });
  }
}

export function* hasActive(db: Db, slug: string, status: 'running' | 'pending'): Op<boolean> {
  return (yield* db.get('SELECT 1 FROM _crap_jobs WHERE slug = ? AND status = ? LIMIT 1', [slug, status])) !== undefined;
}

function toEntry(row: Row): ScheduleEntry {
  return {
    slug: String(row['slug']),
    since: Number(row['since']),
    schedule: row['schedule'] === null ? undefined : String(row['schedule']),
    timezone: String(row['timezone']),
    ...(row['dst'] !== null && { dst: JSON.parse(String(row['dst'])) as NonNullable<ScheduleEntry['dst']> }),
    ...(row['window_from'] !== null && { from: Number(row['window_from']) }),
    ...(row['window_until'] !== null && { until: Number(row['window_until']) }),
  };
}
