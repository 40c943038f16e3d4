/** A schedule in words, field by field, so that its author can compare it with what was meant. */
import type { Schedule } from './schedule-parse.js';

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** "at 08:00:00, on Monday"; "every 5 minutes"; several parts with commas between. */
export function scheduleInWords(schedule: Schedule): string {
  const parts = [timeOfDay(schedule), days(schedule)];
  if (schedule.months.length < 12) parts.push(`in ${listed(schedule.months.map((month) => MONTHS[month - 1]!))}`);
  if (schedule.years) parts.push(`in ${listed(schedule.years.map(String))}`);
  return parts.filter((part) => part !== '').join(', ');
}

function timeOfDay({ seconds, minutes, hours }: Schedule): string {
  if (hours.length * minutes.length * seconds.length <= 6) {
    const times = hours.flatMap((h) => minutes.flatMap((m) => seconds.map((s) => clock(h, m, s, seconds.length > 1 || seconds[0] !== 0))));
    return `at ${listed(times)}`;
  }
  const second = seconds.length === 1 && seconds[0] === 0 ? '' : unit('second', seconds, 60);
  const minute = minutes.length === 60 && second !== '' ? '' : unit('minute', minutes, 60);
  const hour = hours.length === 24 ? '' : `${second === '' && minute === '' ? '' : 'of '}${unit('hour', hours, 24)}`;
  return [second, minute, hour].filter((part) => part !== '').join(' ');
}

function unit(name: string, values: readonly number[], all: number): string {
  if (values.length === all) return `every ${name}`;
  const step = values.length > 1 ? values[1]! - values[0]! : 0;
  const regular =
    step > 1 && values[0]! < step && values.every((value, i) => value === values[0]! + i * step) && values.at(-1)! + step >= all;
  if (regular) return `every ${step} ${name}s${values[0] === 0 ? '' : ` from ${values[0]}`}`;
  return `${name} ${listed(ranges(values))}`;
}

function days({ daysOfMonth, weekdays, days: rule }: Schedule): string {
  const onDays = daysOfMonth.length === 31 ? '' : `on day ${listed(ranges(daysOfMonth))} of the month`;
  const onWeekdays = weekdays.length === 7 ? '' : `on ${listed(weekdays.map((day) => WEEKDAYS[day]!))}`;
  if (onDays === '' || onWeekdays === '') return onDays + onWeekdays;
  return rule === 'either' ? `${onDays} or ${onWeekdays}` : `${onDays} if it is ${onWeekdays.slice(3)}`;
}

/** `1-5` for runs of three and more. */
function ranges(values: readonly number[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < values.length; ) {
    let end = i;
    while (end + 1 < values.length && values[end + 1] === values[end]! + 1) end++;
    if (end - i >= 2) found.push(`${values[i]}-${values[end]}`);
    else for (let each = i; each <= end; each++) found.push(String(values[each]));
    i = end + 1;
  }
  return found;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function clock(hour: number, minute: number, second: number, withSeconds: boolean): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(hour)}:${two(minute)}${withSeconds ? `:${two(second)}` : ''}`;
}
