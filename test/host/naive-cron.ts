/** An independent evaluation of five-field cron texts: every minute of the time asked for is looked at through Intl. Slow and plain. */
import type { DstPolicy } from '../../src/domain/job.js';

const MINUTE = 60_000;
/** Changes of the clock matter for as long as it jumps. */
const AROUND = 4 * 60 * MINUTE;

function matches(field: string, value: number, min: number, max: number): boolean {
  return field.split(',').some((item) => {
    const [range, step] = item.split('/') as [string, string | undefined];
    const [low, high] =
      range === '*' ? [min, max] : range.includes('-') ? range.split('-').map(Number) : [Number(range), step ? max : Number(range)];
    return value >= low! && value <= high! && (value - low!) % Number(step ?? 1) === 0;
  });
}

/** Local minutes of a zone at the instants where its offset may change: offsets are looked up once in a quarter of an hour. */
function offsets(zone: string) {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const known = new Map<number, number>();
  return (at: number): number => {
    const quarter = Math.floor(at / 900_000);
    let offset = known.get(quarter);
    if (offset === undefined) {
      const text = format.formatToParts(quarter * 900_000).find((part) => part.type === 'timeZoneName')!.value;
      const [, sign, hours, minutes] = /GMT(?:([+-])(\d+):(\d+))?/.exec(text)!;
      offset = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
      known.set(quarter, offset);
    }
    return offset;
  };
}

/** Which values of each field match, looked up by every minute. */
function reader(expression: string): (wall: Date) => boolean {
  const [minute, hour, day, month, weekday] = expression.split(' ') as [string, string, string, string, string];
  const table = (field: string, min: number, max: number) =>
    Array.from({ length: max + 1 }, (_, value) => value >= min && matches(field, value, min, max));
  const [minutes, hours, days, months, weekdays] = [
    table(minute, 0, 59),
    table(hour, 0, 23),
    table(day, 1, 31),
    table(month, 1, 12),
    table(weekday, 0, 7),
  ];
  weekdays[0] ||= weekdays[7]!;
  const either = !day.startsWith('*') && !weekday.startsWith('*');
  return (wall) => {
    if (!minutes[wall.getUTCMinutes()] || !hours[wall.getUTCHours()] || !months[wall.getUTCMonth() + 1]) return false;
    const [onDay, onWeekday] = [days[wall.getUTCDate()]!, weekdays[wall.getUTCDay()]!];
    return either ? onDay || onWeekday : onDay && onWeekday;
  };
}

/**
 * Instants t with from < t <= until, those in a gap included: skipped wall times as much later as the clock jumped (`before`: earlier), repeated
 * ones as the policy says.
 */
export function naiveInstants(expression: string, zone: string, from: number, until: number, dst: Required<DstPolicy>): number[] {
  const offset = offsets(zone);
  const comesAt = reader(expression);
  const found = new Set<number>();
  const start = Math.floor(from / MINUTE) * MINUTE - AROUND;
  let before = offset(start);
  /** Up to here wall times are shown a second time. */
  let repeatedUntil = start;
  for (let at = start; at <= until + AROUND; at += MINUTE) {
    const now = offset(at);
    for (let wall = at + before; wall < at + now; wall += MINUTE) {
      if (comesAt(new Date(wall))) found.add(wall - (dst.gap === 'before' ? now : before));
    }
    if (now < before) {
      repeatedUntil = at + before - now;
      if (dst.overlap === 'second') for (const each of found) if (each >= at - (before - now)) found.delete(each);
    }
    before = now;
    if (comesAt(new Date(at + now)) && !(dst.overlap === 'first' && at < repeatedUntil)) found.add(at);
  }
  return [...found].filter((at) => at > from && at <= until).sort((a, b) => a - b);
}
