/**
 * Parses the table of crap.jobs.define (jobs page 1.2, 11.1; Lua API 2.5, 10.3). Strict while a project is loaded, in both generations:
 * an unknown key, a wrong type, a bad schedule are all reported, together, the reference's texts in front. A definition that a running
 * script changes may pass over what the reference passes over (`overlook`).
 */
import { type HostError, messageOf, type Problem } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import { numberOf } from '../domain/json.js';
import { isTimeZone, parseSchedule, ScheduleError, timeZones } from '../domain/schedule.js';
import { slugProblem } from '../domain/slug.js';
import { didYouMean, suggest } from '../domain/suggest.js';
import { BindingError } from '../lua/errors.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import { overlooked } from './job-overlooked.js';
import { JOB_RULE_KEYS, JOB_RULES, ruleContradictions } from './job-rules.js';
import { BadValue, flagOf, functionRef, shown, textOf, wholeNumber } from './job-values.js';

export interface JobParseOptions {
  generation: 8 | 10;
  /** Of the `define` call: path relative to the project, 1-based line. */
  file?: string;
  line?: number;
  /** [jobs.queues]: under generation 10 a job without `retries` has those of its queue. */
  queues?: Readonly<Record<string, { retries?: number }>>;
  /** Told instead of an error what the reference silently passes over; the message names key, expected, found and what is taken. */
  overlook?(problem: Problem): void;
}

const KEYS = [
  'handler',
  'schedule',
  'timezone',
  'queue',
  'retries',
  'timeout',
  'concurrency',
  'skip_if_running',
  'priority',
  'labels',
  'access',
  'transaction',
  ...JOB_RULE_KEYS,
] as const;
type Key = (typeof KEYS)[number];

const U32 = 2 ** 32 - 1;
const I32 = 2 ** 31;

/** Throws BindingError: "Failed to parse job '<slug>': …" in the reference's text; every problem, with its reason, in `details.problems`. */
export function parseJob(slug: string, config: LuaTable, options: JobParseOptions): JobDefinition {
  const { generation, file, line, queues } = options;
  const faults = new Faults(slug, options);
  const read = <T>(key: Key, fallback: T, body: (value: LuaValue) => T): T => {
    const value = config.get(key);
    return value === undefined || value === null ? fallback : (faults.attempt(key, () => body(value), { value, fallback }) ?? fallback);
  };

  const slugFault = generation === 10 ? slugProblem(slug, generation) : undefined;
  if (slugFault !== undefined) faults.add('slug', slugFault, 'rename the job');
  const definition: JobDefinition = {
    slug,
    handler: faults.attempt('handler', () => parseHandler(slug, config.get('handler'))) ?? { ref: '' },
    schedule: read('schedule', undefined, (value) => parseScheduleKey(slug, value)),
    skipIfRunning: read('skip_if_running', true, (value) => flagOf('skip_if_running', value)),
    timezone: read('timezone', undefined, parseZone),
    queue: read('queue', 'default', (value) => textOf('queue', value)),
    retries: 0,
    timeout: read('timeout', 60, (value) => parseTimeout(slug, value)),
    concurrency: read('concurrency', 1, (value) => wholeNumber('concurrency', value, 0, U32)),
    priority: read('priority', 0, (value) => wholeNumber('priority', value, -I32, I32 - 1)),
    label: read('labels', undefined, parseLabel),
    access: read('access', undefined, parseAccess),
    transaction: read('transaction', generation === 8, parseTransaction),
    file,
    line,
  };
  const inherited = generation === 10 ? (queues?.[definition.queue]?.retries ?? 0) : 0;
  definition.retries = read('retries', inherited, (value) => wholeNumber('retries', value, 0, U32 - 1));
  for (const key of JOB_RULE_KEYS) Object.assign(definition, read(key, {}, JOB_RULES[key]));
  for (const { key, message, remedy } of ruleContradictions(definition)) faults.add(key, message, remedy);
  for (const key of config.entries.keys()) {
    if (typeof key === 'string' && (KEYS as readonly string[]).includes(key)) continue;
    const name = typeof key === 'string' ? key : `[${String(key)}]`;
    const near = suggest(name, KEYS);
    const message = `Unknown job config key '${name}'${didYouMean(name, KEYS)}. Valid keys: ${KEYS.join(', ')}`;
    const remedy = near === undefined ? 'remove the key' : `write ${near}`;
    if (options.overlook) faults.overlook(name, `${message}; the key is ignored`, remedy, 'JOB_UNKNOWN_KEY');
    else faults.add(name, message, remedy, 'JOB_UNKNOWN_KEY');
  }
  faults.finish();
  for (const key of Object.keys(definition) as (keyof JobDefinition)[]) if (definition[key] === undefined) delete definition[key];
  return definition;
}

function parseHandler(slug: string, value: LuaValue) {
  const handler = functionRef('handler', value);
  if (handler) return handler;
  throw new BadValue(
    `Job '${slug}' missing required 'handler' field`,
    `name the function as text, for example handler = "jobs.${slug}.run"`,
    value === undefined || value === null ? undefined : `expected a function reference, got ${shown(value)}`,
  );
}

function parseScheduleKey(slug: string, value: LuaValue): string {
  if (typeof value !== 'string')
    throw new BadValue(
      `Job config key 'schedule' expected a cron text, got ${shown(value)}`,
      'write it in quotes, for example "0 8 * * 1"',
    );
  try {
    return parseSchedule(value).text;
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    throw new BadValue(`Job '${slug}' has invalid cron expression '${value}'`, error.remedy, error.message);
  }
}

function parseZone(value: LuaValue): string {
  if (typeof value === 'string' && isTimeZone(value)) return value;
  const near = typeof value === 'string' ? didYouMean(value, timeZones()) : '';
  throw new BadValue(
    `Job config key 'timezone' expected the name of an IANA time zone, got ${shown(value)}${near}`,
    'write a name such as "Europe/Berlin"',
  );
}

function parseTimeout(slug: string, value: LuaValue): number {
  if (numberOf(value) === 0 || value === '0') {
    throw new BadValue(`Job '${slug}' has \`timeout = 0\`: it must be at least 1 second`, 'write how many seconds the handler may run');
  }
  return wholeNumber('timeout', value, 1, Number.MAX_SAFE_INTEGER, ' of seconds');
}

function parseLabel(value: LuaValue): string | undefined {
  if (!(value instanceof LuaTable)) throw new BadValue(`Job config key 'labels' expected a table { singular = "…" }, got ${shown(value)}`);
  for (const key of value.entries.keys()) {
    if (key === 'singular' || key === 'plural') continue;
    throw new BadValue(`Unknown key '${String(key)}' in 'labels'${didYouMean(String(key), ['singular', 'plural'])}`);
  }
  const singular = value.get('singular');
  if (singular === undefined || singular === null) return undefined;
  return textOf('labels.singular', singular);
}

function parseAccess(value: LuaValue) {
  const access = functionRef('access', value);
  if (access) return access;
  throw new BadValue(
    `Job config key 'access' expected a function reference, got ${shown(value)}`,
    'name the function as text, for example access = "access.jobs.is_admin"',
  );
}

function parseTransaction(value: LuaValue): boolean | 'immediate' {
  if (typeof value === 'boolean' || value === 'immediate') return value;
  throw new BadValue(`Job config key 'transaction' expected true, false or "immediate", got ${shown(value)}`);
}

/** Collects what is wrong with one definition. */
class Faults {
  readonly #slug: string;
  readonly #options: JobParseOptions;
  readonly #problems: Problem[] = [];
  /** The texts without reasons. */
  readonly #texts: string[] = [];

  constructor(slug: string, options: JobParseOptions) {
    this.#slug = slug;
    this.#options = options;
  }

  /** `given`: the value that `body` reads, and what the key is without it. */
  attempt<T>(key: string, body: () => T, given?: { value: LuaValue; fallback: unknown }): T | undefined {
    try {
      return body();
    } catch (error) {
      const { remedy } = error as BadValue | HostError;
      const taken = this.#options.overlook && given && overlooked(key, given.value, given.fallback);
      if (taken) {
        this.overlook(key, `${messageOf(error)}; ${taken.words}`, remedy, 'JOB_INVALID');
        return taken.value as T;
      }
      this.add(key, messageOf(error), remedy, 'JOB_INVALID', error instanceof BadValue ? error.reason : undefined);
      return undefined;
    }
  }

  add(field: string, message: string, remedy: string | undefined, code = 'JOB_INVALID', reason?: string): void {
    this.#texts.push(message);
    const whole = `Failed to parse job '${this.#slug}': ${message}${reason === undefined ? '' : `: ${reason}`}`;
    this.#problems.push(this.#problem('error', field, whole, remedy, code));
  }

  overlook(field: string, message: string, remedy: string | undefined, code: string): void {
    this.#options.overlook?.(this.#problem('warning', field, `Job '${this.#slug}': ${message}`, remedy, code));
  }

  #problem(severity: Problem['severity'], field: string, message: string, remedy: string | undefined, code: string): Problem {
    const { file, line } = this.#options;
    const named = remedy ?? `correct '${field}' in the definition of job '${this.#slug}'`;
    return { severity, code, message, file, line, field, remedy: named };
  }

  finish(): void {
    const [first] = this.#problems;
    if (!first) return;
    const message = `Failed to parse job '${this.#slug}': ${this.#texts.join('; ')}`;
    throw new BindingError(first.code, message, { remedy: first.remedy, details: { slug: this.#slug, problems: this.#problems } });
  }
}
