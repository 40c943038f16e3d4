/** The keys of a job's definition that only Moonlighter has: limits, backoff, retention, and what becomes of lost runs and missed ticks. */
import { HostError } from '../domain/errors.js';
import { parseInstant } from '../domain/instant.js';
import type { Backoff, DstPolicy, JobDefinition, MisfirePolicy } from '../domain/job.js';
import { numberOf } from '../domain/json.js';
import { FINAL_STATUSES, type FinalStatus } from '../domain/run.js';
import { parseSize } from '../domain/size.js';
import { didYouMean } from '../domain/suggest.js';
import { secondsOf } from '../lua/seconds.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import { BadValue, functionRef, shown, wholeNumber } from './job-values.js';

const U32 = 2 ** 32 - 1;

/** By key: how its value is read. Each throws BadValue. */
export const JOB_RULES = {
  key_concurrency: (value: LuaValue): Rules => ({ keyConcurrency: wholeNumber('key_concurrency', value, 1, U32) }),
  rate_limit: (value: LuaValue): Rules => ({ rateLimit: parseRateLimit(value) }),
  backoff: (value: LuaValue): Rules => ({ backoff: parseBackoff(value) }),
  retention: (value: LuaValue): Rules => ({ retention: parseRetention(value) }),
  on_lost: (value: LuaValue): Rules => ({ onLost: oneOf<'retry' | 'stale'>('on_lost', value, ['retry', 'stale']) }),
  misfire: (value: LuaValue): Rules => ({ misfire: oneOf<MisfirePolicy>('misfire', value, ['skip', 'once', 'all']) }),
  misfire_limit: (value: LuaValue): Rules => ({ misfireLimit: wholeNumber('misfire_limit', value, 1, 10_000) }),
  dst: (value: LuaValue): Rules => ({ dst: parseDst(value) }),
  jitter: (value: LuaValue): Rules => ({ jitter: seconds('jitter', value) }),
  from: (value: LuaValue): Rules => ({ from: instant('from', value) }),
  until: (value: LuaValue): Rules => ({ until: instant('until', value) }),
  max_instructions: (value: LuaValue): Rules => ({ maxInstructions: wholeNumber('max_instructions', value, 1, Number.MAX_SAFE_INTEGER) }),
  max_memory: (value: LuaValue): Rules => ({ maxMemory: bytes('max_memory', value) }),
} as const satisfies Record<string, (value: LuaValue) => Partial<JobDefinition>>;

type Rules = Partial<JobDefinition>;

export const JOB_RULE_KEYS = Object.keys(JOB_RULES) as (keyof typeof JOB_RULES)[];

/** What contradicts itself although each value can be taken; the key and the text of each. */
export function ruleContradictions(job: JobDefinition): { key: string; message: string; remedy: string }[] {
  const found: { key: string; message: string; remedy: string }[] = [];
  if (job.from !== undefined && job.until !== undefined && job.from >= job.until) {
    found.push({ key: 'until', message: "Job config key 'until' is not after 'from'", remedy: 'exchange the two instants' });
  }
  const scheduled = ['misfire', 'misfireLimit', 'dst', 'jitter', 'from', 'until'] as const;
  const names = { misfireLimit: 'misfire_limit' } as Record<string, string>;
  const useless = job.schedule === undefined ? scheduled.filter((key) => job[key] !== undefined) : [];
  for (const key of useless) {
    const name = names[key] ?? key;
    found.push({
      key: name,
      message: `Job config key '${name}' has no meaning without 'schedule'`,
      remedy: 'add a schedule or remove the key',
    });
  }
  return found;
}

function parseRateLimit(value: LuaValue) {
  const table = tableOf('rate_limit', value, ['limit', 'per'], '{ limit = 10, per = "1m" }');
  const per = seconds('rate_limit.per', table.get('per'));
  if (per <= 0) throw new BadValue("Job config key 'rate_limit.per' expected a duration above zero", 'write for example per = "1m"');
  return { limit: wholeNumber('rate_limit.limit', table.get('limit'), 1, 100_000), per };
}

function parseBackoff(value: LuaValue): Backoff {
  const named = functionRef('backoff', value);
  if (named && !(value instanceof LuaTable && value.get('ref') === undefined)) return { kind: 'function', function: named };
  const forms = '{ 5, 30, 300 }, { base = 5, factor = 2, max = 300, jitter = 0.1 } or the name of a function';
  if (!(value instanceof LuaTable)) throw new BadValue(`Job config key 'backoff' expected ${forms}, got ${shown(value)}`);
  const list: number[] = [];
  for (let i = 1; value.get(i) !== undefined; i++) list.push(seconds(`backoff[${i}]`, value.get(i)));
  if (list.length > 0) {
    if (list.length !== value.entries.size) throw new BadValue(`Job config key 'backoff' expected ${forms}, got a list with other keys`);
    return { kind: 'list', seconds: list };
  }
  const table = tableOf('backoff', value, ['base', 'factor', 'max', 'jitter'], forms);
  const number = (key: string, fallback: number, min: number, max: number): number => {
    const given = table.get(key);
    if (given === undefined) return fallback;
    const found = numberOf(given);
    if (found !== undefined && found >= min && found <= max) return found;
    throw new BadValue(`Job config key 'backoff.${key}' expected a number from ${min} to ${max}, got ${shown(given)}`);
  };
  const duration = (key: string, fallback: number) => (table.get(key) === undefined ? fallback : seconds(`backoff.${key}`, table.get(key)));
  return {
    kind: 'curve',
    base: duration('base', 5),
    factor: number('factor', 2, 1, 100),
    max: duration('max', 300),
    jitter: number('jitter', 0, 0, 1),
  };
}

function parseRetention(value: LuaValue): NonNullable<JobDefinition['retention']> {
  if (!(value instanceof LuaTable)) {
    const all = seconds('retention', value);
    return Object.fromEntries(FINAL_STATUSES.map((status) => [status, all]));
  }
  const table = tableOf('retention', value, FINAL_STATUSES, '"7d" or { completed = "1d", failed = "30d" }');
  const retention: Partial<Record<FinalStatus, number>> = {};
  for (const status of FINAL_STATUSES) {
    const given = table.get(status);
    if (given !== undefined) retention[status] = seconds(`retention.${status}`, given);
  }
  return retention;
}

function parseDst(value: LuaValue): DstPolicy {
  const table = tableOf('dst', value, ['gap', 'overlap'], '{ gap = "skip", overlap = "first" }');
  const gap = table.get('gap');
  const overlap = table.get('overlap');
  const policy: DstPolicy = {};
  if (gap !== undefined) policy.gap = oneOf<NonNullable<DstPolicy['gap']>>('dst.gap', gap, ['skip', 'before', 'after']);
  if (overlap !== undefined) policy.overlap = oneOf<NonNullable<DstPolicy['overlap']>>('dst.overlap', overlap, ['first', 'second', 'both']);
  return policy;
}

/** Seconds from a number or a text such as "30s"; not negative. */
function seconds(key: string, value: LuaValue): number {
  const found = secondsOf(value);
  if (found !== undefined) return found;
  throw new BadValue(`Job config key '${key}' expected seconds or a text such as "30s", "5m", "2h", "7d", got ${shown(value)}`);
}

/** Bytes from a number or a text such as "64MB"; at least one. */
function bytes(key: string, value: LuaValue): number {
  const given = typeof value === 'string' ? value : numberOf(value);
  try {
    const size = given === undefined ? 0 : parseSize(given);
    if (size > 0) return size;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
  throw new BadValue(`Job config key '${key}' expected bytes above zero or a text such as "500KB", "64MB", "1GB", got ${shown(value)}`);
}

function instant(key: string, value: LuaValue): number {
  const at = typeof value === 'string' ? parseInstant(value) : undefined;
  if (at !== undefined) return at;
  throw new BadValue(`Job config key '${key}' expected an ISO 8601 text such as "2026-01-31T08:00:00Z", got ${shown(value)}`);
}

function oneOf<T extends string>(key: string, value: LuaValue, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  const near = typeof value === 'string' ? didYouMean(value, allowed) : '';
  throw new BadValue(`Job config key '${key}' expected ${allowed.map((each) => `"${each}"`).join(' or ')}, got ${shown(value)}${near}`);
}

function tableOf(key: string, value: LuaValue, known: readonly string[], form: string): LuaTable {
  if (!(value instanceof LuaTable)) throw new BadValue(`Job config key '${key}' expected ${form}, got ${shown(value)}`);
  for (const inner of value.entries.keys()) {
    if (known.includes(String(inner))) continue;
    throw new BadValue(`Unknown key '${String(inner)}' in '${key}'${didYouMean(String(inner), known)}. Valid keys: ${known.join(', ')}`);
  }
  return value;
}
