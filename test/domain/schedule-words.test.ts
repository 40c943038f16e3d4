import { expect, it } from 'vitest';
import { parseSchedule } from '../../src/domain/schedule.js';
import { scheduleInWords } from '../../src/domain/schedule-words.js';

it.each([
  ['0 8 * * 1', 'at 08:00, on Monday'],
  ['*/5 * * * *', 'every 5 minutes'],
  ['* * * * *', 'every minute'],
  ['* * * * * *', 'every second'],
  ['*/10 * * * * *', 'every 10 seconds'],
  ['0 */2 * * *', 'minute 0 of every 2 hours'],
  ['30 9-17 * * 1-5', 'minute 30 of hour 9-17, on Monday, Tuesday, Wednesday, Thursday and Friday'],
  ['0 0 1 * 1', 'at 00:00, on day 1 of the month or on Monday'],
  ['15 6,18 1-7 3 *', 'at 06:15 and 18:15, on day 1-7 of the month, in March'],
  ['0 0 12 * * ? 2030', 'at 12:00, in 2030'],
])('%s is %s', (text, words) => {
  expect(scheduleInWords(parseSchedule(text, Date.UTC(2026, 0, 1)))).toBe(words);
});
