/** The third argument of crap.jobs.queue: { priority, delay, run_at, unique } (Lua API 10.3). Unknown keys are errors. */

import { numberOf } from '../domain/json.js';
import { didYouMean } from '../domain/suggest.js';
import { BindingError } from '../lua/errors.js';
import { luaTypeName } from '../lua/type-names.js';
import type { LuaTable, LuaValue } from '../lua/value.js';

export interface QueueOptions {
  /** Higher first; default the definition's. */
  priority?: number;
  /** Epoch ms; default now. */
  dueAt?: number;
  uniqueKey?: string;
}

const KEYS = ['priority', 'delay', 'run_at', 'unique'];
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const I32 = 2 ** 31;
/** The last instant of a JavaScript date. */
const LAST_INSTANT = 8.64e15;

/** `now`: epoch ms, what a delay counts from. */
export function parseQueueOptions(table: LuaTable | undefined, now: number): QueueOptions {
  const options: QueueOptions = {};
  if (!table) return options;
  for (const key of table.entries.keys()) {
    if (typeof key !== 'string' || !KEYS.includes(key)) throw unknownKey(String(key));
  }
  const priority = table.get('priority');
  if (priority !== undefined) options.priority = parsePriority(priority);
  const delay = table.get('delay');
  const runAt = table.get('run_at');
  if (delay !== undefined && runAt !== undefined) {
    throw bad('delay and run_at are mutually exclusive', 'give one of the two');
  }
  if (delay !== undefined) options.dueAt = parseDelay(delay, now);
  if (runAt !== undefined) options.dueAt = parseRunAt(runAt);
  const unique = table.get('unique');
  if (unique !== undefined) options.uniqueKey = parseUnique(unique);
  return options;
}

function bad(message: string, remedy?: string): BindingError {
  return new BindingError('QUEUE_OPTION', message, { remedy });
}

function unknownKey(key: string): BindingError {
  return bad(`Unknown queue option key '${key}'${didYouMean(key, KEYS)}. Valid keys: ${KEYS.join(', ')}`);
}

function wholeNumber(value: LuaValue): number | undefined {
  const number = numberOf(value);
  return number !== undefined && Number.isInteger(number) ? number : undefined;
}

function parsePriority(value: LuaValue): number {
  const number = wholeNumber(value);
  if (number === undefined) throw bad(`priority must be an integer (or omitted); got ${luaTypeName(value)}`);
  if (number < -I32 || number >= I32) throw bad(`priority must be an integer between ${-I32} and ${I32 - 1}; got ${number}`);
  return number;
}

function parseDelay(value: LuaValue, now: number): number {
  let seconds = numberOf(value);
  if (seconds !== undefined) {
    if (!(seconds >= 0)) throw bad(`delay must be non-negative; got ${seconds}`);
  } else if (typeof value === 'string') {
    const text = value.trim();
    const match = /^(\d+)([smhd]?)$/.exec(text);
    if (!match) {
      if (/^-\d+[smhd]?$/.test(text)) throw bad(`delay must be non-negative; got ${text}`);
      throw bad(`delay '${value}' is not a valid duration (expected seconds integer or '30s' / '5m' / '1h' / '7d')`);
    }
    seconds = Number(match[1]) * (UNITS[match[2] || 's'] as number);
  } else {
    throw bad(`delay must be seconds or a duration text such as '30s' (or omitted); got ${luaTypeName(value)}`);
  }
  const dueAt = Math.round(now + seconds * 1000);
  if (!(dueAt <= LAST_INSTANT)) throw bad(`delay of ${seconds} seconds ends beyond the calendar`);
  return dueAt;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?$/;

function parseRunAt(value: LuaValue): number {
  const seconds = numberOf(value);
  if (seconds !== undefined) {
    const instant = Math.round(seconds * 1000);
    if (!(Math.abs(instant) <= LAST_INSTANT)) throw bad(`run_at ${seconds} is no instant of the calendar (expected Unix seconds)`);
    return instant;
  }
  if (typeof value !== 'string') throw bad(`run_at must be an ISO 8601 text or Unix seconds (or omitted); got ${luaTypeName(value)}`);
  const instant = parseIso(value);
  if (Number.isNaN(instant)) {
    throw bad(`run_at '${value}' is not a valid instant (expected ISO 8601 such as '2026-01-31T08:00:00Z', or Unix seconds)`);
  }
  return instant;
}

/** Epoch ms; NaN for what is no ISO text or no day of the calendar (Date.parse takes February 30). */
function parseIso(text: string): number {
  const [match, year, month, day] = ISO.exec(text) ?? [];
  if (match === undefined) return Number.NaN;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCDate() === Number(day) ? Date.parse(isoUtc(text)) : Number.NaN;
}

/** An instant without a zone is UTC, as everywhere in a project. */
function isoUtc(text: string): string {
  const iso = text.replace(/[t ]/, 'T').replace(/z$/, 'Z');
  return !iso.includes('T') || /(?:Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`;
}

function parseUnique(value: LuaValue): string {
  if (typeof value !== 'string') throw bad(`unique must be a string (or omitted); got ${luaTypeName(value)}`);
  if (value === '') throw bad('unique key must be non-empty (or omit the option)');
  return value;
}
