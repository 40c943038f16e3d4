/**
 * The wall times of a schedule, as calendar times without a zone (carried as epoch ms as if they were UTC).
 * cron-parser finds them; what it has no word for (years, day of month and weekday both) is filtered here.
 */
import { createRequire } from 'node:module';
import type { CronExpression } from 'cron-parser';
import type { Schedule } from './schedule-parse.js';

/** Loaded with the first calendar: it takes as long as a short command, and most need none. */
const require = createRequire(import.meta.url);
const parser = (): typeof import('cron-parser') => require('cron-parser');

const DAY_MS = 86_400_000;
/** Nothing is looked for beyond: 29 February on a given weekday is at most 40 years away. */
const LAST = Date.UTC(2200, 0, 1);
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Calendar {
  expression: CronExpression;
  /** What next() gave last: going on from there needs no reset. */
  last: number | undefined;
  /** Weekdays that must match beside what the expression says. */
  weekdays: ReadonlySet<number> | undefined;
  years: readonly number[] | undefined;
}

const calendars = new WeakMap<Schedule, Calendar | 'never'>();

/** The first wall time strictly after `wall`; undefined when there is none. */
export function nextWallTime(schedule: Schedule, wall: number): number | undefined {
  const calendar = calendarOf(schedule);
  if (calendar === 'never') return undefined;
  let at = Math.floor(wall / 1000) * 1000;
  while (at < LAST) {
    const found = step(calendar, at);
    if (found >= LAST) return undefined;
    const date = new Date(found);
    const year = date.getUTCFullYear();
    if (calendar.years && !calendar.years.includes(year)) {
      const later = calendar.years.find((allowed) => allowed > year);
      if (later === undefined) return undefined;
      at = Date.UTC(later, 0, 1) - 1000;
    } else if (calendar.weekdays && !calendar.weekdays.has(date.getUTCDay())) {
      at = (Math.floor(found / DAY_MS) + 1) * DAY_MS - 1000;
    } else {
      return found;
    }
  }
  return undefined;
}

/** How many wall times w there are with from <= w < end; both carried like the wall times of `nextWallTime`. */
export function countWallTimes(schedule: Schedule, from: number, end: number): number {
  let count = 0;
  for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < end; day += DAY_MS) {
    if (comesOn(schedule, new Date(day))) count += countOfDay(schedule, Math.max(from - day, 0), Math.min(end - day, DAY_MS));
  }
  return count;
}

function comesOn({ years, months, daysOfMonth, weekdays, days }: Schedule, date: Date): boolean {
  if (years && !years.includes(date.getUTCFullYear())) return false;
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const [day, weekday] = [daysOfMonth.includes(date.getUTCDate()), weekdays.includes(date.getUTCDay())];
  return days === 'either' ? day || weekday : day && weekday;
}

/** Times of a day t with from <= t < end, in ms since its midnight. */
function countOfDay({ hours, minutes, seconds }: Schedule, from: number, end: number): number {
  const perMinute = seconds.length;
  if (from <= 0 && end >= DAY_MS) return hours.length * minutes.length * perMinute;
  const before = (limit: number): number => {
    const whole = Math.ceil(limit / 1000);
    const [hour, minute, second] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    const inHour = hours.includes(hour) ? minutes.filter((m) => m < minute).length * perMinute : 0;
    const inMinute = hours.includes(hour) && minutes.includes(minute) ? seconds.filter((s) => s < second).length : 0;
    return hours.filter((h) => h < hour).length * minutes.length * perMinute + inHour + inMinute;
  };
  return before(end) - before(from);
}

function step(calendar: Calendar, after: number): number {
  if (calendar.last !== after) calendar.expression.reset(new Date(after));
  const found = calendar.expression.next().getTime();
  calendar.last = found;
  return found;
}

function calendarOf(schedule: Schedule): Calendar | 'never' {
  let calendar = calendars.get(schedule);
  if (calendar === undefined) {
    calendar = build(schedule);
    calendars.set(schedule, calendar);
  }
  return calendar;
}

function build(schedule: Schedule): Calendar | 'never' {
  const { months } = schedule;
  const longest = Math.max(...months.map((month) => DAYS_IN_MONTH[month - 1]!));
  const possible = schedule.daysOfMonth.filter((day) => day <= longest);
  const everyDay = schedule.daysOfMonth.length === 31;
  const everyWeekday = schedule.weekdays.length === 7;
  let days = everyDay ? '*' : possible.join(',');
  let weekdays = everyWeekday ? '*' : schedule.weekdays.join(',');
  let filter: ReadonlySet<number> | undefined;
  if (schedule.days === 'either') {
    // cron-parser takes "either" only for two restricted fields, and a full list for none.
    if (everyDay || everyWeekday) days = weekdays = '*';
    else if (possible.length === 0) days = '*';
  } else {
    if (possible.length === 0) return 'never';
    if (!everyDay && !everyWeekday) {
      filter = new Set(schedule.weekdays);
      weekdays = '*';
    }
  }
  const text = [list(schedule.seconds, 60), list(schedule.minutes, 60), list(schedule.hours, 24), days, list(months, 12), weekdays].join(
    ' ',
  );
  return { expression: parser().CronExpressionParser.parse(text, { tz: 'UTC' }), last: undefined, weekdays: filter, years: schedule.years };
}

function list(values: readonly number[], all: number): string {
  return values.length === all ? '*' : values.join(',');
}
