/** crap.util.date_format: the specifiers of chrono's strftime (Lua API 2.8), in UTC and in English. */
import { BindingError } from '../lua/errors.js';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** chrono's range of instants, in Unix seconds. */
const FIRST = -8_334_601_228_800;
const LAST = 8_210_266_876_799;

type Pad = '0' | ' ' | '';

/** A number with its usual width and padding, which `-`, `_` and `0` after the percent sign override. */
interface Padded {
  value: number;
  width: number;
  pad: Pad;
}

function padded(value: number, width: number, pad: Pad = '0'): Padded {
  return { value, width, pad };
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - yearStart(date.getUTCFullYear())) / 86_400_000) + 1;
}

function yearStart(year: number): number {
  const start = new Date(0);
  start.setUTCFullYear(year, 0, 1);
  return start.getTime();
}

/** ISO 8601 year and week. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime());
  thursday.setUTCDate(thursday.getUTCDate() + 3 - ((date.getUTCDay() + 6) % 7));
  return { year: thursday.getUTCFullYear(), week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1 };
}

const modulo = (value: number, by: number) => ((value % by) + by) % by;
const hour12 = (date: Date) => date.getUTCHours() % 12 || 12;

/** Specifiers made of others. */
const COMPOSED: Record<string, string> = {
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  F: '%Y-%m-%d',
  v: '%e-%b-%Y',
  R: '%H:%M',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  r: '%I:%M:%S %p',
  c: '%a %b %e %H:%M:%S %Y',
  '+': '%Y-%m-%dT%H:%M:%S%:z',
};

const SPECIFIERS: Record<string, (date: Date) => Padded | string> = {
  Y: (d) => year(d.getUTCFullYear()),
  C: (d) => padded(Math.floor(d.getUTCFullYear() / 100), 2),
  y: (d) => padded(modulo(d.getUTCFullYear(), 100), 2),
  q: (d) => String(Math.floor(d.getUTCMonth() / 3) + 1),
  m: (d) => padded(d.getUTCMonth() + 1, 2),
  b: (d) => (MONTHS[d.getUTCMonth()] as string).slice(0, 3),
  h: (d) => (MONTHS[d.getUTCMonth()] as string).slice(0, 3),
  B: (d) => MONTHS[d.getUTCMonth()] as string,
  d: (d) => padded(d.getUTCDate(), 2),
  e: (d) => padded(d.getUTCDate(), 2, ' '),
  a: (d) => (DAYS[d.getUTCDay()] as string).slice(0, 3),
  A: (d) => DAYS[d.getUTCDay()] as string,
  w: (d) => padded(d.getUTCDay(), 1),
  u: (d) => padded(d.getUTCDay() || 7, 1),
  U: (d) => padded(Math.floor((dayOfYear(d) + 6 - d.getUTCDay()) / 7), 2),
  W: (d) => padded(Math.floor((dayOfYear(d) + 6 - ((d.getUTCDay() + 6) % 7)) / 7), 2),
  G: (d) => year(isoWeek(d).year),
  g: (d) => padded(modulo(isoWeek(d).year, 100), 2),
  V: (d) => padded(isoWeek(d).week, 2),
  j: (d) => padded(dayOfYear(d), 3),
  H: (d) => padded(d.getUTCHours(), 2),
  k: (d) => padded(d.getUTCHours(), 2, ' '),
  I: (d) => padded(hour12(d), 2),
  l: (d) => padded(hour12(d), 2, ' '),
  P: (d) => (d.getUTCHours() < 12 ? 'am' : 'pm'),
  p: (d) => (d.getUTCHours() < 12 ? 'AM' : 'PM'),
  M: (d) => padded(d.getUTCMinutes(), 2),
  S: (d) => padded(d.getUTCSeconds(), 2),
  s: (d) => padded(d.getTime() / 1000, 1),
  f: () => '000000000',
  Z: () => 'UTC',
  z: () => '+0000',
  t: () => '\t',
  n: () => '\n',
  '%': () => '%',
};

/** Fractions of a second are always zero here, since the timestamp is whole seconds; zone offsets are always UTC's. */
const FIXED: Record<string, string> = {
  '.f': '',
  '.3f': '.000',
  '.6f': '.000000',
  '.9f': '.000000000',
  '3f': '000',
  '6f': '000000',
  '9f': '000000000',
  ':z': '+00:00',
  '::z': '+00:00:00',
  ':::z': '+00',
  '#z': '+00',
};

/** Years beyond four digits carry a sign. */
function year(value: number): Padded | string {
  if (value >= 0 && value <= 9999) return padded(value, 4);
  return (value < 0 ? '-' : '+') + String(Math.abs(value)).padStart(4, '0');
}

/** `seconds`: Unix time. Throws "invalid timestamp" outside the calendar's range, and names a specifier that does not exist. */
export function formatDate(seconds: number, format: string): string {
  if (seconds < FIRST || seconds > LAST) throw new BindingError('DATE_FORMAT', 'invalid timestamp');
  const date = new Date(seconds * 1000);
  const expand = (text: string): string =>
    text.replace(/%(\.[369]?f|[369]f|:{1,3}z|#z|([-_0]?)(.)|$)/gsu, (whole, fixed: string, flag?: string, name?: string) => {
      const literal = FIXED[fixed];
      if (literal !== undefined) return literal;
      const composed = COMPOSED[name ?? ''];
      if (composed !== undefined) return expand(composed);
      const value = SPECIFIERS[name ?? '']?.(date);
      if (value === undefined) throw unknown(whole, format);
      if (typeof value === 'string') return value;
      const pad: Pad = flag === '-' ? '' : flag === '_' ? ' ' : flag === '0' ? '0' : value.pad;
      return pad === '' ? String(value.value) : pad === '0' ? zeros(value) : String(value.value).padStart(value.width, ' ');
    });
  return expand(format);
}

function zeros({ value, width }: Padded): string {
  return value < 0 ? `-${String(-value).padStart(width, '0')}` : String(value).padStart(width, '0');
}

function unknown(specifier: string, format: string): BindingError {
  return new BindingError('DATE_FORMAT', `unknown date format specifier '${specifier}' in '${format}'`, {
    remedy: 'use the specifiers of strftime, such as %Y-%m-%d %H:%M:%S; write %% for a percent sign',
  });
}
