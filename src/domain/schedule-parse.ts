/**
 * Reads a cron text into a normal form: five fields, six with seconds first, or seven with the year last; crontab weekday
 * numbers, names, `?`, lists, ranges, steps and `@daily` and its like (jobs page 5.7; design, "Cron"). Says which field is wrong and why.
 */
import { HostError } from './errors.js';

/** A cron text as sets of numbers; plain data. */
export interface Schedule {
  /** As written. */
  text: string;
  /** Ascending, never empty. */
  seconds: number[];
  minutes: number[];
  hours: number[];
  daysOfMonth: number[];
  /** 1 to 12. */
  months: number[];
  /** 0 (Sunday) to 6. */
  weekdays: number[];
  /** undefined = every year. */
  years?: number[];
  /** "either": day of month and weekday are both restricted (neither begins with `*` or `?`), so one of them suffices, as in crontab. */
  days: 'either' | 'both';
  /** The minute or the hour begins with `*`: meant as a rhythm, so an hour that the clock repeats comes twice. */
  rhythm: boolean;
}

/** Code SCHEDULE_INVALID or SCHEDULE_NEVER. */
export class ScheduleError extends HostError {}

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

interface Field {
  name: string;
  min: number;
  max: number;
  /** Largest number that may be written, where it is more than the largest value (weekday 7). */
  writtenMax?: number;
  /** Full names, the first standing for `min`. */
  names?: readonly string[];
  /** `?` is allowed. */
  question?: boolean;
}

const SECOND: Field = { name: 'second', min: 0, max: 59 };
const MINUTE: Field = { name: 'minute', min: 0, max: 59 };
const HOUR: Field = { name: 'hour', min: 0, max: 23 };
const DAY: Field = { name: 'day of month', min: 1, max: 31, question: true };
const MONTH: Field = { name: 'month', min: 1, max: 12, names: MONTHS };
const WEEKDAY: Field = { name: 'weekday', min: 0, max: 6, writtenMax: 7, names: WEEKDAYS, question: true };
const YEAR: Field = { name: 'year', min: 1970, max: 2100 };

const SHORTHANDS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The normal form. Throws ScheduleError SCHEDULE_INVALID with the field, what was expected and what was found. */
export function readSchedule(text: string): Schedule {
  const fields = splitFields(text);
  if (fields.length < 5 || fields.length > 7) throw wrongCount(text, fields.length);
  const [second, minute, hour, day, month, weekday, year] = (fields.length === 5 ? ['0', ...fields] : fields) as [
    ...[string, string, string, string, string, string],
    string | undefined,
  ];
  const read = (field: Field, written: string) => readField(text, field, written);
  const free = (written: string) => /^[*?]/.test(written);
  const schedule: Schedule = {
    text,
    seconds: read(SECOND, second),
    minutes: read(MINUTE, minute),
    hours: read(HOUR, hour),
    daysOfMonth: read(DAY, day),
    months: read(MONTH, month),
    weekdays: read(WEEKDAY, weekday),
    days: free(day) || free(weekday) ? 'both' : 'either',
    rhythm: free(minute) || free(hour),
  };
  if (year !== undefined && year !== '*') schedule.years = read(YEAR, year);
  return schedule;
}

function splitFields(text: string): string[] {
  const trimmed = text.trim();
  if (trimmed.startsWith('@')) {
    const fields = SHORTHANDS[trimmed.toLowerCase()];
    if (fields === undefined) {
      throw invalid(text, `expected one of ${Object.keys(SHORTHANDS).join(', ')}, found "${trimmed}"`, 'write the five fields instead');
    }
    return fields.split(' ');
  }
  // Blanks around `,`, `-` and `/` belong to the field, as in the reference.
  return trimmed === '' ? [] : trimmed.replace(/\s*([,/-])\s*/g, '$1').split(/\s+/);
}

function invalid(text: string, reason: string, remedy?: string, details: Record<string, unknown> = {}): ScheduleError {
  return new ScheduleError('SCHEDULE_INVALID', reason, {
    remedy: remedy ?? 'fields are: minute hour day-of-month month weekday, for example "0 8 * * 1" for Mondays at 08:00',
    details: { expression: text, ...details },
  });
}

function wrongCount(text: string, count: number): ScheduleError {
  const found = count === 0 ? 'an empty text' : `${count} field${count === 1 ? '' : 's'}`;
  return invalid(
    text,
    `expected five fields (minute hour day-of-month month weekday), six with seconds first, or seven with the year last, found ${found}`,
  );
}

function readField(text: string, field: Field, written: string): number[] {
  const values = new Set<number>();
  for (const item of written.split(',')) {
    for (const value of readItem(text, field, item)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

/** `*`, `?`, `a`, `a-b`, each with `/n`; `a/n` runs from a to the largest value. */
function readItem(text: string, field: Field, item: string): number[] {
  const fault = (expected: string, found = item) =>
    invalid(text, `${field.name}: expected ${expected}, found "${found}"`, remedyFor(field, item), { field: field.name, expected, found });
  const [span, stepText, ...rest] = item.split('/');
  if (span === undefined || span === '' || rest.length > 0) throw fault(form(field));
  const step = stepText === undefined ? 1 : readStep(stepText);
  if (span === '*' || (span === '?' && field.question)) return range(field.min, field.max, step);

  const [fromText, toText, ...more] = span.split('-');
  if (fromText === undefined || fromText === '' || toText === '' || more.length > 0) throw fault(form(field));
  const from = readValue(fromText);
  if (toText === undefined) return stepText === undefined ? [wrap(from)] : range(wrap(from), field.max, step);
  const to = readValue(toText);
  if (from <= to) return range(from, to, step).map(wrap);
  if (field !== WEEKDAY) throw fault('a range that runs upwards', span);
  return range(from, to + 7, step).map((value) => value % 7);

  function readStep(digits: string): number {
    const most = field.writtenMax ?? field.max;
    const number = /^\d{1,4}$/.test(digits) ? Number(digits) : 0;
    if (number < 1 || number > most) throw fault(`a step from 1 to ${most} after "/"`, digits);
    return number;
  }

  function readValue(word: string): number {
    if (/^\d{1,4}$/.test(word)) {
      const number = Number(word);
      if (number < field.min || number > (field.writtenMax ?? field.max)) throw fault(numbers(field), word);
      return number;
    }
    const lower = word.toLowerCase();
    const index = lower.length >= 3 ? (field.names?.findIndex((name) => name.startsWith(lower)) ?? -1) : -1;
    if (index < 0) throw fault(form(field), word);
    return field.min + index;
  }

  function wrap(value: number): number {
    return value > field.max ? field.min : value;
  }
}

function numbers(field: Field): string {
  return `a number from ${field.min} to ${field.writtenMax ?? field.max}`;
}

function form(field: Field): string {
  const names = field.names ? `, a name such as "${field.names[1]!.slice(0, 3)}"` : '';
  return `${numbers(field)}${names}, "*", a range, a list or a step`;
}

function remedyFor(field: Field, item: string): string | undefined {
  if (/[LW#~H]/.test(item) && !field.names) return 'L, W, #, ~ and H are not part of this dialect; name the days, or decide in the handler';
  return undefined;
}

function range(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}
