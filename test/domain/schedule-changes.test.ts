/** Every policy for changes of the clock, in all zones, against a plain evaluation that looks at each minute through Intl. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DstPolicy } from '../../src/domain/job.js';
import { countInstants, type Instant, lastInstant, nextInstant, parseSchedule } from '../../src/domain/schedule.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Minutes of wall time that come before or behind what is looked at matter for as long as a clock jumps: a day at most. */
const AROUND = 25 * 60 * MINUTE;
const SPAN = 12 * 60 * MINUTE;

/** Half of what is tried: zones whose clocks change every year, by an hour, half an hour or two, at night or at midnight, or for Ramadan. */
const CHANGING = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Asia/Beirut',
  'Africa/Casablanca',
  'Antarctica/Troll',
  'America/Havana',
  'Asia/Gaza',
  'America/Scoresbysund',
];
const zones = fc.oneof(fc.constantFrom(...CHANGING), fc.constantFrom(...Intl.supportedValuesOf('timeZone')));
const formats = new Map<string, Intl.DateTimeFormat>();

/** Wall time less UTC, in ms. */
function offsetAt(zone: string, at: number): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    formats.set(zone, format);
  }
  const text = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')!.value;
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d+):(\d+))?/.exec(text)!;
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE;
}

/** The minute of the next change within 400 days; `after` itself where there is none. */
function nextChange(zone: string, after: number): number {
  const start = Math.floor(after / MINUTE) * MINUTE;
  const offset = offsetAt(zone, start);
  let high = start;
  while (offsetAt(zone, high) === offset) {
    high += 2 * DAY;
    if (high > start + 400 * DAY) return start;
  }
  let low = high - 2 * DAY;
  while (high - low > MINUTE) {
    const middle = low + Math.floor((high - low) / MINUTE / 2) * MINUTE;
    if (offsetAt(zone, middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}

function inField(text: string, value: number, min: number, max: number): boolean {
  return text.split(',').some((item) => {
    const [range, step] = item.split('/') as [string, string | undefined];
    const [low, high] =
      range === '*' ? [min, max] : range.includes('-') ? range.split('-').map(Number) : [Number(range), step ? max : Number(range)];
    return value >= low! && value <= high! && (value - low!) % Number(step ?? 1) === 0;
  });
}

/** Minute, hour and day of month; the other fields are stars. */
function comesAt(expression: string, wall: number): boolean {
  const [minute, hour, day] = expression.split(' ') as [string, string, string];
  const date = new Date(wall);
  return inField(minute, date.getUTCMinutes(), 0, 59) && inField(hour, date.getUTCHours(), 0, 23) && inField(day, date.getUTCDate(), 1, 31);
}

/** Instants t with from < t <= until, by going through all minutes around. */
function plain(expression: string, zone: string, from: number, until: number, dst: DstPolicy | undefined): Instant[] {
  const rhythm = /^\*|^\S+ \*/.test(expression);
  const overlap = dst?.overlap ?? (rhythm ? 'both' : 'first');
  const shown = new Map<number, number[]>();
  const found = new Map<number, boolean>();
  let before = offsetAt(zone, from - AROUND);
  for (let at = from - AROUND; at <= until + AROUND; at += MINUTE) {
    const offset = offsetAt(zone, at);
    for (let wall = at + before; wall < at + offset; wall += MINUTE) {
      if (comesAt(expression, wall)) found.set(wall - (dst?.gap === 'before' ? offset : before), dst?.gap === 'skip');
    }
    before = offset;
    if (comesAt(expression, at + offset)) shown.set(at + offset, [...(shown.get(at + offset) ?? []), at]);
  }
  for (const all of shown.values()) {
    for (const at of overlap === 'both' ? all : [overlap === 'first' ? all[0]! : all.at(-1)!]) found.set(at, false);
  }
  const instants = [...found].map(([at, gap]) => ({ at, gap })).filter(({ at }) => at > from && at <= until);
  return instants.sort((a, b) => a.at - b.at);
}

const fields = fc.tuple(
  fc.constantFrom('0', '30', '*/7', '*/20', '59', '5,35', '10-40/9', '*'),
  fc.constantFrom('*', '*/3', '0', '1', '2', '3', '23', '1-3', '0,2', '0-5/2', '22-23', '12'),
  fc.constantFrom('*', '*', '*', '1', '*/2', '25-31', '29,30'),
);
const policies = fc.option(
  fc.record({
    gap: fc.constantFrom('skip', 'before', 'after'),
    overlap: fc.constantFrom('first', 'second', 'both'),
  }) as fc.Arbitrary<DstPolicy>,
  { nil: undefined },
);

it('[TICK] instants around changes of the clock are those of a plain evaluation, wherever the search starts', () => {
  fc.assert(
    fc.property(
      fields,
      policies,
      zones,
      fc.integer({ min: Date.UTC(2012, 0, 1), max: Date.UTC(2036, 0, 1) }),
      fc.integer({ min: 0, max: 720 }),
      fc.integer({ min: 0, max: 720 }),
      ([minute, hour, day], dst, zone, moment, lead, middle) => {
        const text = `${minute} ${hour} ${day} * *`;
        const schedule = parseSchedule(text, 0);
        const from = nextChange(zone, moment) - lead * MINUTE;
        const until = from + SPAN;
        const walk = (after: number, end: number): Instant[] => {
          const all: Instant[] = [];
          for (let each = nextInstant(schedule, after, zone, dst); each && each.at <= end; each = nextInstant(schedule, each.at, zone, dst))
            all.push(each);
          return all;
        };
        const expected = plain(text, zone, from, until, dst);
        expect(walk(from, until)).toEqual(expected);
        const between = from + middle * MINUTE;
        expect([...walk(from, between), ...walk(between, until)]).toEqual(expected);
        expect(countInstants(schedule, from, between, zone, dst) + countInstants(schedule, between, until, zone, dst)).toBe(
          expected.length,
        );
        expect(lastInstant(schedule, from, until, zone, dst)).toBe(expected.at(-1)?.at);
      },
    ),
    { numRuns: Number(process.env['MOONLIGHTER_TEST_ZONES'] ?? 30) },
  );
}, 120_000);
