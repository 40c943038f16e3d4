/**
 * Schedules: cron text in, due instants out. Wall times follow the zone's clock. Unless the job says otherwise (`dst`), a wall time that the
 * clock skips comes due as much later as the clock jumped; one that it repeats comes due once, except for a rhythm (minute or hour begins
 * with `*`), which goes on.
 */
import type { DstPolicy } from './job.js';
import { countWallTimes, nextWallTime } from './schedule-calendar.js';
import { readSchedule, type Schedule, ScheduleError } from './schedule-parse.js';
import { type OffsetSpan, wallClock } from './schedule-zone.js';

export { type Schedule, ScheduleError } from './schedule-parse.js';
export { isTimeZone, timeZones } from './schedule-zone.js';

const DAY_MS = 86_400_000;
/** Offsets of two zones differ by less than this. */
const ZONE_SLACK_MS = 2 * DAY_MS;
const LAST = Date.UTC(2200, 0, 1);

/**
 * Throws ScheduleError: SCHEDULE_INVALID (which field, what was expected, what was found) or SCHEDULE_NEVER when nothing
 * comes due after `now` (epoch ms, default the present): 30 February, a year that is over.
 */
export function parseSchedule(text: string, now: number = Date.now()): Schedule {
  const schedule = readSchedule(text);
  if (!surelyDue(schedule, now) && nextWallTime(schedule, now - ZONE_SLACK_MS) === undefined) {
    throw new ScheduleError('SCHEDULE_NEVER', neverReason(schedule), {
      remedy: 'correct the day, month or year, or remove the schedule',
      details: { expression: text },
    });
  }
  return schedule;
}

/** Every month has its first 28 days, and each falls on each weekday within forty years: most schedules need no search to be known due. */
function surelyDue({ years, daysOfMonth }: Schedule, now: number): boolean {
  return years === undefined && daysOfMonth.some((day) => day <= 28) && now < LAST - 50 * 366 * DAY_MS;
}

function neverReason({ years, daysOfMonth, months }: Schedule): string {
  if (years) return `it never comes due: no matching day is left in the year${years.length === 1 ? '' : 's'} ${years.join(', ')}`;
  return `it never comes due: there is no day ${daysOfMonth.join(', ')} in month ${months.join(', ')}`;
}

/** A note for `check` where crontab's rule for days surprises; undefined where it does not. */
export function scheduleNote(schedule: Schedule): string | undefined {
  if (schedule.days !== 'either') return undefined;
  return 'day of month and weekday are both restricted: it comes due when either matches, as in crontab';
}

/** A due instant; `gap`: its wall time was skipped by the clock and the policy leaves it out. */
export interface Instant {
  at: number;
  gap: boolean;
}

/**
 * The first due instant strictly after `after` (epoch ms), those included that the policy leaves out in a gap; undefined when there is none.
 * Throws RangeError on an unknown zone.
 */
export function nextInstant(schedule: Schedule, after: number, timeZone: string, dst?: DstPolicy): Instant | undefined {
  const clock = wallClock(timeZone);
  const start = Math.floor(after) + 1;
  let at = start;
  while (at < LAST) {
    const span = clock.span(at);
    const next = clock.span(span.end).offset;
    const { tick, gap, wall } = firstInSpan(schedule, at, span, next, dst);
    if (tick < span.end) return { at: tick, gap: gap && dst?.gap === 'skip' };
    // Nothing comes due until shortly before the next wall time; a change of the clock soon after the start is never jumped over.
    const distant = wall - span.offset - ZONE_SLACK_MS;
    at = span.end - start > ZONE_SLACK_MS ? Math.max(span.end, distant) : span.end;
  }
  return undefined;
}

/** The first instant strictly after `after` that is to be run; undefined when there is none. Throws RangeError on an unknown zone. */
export function nextTick(schedule: Schedule, after: number, timeZone: string, dst?: DstPolicy): number | undefined {
  let instant = nextInstant(schedule, after, timeZone, dst);
  while (instant?.gap) instant = nextInstant(schedule, instant.at, timeZone, dst);
  return instant?.at;
}

/**
 * The first tick at or after `at` if the span went on for ever, and the next wall time that its clock shows; Infinity for none.
 * `next`: the offset that follows the span.
 */
function firstInSpan(schedule: Schedule, at: number, span: OffsetSpan, next: number, dst: DstPolicy | undefined) {
  const { offset, before, changed, end } = span;
  const overlap = dst?.overlap ?? (schedule.rhythm ? 'both' : 'first');
  // Wall times in which the clock stood when it was set: those before this one have been shown already when it was set back.
  const shown = changed + before;
  const from = overlap === 'first' && before > offset ? Math.max(at + offset, shown) : at + offset;
  const wall = nextWallTime(schedule, from - 1) ?? Number.POSITIVE_INFINITY;
  let tick = wall - offset;
  // What the clock is about to show once more comes due then.
  if (overlap === 'second' && next < offset && tick < end && tick >= end - (offset - next)) tick = end;
  let gap = false;
  const skippedAt = (wallTime: number | undefined, limit: number, shift: number) => {
    if (wallTime === undefined || wallTime >= limit || wallTime - shift >= tick) return;
    tick = wallTime - shift;
    gap = true;
  };
  if (before < offset && dst?.gap !== 'before') {
    skippedAt(nextWallTime(schedule, Math.max(at + before, shown) - 1), changed + offset, before);
  }
  if (next > offset && dst?.gap === 'before') {
    skippedAt(nextWallTime(schedule, Math.max(at + next, end + offset) - 1), end + next, next);
  }
  return { tick, gap, wall };
}

/**
 * How many instants t there are with after < t <= until, those left out in a gap included. Counted by days and not one by one, but for
 * the hours around changes of the clock, so that a month of a schedule by the second costs a millisecond.
 */
export function countInstants(schedule: Schedule, after: number, until: number, timeZone: string, dst?: DstPolicy): number {
  const clock = wallClock(timeZone);
  let count = 0;
  let at = Math.floor(after) + 1;
  while (at <= until) {
    const span = clock.span(at);
    const end = Math.min(span.end, until + 1);
    const next = clock.span(span.end).offset;
    const jump = Math.abs(span.offset - span.before);
    const oddUntil = jump > 0 ? Math.min(Math.max(span.changed + jump, at), end) : at;
    const oddFrom = Math.max(Math.min(span.end - Math.abs(next - span.offset), end), oddUntil);
    count += oneByOne(schedule, at, oddUntil, timeZone, dst);
    count += countWallTimes(schedule, oddUntil + span.offset, oddFrom + span.offset);
    count += oneByOne(schedule, oddFrom, end, timeZone, dst);
    at = end;
  }
  return count;
}

/** Instants t with from <= t < end. */
function oneByOne(schedule: Schedule, from: number, end: number, timeZone: string, dst: DstPolicy | undefined): number {
  let count = 0;
  let instant = from < end ? nextInstant(schedule, from - 1, timeZone, dst) : undefined;
  for (; instant && instant.at < end; count++) instant = nextInstant(schedule, instant.at, timeZone, dst);
  return count;
}

/** The last instant t with after < t <= until, those left out in a gap included; undefined when there is none. */
export function lastInstant(schedule: Schedule, after: number, until: number, timeZone: string, dst?: DstPolicy): number | undefined {
  for (let width = 60_000; ; width *= 4) {
    const from = Math.max(until - width, after);
    let last: number | undefined;
    let instant = nextInstant(schedule, from, timeZone, dst);
    for (; instant && instant.at <= until; instant = nextInstant(schedule, instant.at, timeZone, dst)) last = instant.at;
    if (last !== undefined || from <= after) return last;
  }
}
