/** The third argument of crap.jobs.queue (Lua API 10.3; run_at, key, after and the modes of unique are ours). Unknown keys are errors. */

import { parseInstant } from '../domain/instant.js';
import { numberOf } from '../domain/json.js';
import type { EnqueueRequest } from '../domain/run.js';
import { didYouMean } from '../domain/suggest.js';
import { BindingError } from '../lua/errors.js';
import { secondsOf } from '../lua/seconds.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';

export type QueueOptions = Pick<EnqueueRequest, 'priority' | 'dueAt' | 'uniqueKey' | 'uniqueMode' | 'key' | 'after' | 'afterFailure'>;

const KEYS = ['priority', 'delay', 'run_at', 'unique', 'key', 'after', 'after_failure'];
const UNIQUE_KEYS = ['key', 'within', 'replace'];
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
  if (unique !== undefined) Object.assign(options, parseUnique(unique));
  const key = table.get('key');
  if (key !== undefined) options.key = parseKey(key);
  const after = table.get('after');
  if (after !== undefined) options.after = parseAfter(after);
  const failure = table.get('after_failure');
  if (failure !== undefined) {
    if (failure !== 'cancel' && failure !== 'run')
      throw bad(`after_failure must be "cancel" or "run" (or omitted); got ${shownText(failure)}`);
    if (after === undefined) throw bad('after_failure has no meaning without after');
    options.afterFailure = failure;
  }
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

function parseRunAt(value: LuaValue): number {
  const seconds = numberOf(value);
  if (seconds !== undefined) {
    const instant = Math.round(seconds * 1000);
    if (!(Math.abs(instant) <= LAST_INSTANT)) throw bad(`run_at ${seconds} is no instant of the calendar (expected Unix seconds)`);
    return instant;
  }
  if (typeof value !== 'string') throw bad(`run_at must be an ISO 8601 text or Unix seconds (or omitted); got ${luaTypeName(value)}`);
  const instant = parseInstant(value);
  if (instant === undefined) {
    throw bad(`run_at '${value}' is not a valid instant (expected ISO 8601 such as '2026-01-31T08:00:00Z', or Unix seconds)`);
  }
  return instant;
}

/** A text: the reference's. A table: { key, within = "1h" } or { key, replace = true }. */
function parseUnique(value: LuaValue): Pick<QueueOptions, 'uniqueKey' | 'uniqueMode'> {
  if (!(value instanceof LuaTable)) return { uniqueKey: parseUniqueKey(value) };
  for (const inner of value.entries.keys()) {
    if (UNIQUE_KEYS.includes(String(inner))) continue;
    throw bad(`Unknown key '${String(inner)}' in unique${didYouMean(String(inner), UNIQUE_KEYS)}. Valid keys: ${UNIQUE_KEYS.join(', ')}`);
  }
  const uniqueKey = parseUniqueKey(value.get('key'));
  const within = value.get('within');
  const replace = value.get('replace');
  if (replace !== undefined && typeof replace !== 'boolean') throw bad(`unique.replace must be a boolean; got ${luaTypeName(replace)}`);
  if (within !== undefined && replace === true) throw bad('unique.within and unique.replace are mutually exclusive', 'give one of the two');
  if (within !== undefined) return { uniqueKey, uniqueMode: { within: milliseconds(within) } };
  return replace ? { uniqueKey, uniqueMode: 'replace' } : { uniqueKey };
}

function parseUniqueKey(value: LuaValue): string {
  if (typeof value !== 'string') throw bad(`unique must be a string (or omitted); got ${luaTypeName(value)}`);
  if (value === '') throw bad('unique key must be non-empty (or omit the option)');
  return value;
}

function milliseconds(value: LuaValue): number {
  const seconds = secondsOf(value);
  if (seconds !== undefined) return Math.round(seconds * 1000);
  throw bad(`unique.within must be seconds or a duration text such as '1h'; got ${shownText(value)}`);
}

function parseKey(value: LuaValue): string {
  const text = typeof value === 'string' ? value : numberOf(value) === undefined ? '' : String(value);
  if (text === '') throw bad(`key must be a non-empty string (or omitted); got ${luaTypeName(value)}`);
  return text;
}

function parseAfter(value: LuaValue): string[] {
  const ids: string[] = [];
  const entries = value instanceof LuaTable ? value.entries.size : -1;
  for (let i = 1; i <= entries; i++) {
    const id = (value as LuaTable).get(i);
    if (typeof id === 'string' && id !== '') ids.push(id);
  }
  if (ids.length !== entries) throw bad(`after must be a list of run ids (or omitted); got ${shownText(value)}`);
  return ids;
}

function shownText(value: LuaValue): string {
  return typeof value === 'string' ? JSON.stringify(value) : luaTypeName(value);
}
