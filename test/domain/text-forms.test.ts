import { describe, expect, it } from 'vitest';
import { parseDuration, parsePreciseDuration } from '../../src/domain/duration.js';
import { parseSize } from '../../src/domain/size.js';
import { slugProblem, titleOf } from '../../src/domain/slug.js';
import { didYouMean, suggest } from '../../src/domain/suggest.js';

describe('durations of the reference', () => {
  it.each([
    [0, 0],
    [30n, 30],
    ['30', 30],
    ['30s', 30],
    [' 5m ', 300],
    ['2h', 7200],
    ['7d', 604800],
    ['+2s', 2],
  ])('%s is %d seconds', (written, seconds) => {
    expect(parseDuration(written)).toBe(seconds);
  });

  it.each(['', '1h30m', '1 h', '2S', '-2s', '500ms', '1.5s', '99999999999999999999d', -1, 1.5, Number.NaN])('%s is refused', (written) => {
    expect(() => parseDuration(written)).toThrow(
      `invalid duration '${written}': use an integer (seconds) or a string like "30s", "5m", "2h", "7d"`,
    );
  });
});

describe('precise durations', () => {
  it.each([
    ['250ms', 0.25],
    ['1.5s', 1.5],
    ['5m', 300],
    [0.5, 0.5],
  ])('%s', (written, seconds) => {
    expect(parsePreciseDuration(written)).toBe(seconds);
  });

  it('are refused with their own forms', () => {
    expect(() => parsePreciseDuration('soon')).toThrow(/invalid duration 'soon': .*"250ms"/);
  });
});

describe('sizes', () => {
  it.each([
    [512, 512],
    ['500B', 500],
    ['10kb', 10240],
    ['50MB', 52428800],
    ['1 GB', 1073741824],
    ['77', 77],
  ])('%s', (written, bytes) => {
    expect(parseSize(written)).toBe(bytes);
  });

  it.each(['', 'MB', '1.5MB', '1TB', -1, 0.5])('%s is refused', (written) => {
    expect(() => parseSize(written)).toThrow(expect.objectContaining({ code: 'SIZE_INVALID' }));
  });
});

describe('suggestions', () => {
  it.each([
    ['retrys', 'retries'],
    ['timout', 'timeout'],
    ['ahndler', 'handler'],
    ['skipIfRunning', 'skip_if_running'],
    ['SCHEDULE', 'schedule'],
  ])('%s -> %s', (word, near) => {
    expect(suggest(word, ['handler', 'schedule', 'retries', 'timeout', 'skip_if_running'])).toBe(near);
  });

  it('are silent where nothing is near', () => {
    expect(didYouMean('colour', ['handler', 'schedule'])).toBe('');
    expect(didYouMean('handlr', ['handler', 'schedule'])).toBe(" (did you mean 'handler'?)");
  });
});

describe('slugs', () => {
  it('follow the rule of the reference', () => {
    expect(['send_digest', '', 'My Job', '_system', 'many_posts'].map((slug) => slugProblem(slug))).toEqual([
      undefined,
      'Slug cannot be empty',
      "Invalid slug 'My Job' — use lowercase letters, digits, and underscores only",
      'Slug cannot start with underscore',
      undefined,
    ]);
    expect(slugProblem('many_posts', 10)).toMatch(/many_/);
    expect(titleOf('send_welcome_email')).toBe('Send Welcome Email');
  });
});
