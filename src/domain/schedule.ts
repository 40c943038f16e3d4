/**
 * Schedules: cron text in, due instants out. Wall times follow the zone's clock. A wall time that the clock skips comes due as much
 * later as the clock jumped; one that it repeats comes due once, except for a rhythm (minute or hour begins with `*`), which goes on.
 */
import { nextWallTime } from './schedule-calendar.js';
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
  if (nextWallTime(schedule, now - ZONE_SLACK_MS) === undefined) {
    throw new ScheduleError('SCHEDULE_NEVER', neverReason(schedule), {
      remedy: 'correct the day, month or year, or remove the schedule',
      details: { expression: text },
    });
  }
  return schedule;
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

/** The first due instant strictly after `after` (epoch ms); undefined when there is none. Throws RangeError on an unknown zone. */
export function nextTick(schedule: Schedule, after: number, timeZone: string): number | undefined {
  const clock = wallClock(timeZone);
  const start = Math.floor(after) + 1;
  let at = start;
  while (at < LAST) {
    const span = clock.span(at);
    const { tick, wall } = firstInSpan(schedule, at, span);
    if (tick < span.end) return tick;
    // Nothing comes due until shortly before the next wall time; a change of the clock soon after the start is never jumped over.
    const distant = wall - span.offset - ZONE_SLACK_MS;
    at = span.end - start > ZONE_SLACK_MS ? Math.max(span.end, distant) : span.end;
  }
  return undefined;
}

/** The first tick at or after `at` if the span went on for ever, and the next wall time that its clock shows; Infinity for none. */
function firstInSpan(schedule: Schedule, at: number, span: OffsetSpan): { tick: number; wall: number } {
  const { offset, before, changed } = span;
  // Wall times in which the clock stood when it was set: those before this one have been shown already when it was set back.
  const shown = changed + before;
  const from = !schedule.rhythm && before > offset ? Math.max(at + offset, shown) : at + offset;
  const wall = nextWallTime(schedule, from - 1) ?? Number.POSITIVE_INFINITY;
  let tick = wall - offset;
  if (before < offset) {
    const skipped = nextWallTime(schedule, Math.max(at + before, shown) - 1);
    if (skipped !== undefined && skipped < changed + offset) tick = Math.min(tick, skipped - before);
  }
  return { tick, wall };
}

/** Due instants t with after < t <= until, ascending; the first `limit` of them. */
export function ticksBetween(
  schedule: Schedule,
  after: number,
  until: number,
  timeZone: string,
  limit = Number.POSITIVE_INFINITY,
): number[] {
  const ticks: number[] = [];
  let at = nextTick(schedule, after, timeZone);
  while (at !== undefined && at <= until && ticks.length < limit) {
    ticks.push(at);
    at = nextTick(schedule, at, timeZone);
  }
  return ticks;
}

/** The last due instant strictly before `before`; undefined when there was none since 1970. */
export function previousTick(schedule: Schedule, before: number, timeZone: string): number | undefined {
  for (let width = 60_000; ; width *= 4) {
    const from = Math.max(before - width, -1);
    const tick = ticksBetween(schedule, from, before - 1, timeZone).at(-1);
    if (tick !== undefined || from === -1) return tick;
  }
}
