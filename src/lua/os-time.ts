/** `os.time`, `os.date`, `os.clock` for every engine: 64-bit seconds, any year, the process's zone (TZ), with Lua's own messages. */
import { type Float, numberOf } from '../domain/json.js';
import { BindingError } from './errors.js';
import { parseLuaNumber } from './number-text.js';
import type { LuaTable, LuaValue } from './value.js';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const begun = performance.now();

/** Raised by lua-stdlib/os.lua with the caller's position. */
function fault(message: string): BindingError {
  return new BindingError('OS_TIME', message, { prefixed: false });
}

/** Processor time is not told apart from waiting: seconds since the program began. */
export function luaClock(): LuaValue {
  return (performance.now() - begun) / 1000;
}

/** `seconds, normalised fields` of a table, or the present without one. Result: [seconds] or [seconds, fields]. */
export function luaTime(table: LuaTable | undefined): LuaValue[] {
  if (!table) return [Math.floor(Date.now() / 1000)];
  const year = field(table, 'year', undefined, 1900);
  const month = field(table, 'month', undefined, 1);
  const day = field(table, 'day', undefined, 0);
  const hour = field(table, 'hour', 12, 0);
  const minute = field(table, 'min', 0, 0);
  const second = field(table, 'sec', 0, 0);
  const date = new Date(0);
  date.setFullYear(year, month - 1, day);
  date.setHours(hour, minute, second, 0);
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw fault('time result cannot be represented in this installation');
  return [Math.floor(ms / 1000), fieldsOf(date, false)];
}

function field(table: LuaTable, key: string, otherwise: number | undefined, base: number): number {
  const value = table.get(key);
  if (value === undefined) {
    if (otherwise === undefined) throw fault(`field '${key}' missing in date table`);
    return otherwise;
  }
  const number = typeof value === 'string' ? parseLuaNumber(value) : numberOf(value);
  if (number === undefined || !Number.isInteger(number)) throw fault(`field '${key}' is not an integer`);
  if (Math.abs(number - base) > 2_147_483_647) throw fault(`field '${key}' is out-of-bound`);
  return number;
}

/** `os.date(format, time)`: text, or a table for `*t`. */
export function luaDate(format: string | undefined, time: LuaValue): LuaValue {
  let pattern = format ?? '%c';
  const utc = pattern.startsWith('!');
  if (utc) pattern = pattern.slice(1);
  const seconds = time === undefined ? Math.floor(Date.now() / 1000) : Number((time as Float | number | bigint).valueOf());
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw fault('date result cannot be represented in this installation');
  if (pattern.startsWith('*t')) return fieldsOf(date, utc);
  return formatDate(pattern, fieldsOf(date, utc), date, utc);
}

interface Fields {
  [key: string]: LuaValue;
  year: number;
  month: number;
  day: number;
  hour: number;
  min: number;
  sec: number;
  wday: number;
  yday: number;
  isdst: boolean;
}

function fieldsOf(date: Date, utc: boolean): Fields {
  const [year, month, day, hour, min, sec, weekday] = utc
    ? [
        date.getUTCFullYear(),
        date.getUTCMonth(),
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
        date.getUTCDay(),
      ]
    : [date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds(), date.getDay()];
  const yday = Math.round((dayNumber(year, month, day) - dayNumber(year, 0, 1)) / 86_400_000) + 1;
  return { year, month: month + 1, day, hour, min, sec, wday: weekday + 1, yday, isdst: !utc && isSummerTime(date) };
}

function dayNumber(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.getTime();
}

function isSummerTime(date: Date): boolean {
  const winter = Math.max(new Date(date.getFullYear(), 0, 1).getTimezoneOffset(), new Date(date.getFullYear(), 6, 1).getTimezoneOffset());
  return date.getTimezoneOffset() < winter;
}

const two = (n: number) => String(n).padStart(2, '0');

function formatDate(pattern: string, f: Fields, date: Date, utc: boolean): string {
  return pattern.replace(/%([EO]?)(.?)/gs, (whole, modifier: string, letter: string) => {
    if (letter === '' || (modifier !== '' && !(modifier === 'E' ? 'cCxXyY' : 'deHImMSuUVwWy').includes(letter)))
      throw unknown(whole, letter);
    return specifier(letter, f, date, utc) ?? raise(unknown(`%${modifier}${letter}`, letter));
  });
}

function unknown(specification: string, letter: string): BindingError {
  return fault(`bad argument #1 to 'os.date' (invalid conversion specifier '${letter === '' ? '%' : specification}')`);
}

function raise(error: Error): never {
  throw error;
}

function specifier(letter: string, f: Fields, date: Date, utc: boolean): string | undefined {
  const hour12 = f.hour % 12 === 0 ? 12 : f.hour % 12;
  switch (letter) {
    case 'a':
      return DAYS[f.wday - 1]!.slice(0, 3);
    case 'A':
      return DAYS[f.wday - 1];
    case 'b':
    case 'h':
      return MONTHS[f.month - 1]!.slice(0, 3);
    case 'B':
      return MONTHS[f.month - 1];
    case 'c':
      return `${DAYS[f.wday - 1]!.slice(0, 3)} ${MONTHS[f.month - 1]!.slice(0, 3)} ${String(f.day).padStart(2)} ${two(f.hour)}:${two(f.min)}:${two(f.sec)} ${f.year}`;
    case 'C':
      return two(Math.floor(f.year / 100));
    case 'd':
      return two(f.day);
    case 'D':
    case 'x':
      return `${two(f.month)}/${two(f.day)}/${two(((f.year % 100) + 100) % 100)}`;
    case 'e':
      return String(f.day).padStart(2);
    case 'F':
      return `${f.year}-${two(f.month)}-${two(f.day)}`;
    case 'g':
      return two(((isoWeek(f).year % 100) + 100) % 100);
    case 'G':
      return String(isoWeek(f).year);
    case 'H':
      return two(f.hour);
    case 'I':
      return two(hour12);
    case 'j':
      return String(f.yday).padStart(3, '0');
    case 'm':
      return two(f.month);
    case 'M':
      return two(f.min);
    case 'n':
      return '\n';
    case 'p':
      return f.hour < 12 ? 'AM' : 'PM';
    case 'r':
      return `${two(hour12)}:${two(f.min)}:${two(f.sec)} ${f.hour < 12 ? 'AM' : 'PM'}`;
    case 'R':
      return `${two(f.hour)}:${two(f.min)}`;
    case 'S':
      return two(f.sec);
    case 't':
      return '\t';
    case 'T':
    case 'X':
      return `${two(f.hour)}:${two(f.min)}:${two(f.sec)}`;
    case 'u':
      return String(f.wday === 1 ? 7 : f.wday - 1);
    case 'U':
      return two(Math.floor((f.yday + 6 - (f.wday - 1)) / 7));
    case 'V':
      return two(isoWeek(f).week);
    case 'w':
      return String(f.wday - 1);
    case 'W':
      return two(Math.floor((f.yday + 6 - ((f.wday + 5) % 7)) / 7));
    case 'y':
      return two(((f.year % 100) + 100) % 100);
    case 'Y':
      return String(f.year);
    case 'z':
      return utc ? '+0000' : offset(date);
    case 'Z':
      return utc ? 'GMT' : zoneName(date);
    case '%':
      return '%';
    default:
      return undefined;
  }
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** ISO 8601 week: the week of the year's first Thursday is 1. */
function isoWeek(f: Fields): { year: number; week: number } {
  const weekday = (f.wday + 5) % 7;
  const thursday = new Date(dayNumber(f.year, f.month - 1, f.day) + (3 - weekday) * 86_400_000);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - dayNumber(year, 0, 1)) / (7 * 86_400_000)) + 1;
  return { year, week };
}
