import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDate } from '../../src/bindings/date-format.js';
import { parseDate } from '../../src/bindings/date-parse.js';

describe('date_parse', () => {
  it.each([
    ['2024-05-06T07:08:09Z', 1714979289],
    ['2024-05-06T07:08:09+02:00', 1714972089],
    ['2024-05-06T07:08:09-00:30', 1714981089],
    ['2024-05-06T07:08:09.123456Z', 1714979289],
    ['2024-05-06t07:08:09z', 1714979289],
    ['2024-05-06 07:08:09', 1714979289],
    ['2024-5-6 7:8:9', 1714979289],
    ['2024-05-06', 1714953600],
    ['1969-12-31', -86400],
    ['0050-01-01', -60589296000],
    ['2016-12-31T23:59:60Z', 1483228799],
    ['2024-02-29', 1709164800],
  ])('reads %s', (text, seconds) => {
    expect(parseDate(text)).toBe(seconds);
  });

  it.each([
    '2024-05-06T07:08',
    '2024-13-01',
    '2023-02-29',
    '2024-04-31',
    '',
    'tomorrow',
    '2024-05-06T24:00:00Z',
    '2024-05-06T07:08:09',
    '2024-05-06T07:08:09+24:00',
  ])('refuses %j', (text) => {
    expect(parseDate(text)).toBeUndefined();
  });
});

describe('date_format', () => {
  const at = 1700000000;
  it.each([
    [0, '%Y-%m-%d %H:%M:%S', '1970-01-01 00:00:00'],
    [at, '%A %d %B %Y, %I:%M %p', 'Tuesday 14 November 2023, 10:13 PM'],
    [at, '%F %T %j %s', '2023-11-14 22:13:20 318 1700000000'],
    [at, '%a %b %h %e|%k|%l|%P', 'Tue Nov Nov 14|22|10|pm'],
    [at, '%D %x %R %X %r', '11/14/23 11/14/23 22:13 22:13:20 10:13:20 PM'],
    [at, '%c', 'Tue Nov 14 22:13:20 2023'],
    [at, '%+ %Z %z %:z %::z %:::z %#z', '2023-11-14T22:13:20+00:00 UTC +0000 +00:00 +00:00:00 +00 +00'],
    [at, '%C %y %q %w %u %U %W %G-W%V %g', '20 23 4 2 2 46 46 2023-W46 23'],
    [at, '%f|%.f|%.3f|%.6f|%.9f|%3f|%6f|%9f', '000000000||.000|.000000|.000000000|000|000000|000000000'],
    [86400 * 3, '%-d %_d %0e %-m %_H', '4  4 04 1  0'],
    [at, '%v|%t|%n|%%', '14-Nov-2023|\t|\n|%'],
    [-1, '%Y', '1969'],
    [-62198755200, '%Y', '-0001'],
    [253402300800, '%Y', '+10000'],
    [1704067200 - 86400, '%G-%V %j', '2023-52 365'],
    [1609459200, '%G-%V', '2020-53'],
    [at, 'plain, ü', 'plain, ü'],
    [at, '', ''],
  ])('%d as %j', (seconds, format, text) => {
    expect(formatDate(seconds, format)).toBe(text);
  });

  it.each([9e18, -9e18, 8_210_266_876_800])('refuses the instant %d', (seconds) => {
    expect(() => formatDate(seconds, '%Y')).toThrow('invalid timestamp');
  });

  it.each(['%Q', '100%', '%5Y', '%.4f'])('names the unknown specifier of %j', (format) => {
    expect(() => formatDate(0, format)).toThrow(/unknown date format specifier/);
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62135596800, max: 253402300799 }), (seconds) => {
        expect(parseDate(formatDate(seconds, '%Y-%m-%d %H:%M:%S'))).toBe(seconds);
      }),
    );
  });
});
