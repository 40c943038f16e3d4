/** Date texts (Lua API 3.4, 3.6): which are accepted, and the form in which a column keeps them. */
import { instantInZone } from './zone.js';

const TIME = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?$/;
const MONTH = /^\d{4}-(\d{2})$/;
const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}))?)?$/;
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

type DateText =
  /** A time of day or a month: kept as it is. */
  | { kind: 'partial' }
  /** An instant, epoch ms. */
  | { kind: 'instant'; at: number }
  /** A date or a date with a time, without offset; as if it were UTC, epoch ms. A date alone means noon. */
  | { kind: 'local'; wall: number };

/** What a date text says; undefined when it is none of the accepted forms or does not exist in the calendar. */
export function readDate(text: string): DateText | undefined {
  const local = LOCAL.exec(text);
  if (local) {
    const wall = wallTime(local[1], local[2], local[3], local[4] ?? '12', local[5], local[6]);
    return wall === undefined ? undefined : { kind: 'local', wall };
  }
  const zoned = RFC3339.exec(text);
  if (zoned) {
    const wall = wallTime(zoned[1], zoned[2], zoned[3], zoned[4], zoned[5], zoned[6]);
    const [hours, minutes] = [Number(zoned[9] ?? 0), Number(zoned[10] ?? 0)];
    if (wall === undefined || hours > 23 || minutes > 59) return undefined;
    const offset = (hours * 60 + minutes) * 60_000;
    const at = wall + Number((zoned[7] ?? '').slice(0, 3).padEnd(3, '0'));
    return { kind: 'instant', at: zoned[8] === '-' ? at + offset : at - offset };
  }
  const time = TIME.exec(text);
  if (time) {
    const fits = Number(time[1]) < 24 && Number(time[2]) < 60 && Number(time[3] ?? 0) < 60;
    return fits ? { kind: 'partial' } : undefined;
  }
  const month = MONTH.exec(text);
  return month && Number(month[1]) >= 1 && Number(month[1]) <= 12 ? { kind: 'partial' } : undefined;
}

function wallTime(year = '', month = '', day = '', hour = '0', minute = '0', second = '0'): number | undefined {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  if (h > 23 || m > 59 || s > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  // A leap second has the instant of the second before it.
  return date.getTime() + h * 3_600_000 + m * 60_000 + Math.min(s, 59) * 1000;
}

/**
 * The text that a date column keeps: instants as UTC `YYYY-MM-DDTHH:MM:SS.mmmZ`, times and months as they are, anything else unchanged.
 * A local time is of `zone`; where that zone is unknown or its clocks skip the time, of UTC (validation refuses both before).
 */
export function normaliseDate(text: string, zone?: string): string {
  const date = readDate(text);
  if (date === undefined || date.kind === 'partial') return text;
  if (date.kind === 'instant') return new Date(date.at).toISOString();
  const instant = zone === undefined ? date.wall : instantInZone(date.wall, zone);
  return new Date(typeof instant === 'number' ? instant : date.wall).toISOString();
}

/** `YYYY-MM-DDTHH:MM:SS.000Z`: what created_at and updated_at are written as (second resolution). */
export function timestamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}.000Z`;
}

/** `YYYY-MM-DD HH:MM:SS`, as SQLite's datetime('now'): what changes of status and trash are dated with. */
export function sqlTime(now: number): string {
  return new Date(now).toISOString().slice(0, 19).replace('T', ' ');
}

/** created_at and updated_at in SQLite's own form (`YYYY-MM-DD HH:MM:SS`) read as the ISO form. */
export function readTimestamp(text: string): string {
  return text.length === 19 && text[10] === ' ' ? `${text.slice(0, 10)}T${text.slice(11)}.000Z` : text;
}
