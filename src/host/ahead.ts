/**
 * What a clock that was ahead has recorded of a schedule: runs stand, but instants that it called missed although they are still to come are given back,
 * or a host that was started once with the year 2038 would have silenced every schedule until then.
 */
import type { JobDefinition } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { ScheduleEntry, Store } from '../store/store.js';
import { instantsWithin, watchedBefore, watchedOf } from './schedule-watch.js';

/** Clocks of several machines differ by seconds; what is further ahead was set back since. */
const AHEAD_MS = 60_000;
/** For so long a host that is ahead may still be there, for which what is given back is done with: whoever starts meanwhile looks at it again. */
const UNSURE_MS = 7 * 86_400_000;

/**
 * Whether something was given back, of the instants t > after; `after` is not later than `now`. Nothing is where the rules change later than `now`: what
 * was due before was accounted for by whoever changed them.
 */
export function* giveBackMissed(db: Db, store: Store, slug: string, now: number, after = now): Op<boolean> {
  const newest = yield* store.newestTick(db, slug);
  if (newest === undefined || newest.until <= now + AHEAD_MS) return false;
  const history = yield* store.scheduleHistory(db, slug);
  if (history.some(({ since }) => since > now)) return false;
  yield* store.noteSetBack(db, now, Math.max(newest.until, newest.recordedAt));
  const rows = yield* store.missedAfter(db, slug, after);
  if (rows.length === 0) return false;
  for (const { at } of rows) yield* store.cutTick(db, slug, at, at > after ? undefined : kept(history, at, after));
  yield* store.noteRepeat(db, slug, after, Math.min(newest.until, now + UNSURE_MS));
  return true;
}

/** What was due from `at` on up to `end`: the last of it, and how many. */
function kept(history: readonly ScheduleEntry[], at: number, end: number): { until: number; count: number } {
  const whole = { until: at, count: 0 };
  for (const [index, entry] of history.entries()) {
    const unknown = watchedOf({ slug: entry.slug } as JobDefinition, '@yearly', entry.timezone, 'skip');
    const rules = watchedBefore(unknown, entry);
    const range = rules && instantsWithin(rules, Math.max(at - 1, entry.since), Math.min(end, history[index + 1]?.since ?? end));
    if (!range) continue;
    whole.until = Math.max(whole.until, range.until);
    whole.count += range.count;
  }
  return { ...whole, count: Math.max(whole.count, 1) };
}
