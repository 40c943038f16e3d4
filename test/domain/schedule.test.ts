import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTimeZone, lastInstant, nextTick, parseSchedule, scheduleNote } from '../../src/domain/schedule.js';
import { matches } from './schedule-oracle.js';
import { ticksBetween } from './ticks-between.js';

/** Hundreds of expressions on a machine that does much else. */
const PATIENCE_MS = 120_000;

const at = (iso: string) => Date.parse(iso);
const iso = (instants: readonly number[]) => instants.map((instant) => new Date(instant).toISOString().replace('.000Z', 'Z'));
const between = (expression: string, after: string, until: string, zone = 'UTC') =>
  iso(ticksBetween(parseSchedule(expression, 0), at(after), at(until), zone));

/** Lists, ranges, steps and stars of plain numbers, as texts. */
function field(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  const step = fc.integer({ min: 1, max: Math.max(1, Math.floor(max / 2)) });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const item = fc.oneof(
    value.map(String),
    range,
    fc.tuple(range, step).map(([span, n]) => `${span}/${n}`),
    fc.tuple(value, step).map(([from, n]) => `${from}/${n}`),
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 1, arbitrary: step.map((n) => `*/${n}`) },
    { weight: 3, arbitrary: fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(',')) },
  );
}

const expressions = fc
  .tuple(fc.constantFrom('0', '0', '30', '*/20'), field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
  .map((fields) => fields.join(' '));
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia');
const instants = fc.integer({ min: at('2010-01-01T00:00:00Z'), max: at('2035-01-01T00:00:00Z') });

/** Whether the clock of the zone changes within some days around the instant. */
function nearChange(instant: number, zone: string): boolean {
  const offset = (time: number) => new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).format(time).slice(-9);
  const day = 86_400_000;
  return new Set([-3, -2, -1, 0, 1, 2, 3].map((days) => offset(instant + days * day).replace(/^.*GMT/, ''))).size > 1;
}

describe('the next due instant', () => {
  it(
    'is strictly later and matches the fields by the wall clock, away from changes of the clock',
    () => {
      fc.assert(
        fc.property(expressions, zones, instants, (expression, zone, after) => {
          const tick = nextTick(parseSchedule(expression, 0), after, zone);
          expect(tick).toBeGreaterThan(after);
          if (!nearChange(tick!, zone)) expect(matches(expression, tick!, zone)).toBe(true);
        }),
        { numRuns: 300 },
      );
    },
    PATIENCE_MS,
  );

  it(
    'skips no matching minute and adds none',
    () => {
      fc.assert(
        fc.property(expressions, zones, instants, (expression, zone, start) => {
          const from = Math.floor(start / 60_000) * 60_000;
          const until = from + 12 * 3_600_000;
          fc.pre(!nearChange(from, zone));
          const [, ...rest] = expression.split(' ');
          const text = ['0', ...rest].join(' ');
          const expected: number[] = [];
          for (let minute = from + 60_000; minute <= until; minute += 60_000) if (matches(text, minute, zone)) expected.push(minute);
          expect(ticksBetween(parseSchedule(text, 0), from, until, zone)).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    },
    PATIENCE_MS,
  );

  it(
    'does not depend on where the search starts, also around changes of the clock',
    () => {
      const changes = [
        '2026-03-29T01:00:00Z',
        '2026-10-25T01:00:00Z',
        '2026-03-08T07:00:00Z',
        '2026-11-01T06:00:00Z',
        '2026-04-04T15:00:00Z',
      ];
      fc.assert(
        fc.property(
          expressions,
          zones,
          fc.constantFrom(...changes),
          fc.integer({ min: -7200, max: 7200 }),
          (expression, zone, change, seconds) => {
            const schedule = parseSchedule(expression, 0);
            const from = at(change) - 10_800_000;
            const middle = at(change) + seconds * 1000;
            const until = at(change) + 10_800_000;
            const whole = ticksBetween(schedule, from, until, zone);
            expect(whole.every((tick, index) => index === 0 || tick > whole[index - 1]!)).toBe(true);
            expect([...ticksBetween(schedule, from, middle, zone), ...ticksBetween(schedule, middle, until, zone)]).toEqual(whole);
          },
        ),
        { numRuns: 200 },
      );
    },
    PATIENCE_MS,
  );

  it(
    'is found backwards as it is found forwards',
    () => {
      fc.assert(
        fc.property(expressions, zones, instants, (expression, zone, after) => {
          const schedule = parseSchedule(expression, 0);
          const tick = nextTick(schedule, after, zone)!;
          const next = nextTick(schedule, tick, zone)!;
          expect(lastInstant(schedule, -1, next - 1, zone)).toBe(tick);
          expect(lastInstant(schedule, -1, next, zone)).toBe(next);
        }),
        { numRuns: 60 },
      );
    },
    PATIENCE_MS,
  );

  it('is found over the eight years that have no leap day', () => {
    const leap = parseSchedule('0 0 29 2 *', 0);
    expect(nextTick(leap, at('2096-03-01T00:00:00Z'), 'America/New_York')).toBe(at('2104-02-29T05:00:00Z'));
    expect(lastInstant(leap, -1, at('2026-01-01T00:00:00Z') - 1, 'UTC')).toBe(at('2024-02-29T00:00:00Z'));
  });

  it('stops at a limit', () => {
    expect(ticksBetween(parseSchedule('* * * * * *'), 0, 1e12, 'UTC', 3)).toEqual([1000, 2000, 3000]);
  });

  it('is none before the epoch looking back, when the year is to come', () => {
    expect(lastInstant(parseSchedule('0 0 0 1 1 * 2099'), -1, at('2026-01-01T00:00:00Z') - 1, 'UTC')).toBeUndefined();
  });
});

describe('changes of the clock', () => {
  it('a daily time that spring skips comes as much later as the clock jumped, once', () => {
    expect(between('30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-31T00:00:00Z', 'Europe/Berlin')).toEqual([
      '2026-03-29T01:30:00Z',
      '2026-03-30T00:30:00Z',
    ]);
    expect(between('30 2 * * *', '2026-03-07T12:00:00Z', '2026-03-09T12:00:00Z', 'America/New_York')).toEqual([
      '2026-03-08T07:30:00Z',
      '2026-03-09T06:30:00Z',
    ]);
  });

  it('a daily time that autumn repeats comes at its first showing only', () => {
    expect(between('30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z', 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ]);
    expect(between('30 1 * * *', '2026-10-31T12:00:00Z', '2026-11-02T12:00:00Z', 'America/New_York')).toEqual([
      '2026-11-01T05:30:00Z',
      '2026-11-02T06:30:00Z',
    ]);
  });

  it('a rhythm goes on through both', () => {
    const halfHours = (from: string, count: number) => iso(Array.from({ length: count }, (_, n) => at(from) + n * 1_800_000));
    for (const night of ['2026-03-28T22:30:00Z', '2026-10-24T22:30:00Z']) {
      expect(ticksBetween(parseSchedule('*/30 * * * *', 0), at(night) - 1, at(night) + 6 * 3_600_000, 'Europe/Berlin').length).toBe(13);
    }
    expect(between('*/30 * * * *', '2026-10-24T23:59:00Z', '2026-10-25T02:00:00Z', 'Europe/Berlin')).toEqual(
      halfHours('2026-10-25T00:00:00Z', 5),
    );
    expect(between('*/30 * * * *', '2026-04-04T13:59:00Z', '2026-04-04T16:00:00Z', 'Australia/Lord_Howe')).toEqual(
      halfHours('2026-04-04T14:00:00Z', 5),
    );
  });

  it('midnight comes where the clock skips midnight (Santiago) and where a whole day is skipped (Apia)', () => {
    expect(between('0 0 * * *', '2026-09-05T12:00:00Z', '2026-09-07T12:00:00Z', 'America/Santiago')).toEqual([
      '2026-09-06T04:00:00Z',
      '2026-09-07T03:00:00Z',
    ]);
    expect(between('0 12 * * *', '2011-12-29T00:00:00Z', '2012-01-01T00:00:00Z', 'Pacific/Apia')).toEqual([
      '2011-12-29T22:00:00Z',
      '2011-12-30T22:00:00Z',
      '2011-12-31T22:00:00Z',
    ]);
  });

  it('a change at the edge of the search stretches is not lost (Cairo changes on Thursdays, 22:00 and 21:00 UTC)', () => {
    expect(between('30 0 * * *', '2026-04-22T12:00:00Z', '2026-04-25T00:00:00Z', 'Africa/Cairo')).toEqual([
      '2026-04-22T22:30:00Z',
      '2026-04-23T22:30:00Z',
      '2026-04-24T21:30:00Z',
    ]);
  });
});

describe('the dialect', () => {
  const monday = '2026-01-05';
  it.each([
    ['0 8 * * 1', 'mondays at eight', `${monday}T08:00:00Z`],
    ['0 8 * * mon', 'short name', `${monday}T08:00:00Z`],
    ['0 8 * * Monday', 'full name', `${monday}T08:00:00Z`],
    ['0 8 * * TUES', 'any length', '2026-01-06T08:00:00Z'],
    ['0 8 * * 0', 'Sunday is 0', '2026-01-11T08:00:00Z'],
    ['0 8 * * 7', 'Sunday is 7 too', '2026-01-11T08:00:00Z'],
    ['0 8 * * 6-7', 'a range to Sunday', '2026-01-10T08:00:00Z'],
    ['0 8 * * fri-mon/2', 'a range over the weekend', '2026-01-09T08:00:00Z'],
    ['30 0 8 * * 1', 'six fields', `${monday}T08:00:30Z`],
    ['0 0 8 * * 1 2030', 'seven fields', '2030-01-07T08:00:00Z'],
    ['0 8 ? * 1', 'a question mark', `${monday}T08:00:00Z`],
    ['0 8 1 jan ?', 'a question mark for the weekday', '2027-01-01T08:00:00Z'],
    ['50/59 * * * *', 'a step beyond the end', '2026-01-04T12:50:00Z'],
    [' 0\t8 * * 1 ', 'tabs and blanks at the ends', `${monday}T08:00:00Z`],
    ['0 8 * * 1 , 2', 'blanks around commas', `${monday}T08:00:00Z`],
    ['@yearly', '', '2027-01-01T00:00:00Z'],
    ['@annually', '', '2027-01-01T00:00:00Z'],
    ['@monthly', '', '2026-02-01T00:00:00Z'],
    ['@weekly', '', '2026-01-11T00:00:00Z'],
    ['@daily', '', `${monday}T00:00:00Z`],
    ['@midnight', '', `${monday}T00:00:00Z`],
    ['@hourly', '', '2026-01-04T13:00:00Z'],
    ['0 0 29 2 *', 'leap days', '2028-02-29T00:00:00Z'],
  ])('%s (%s)', (expression, _why, expected) => {
    const tick = nextTick(parseSchedule(expression, at('2026-01-01T00:00:00Z')), at('2026-01-04T12:00:00Z'), 'UTC');
    expect(iso([tick!])).toEqual([expected]);
  });

  it.each([
    ['fri-mon', ['2026-01-09', '2026-01-10', '2026-01-11', '2026-01-12', '2026-01-16']],
    ['sat-0', ['2026-01-10', '2026-01-11', '2026-01-17', '2026-01-18', '2026-01-24']],
    ['6-7', ['2026-01-10', '2026-01-11', '2026-01-17', '2026-01-18', '2026-01-24']],
  ])('a range of weekdays over the weekend has each of its days: %s', (weekdays, days) => {
    const ticks = ticksBetween(parseSchedule(`0 8 * * ${weekdays}`), at('2026-01-06T00:00:00Z'), at('2027-01-01T00:00:00Z'), 'UTC', 5);
    expect(iso(ticks).map((tick) => tick.slice(0, 10))).toEqual(days);
  });

  it('takes day of month or weekday where both are restricted, and says so', () => {
    expect(between('0 0 13 * 5', '2026-01-31T00:00:00Z', '2026-02-20T00:00:00Z')).toEqual([
      '2026-02-06T00:00:00Z',
      '2026-02-13T00:00:00Z',
      '2026-02-20T00:00:00Z',
    ]);
    expect(scheduleNote(parseSchedule('0 0 13 * 5'))).toMatch(/either/);
    expect(scheduleNote(parseSchedule('0 0 */2 * 5'))).toBeUndefined();
    expect(between('0 0 1-31 2 5', '2026-02-01T00:00:00Z', '2026-02-03T00:00:00Z')).toHaveLength(2);
    expect(between('0 0 30 2 5', '2026-02-01T00:00:00Z', '2026-02-14T00:00:00Z')).toEqual(['2026-02-06T00:00:00Z', '2026-02-13T00:00:00Z']);
  });

  it('needs both where one begins with a star', () => {
    expect(between('0 0 */2 * 5', '2026-02-01T00:00:00Z', '2026-02-28T00:00:00Z')).toEqual([
      '2026-02-13T00:00:00Z',
      '2026-02-27T00:00:00Z',
    ]);
  });

  it.each([
    ['', /five fields.*found an empty text/],
    ['every day', /five fields.*found 2 fields/],
    ['* * * *', /found 4 fields/],
    ['* * * * * * * *', /found 8 fields/],
    ['60 * * * *', /^minute: expected a number from 0 to 59, found "60"$/],
    ['* 24 * * *', /^hour: .*found "24"$/],
    ['* * 0 * *', /^day of month: expected a number from 1 to 31, found "0"$/],
    ['* * * 13 *', /^month: /],
    ['0 8 * * 8', /^weekday: expected a number from 0 to 7, found "8"$/],
    ['0 8 * * su', /^weekday: .*found "su"$/],
    ['0 8 L * *', /^day of month: .*found "L"$/],
    ['0 8 * * 5#2', /^weekday: .*found "5#2"$/],
    ['*/60 * * * *', /^minute: expected a step from 1 to 59 after "\/", found "60"$/],
    ['*/0 * * * *', /step/],
    ['0 */8,x * * *', /^hour: .*found "x"$/],
    ['50-10 * * * *', /upwards/],
    ['1,,2 * * * *', /^minute: /],
    ['1.5 * * * *', /^minute: /],
    ['? * * * *', /^minute: /],
    ['0 0 0 1 1 * 1969', /^year: /],
    ['@reboot', /@daily.*found "@reboot"/],
    ['******', /found 1 field$/],
  ])('refuses "%s" with the reason', (expression, reason) => {
    expect(() => parseSchedule(expression)).toThrow(
      expect.objectContaining({ code: 'SCHEDULE_INVALID', message: expect.stringMatching(reason) }),
    );
  });

  it.each(['0 0 30 2 *', '0 0 31 4,6 *', '0 0 0 1 1 * 2001', '0 0 0 29 2 * 2027'])('%s never comes due', (expression) => {
    expect(() => parseSchedule(expression, at('2026-01-01T00:00:00Z'))).toThrow(expect.objectContaining({ code: 'SCHEDULE_NEVER' }));
  });

  it('reads any text to a schedule or a ScheduleError', () => {
    const token = fc.constantFrom('*', '?', '/', '-', ',', ' ', '0', '7', '59', 'mon', 'L', '@daily', '\t', '\n');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 24 }), (tokens) => {
        try {
          expect(parseSchedule(tokens.join('')).seconds.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ScheduleError' });
        }
      }),
    );
  });

  it('is plain data', () => {
    const schedule = structuredClone(parseSchedule('0 8 * * 1'));
    expect(nextTick(schedule, at('2026-01-04T00:00:00Z'), 'UTC')).toBe(at('2026-01-05T08:00:00Z'));
  });
});

describe('zones', () => {
  it('are names of the IANA database', () => {
    expect(['UTC', 'Europe/Berlin', 'America/New_York'].map(isTimeZone)).toEqual([true, true, true]);
    expect(['', 'Mars/Base', '+02:00', 'Europe/Berlín'].map(isTimeZone)).toEqual([false, false, false, false]);
  });
});
