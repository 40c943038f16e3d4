/** Changes of the clock: the policies of a job, and counting without enumerating. Expected instants are written out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DstPolicy } from '../../src/domain/job.js';
import { countInstants, nextInstant, nextTick, parseSchedule } from '../../src/domain/schedule.js';
import { ticksBetween } from './ticks-between.js';

const BERLIN = 'Europe/Berlin';
const NOW = Date.UTC(2026, 0, 1);
const at = (text: string) => Date.parse(text);
const ticks = (expression: string, from: string, until: string, dst?: DstPolicy) =>
  ticksBetween(parseSchedule(expression, NOW), at(from) - 1, at(until) - 1, BERLIN, 100, dst).map((tick) =>
    new Date(tick).toISOString().slice(5, 16),
  );

// 29 March 2026: 02:00 CET becomes 03:00 CEST at 01:00Z. 25 October 2026: 03:00 CEST becomes 02:00 CET at 01:00Z.
describe('[TICK] a wall time that the clock skips', () => {
  it.each<[DstPolicy | undefined, string[]]>([
    [undefined, ['03-28T01:30', '03-29T01:30', '03-30T00:30']],
    [{ gap: 'after' }, ['03-28T01:30', '03-29T01:30', '03-30T00:30']],
    [{ gap: 'before' }, ['03-28T01:30', '03-29T00:30', '03-30T00:30']],
    [{ gap: 'skip' }, ['03-28T01:30', '03-30T00:30']],
  ])('%j', (dst, expected) => {
    expect(ticks('30 2 * * *', '2026-03-28T00:00Z', '2026-03-31T00:00Z', dst)).toEqual(expected);
  });

  it('one that is left out is named, so that it can be recorded', () => {
    const schedule = parseSchedule('30 2 * * *', NOW);
    expect(nextInstant(schedule, at('2026-03-28T12:00Z'), BERLIN, { gap: 'skip' })).toEqual({ at: at('2026-03-29T01:30Z'), gap: true });
    expect(nextTick(schedule, at('2026-03-28T12:00Z'), BERLIN, { gap: 'skip' })).toBe(at('2026-03-30T00:30Z'));
  });

  it('a rhythm goes on through the gap', () => {
    for (const gap of ['skip', 'before', 'after'] as const) {
      expect(ticks('*/30 * * * *', '2026-03-29T00:00Z', '2026-03-29T02:00Z', { gap })).toEqual([
        '03-29T00:00',
        '03-29T00:30',
        '03-29T01:00',
        '03-29T01:30',
      ]);
    }
  });
});

describe('[TICK] a wall time that the clock repeats', () => {
  it.each<[DstPolicy | undefined, string[]]>([
    [undefined, ['10-24T00:30', '10-25T00:30', '10-26T01:30']],
    [{ overlap: 'first' }, ['10-24T00:30', '10-25T00:30', '10-26T01:30']],
    [{ overlap: 'second' }, ['10-24T00:30', '10-25T01:30', '10-26T01:30']],
    [{ overlap: 'both' }, ['10-24T00:30', '10-25T00:30', '10-25T01:30', '10-26T01:30']],
  ])('%j', (dst, expected) => {
    expect(ticks('30 2 * * *', '2026-10-24T00:00Z', '2026-10-27T00:00Z', dst)).toEqual(expected);
  });
});

const expression = fc.constantFrom(
  '* * * * *',
  '*/7 * * * *',
  '30 2 * * *',
  '0 */3 * * *',
  '15 1-4 * * 0',
  '0 0 29 2 *',
  '*/10 30 2 * * *',
  '0 12 1 * 1',
  '5 2,3 25-31 3,10 *',
);
const policy = fc.record({
  gap: fc.constantFrom('skip', 'before', 'after'),
  overlap: fc.constantFrom('first', 'second', 'both'),
}) as fc.Arbitrary<DstPolicy>;

it('counting agrees with going through one by one, over changes of the clock too', () => {
  const zones = fc.constantFrom('UTC', BERLIN, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata');
  fc.assert(
    fc.property(
      expression,
      zones,
      policy,
      fc.integer({ min: 0, max: 365 * 86_400 }),
      fc.integer({ min: 0, max: 12 * 86_400 }),
      (text, zone, dst, start, length) => {
        const schedule = parseSchedule(text, NOW);
        const after = NOW + start * 1000;
        const until = after + length * 1000;
        let count = 0;
        for (let each = nextInstant(schedule, after, zone, dst); each && each.at <= until; count++)
          each = nextInstant(schedule, each.at, zone, dst);
        expect(countInstants(schedule, after, until, zone, dst)).toBe(count);
      },
    ),
    { numRuns: 150 },
  );
}, 120_000);

it('a year of a schedule by the second is counted in a moment', () => {
  const begun = process.cpuUsage();
  expect(countInstants(parseSchedule('* * * * * *', NOW), NOW - 1, NOW + 365 * 86_400_000 - 1, BERLIN)).toBe(365 * 86_400);
  expect(process.cpuUsage(begun).user).toBeLessThan(1_000_000);
});
