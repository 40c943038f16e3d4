/** Jobs written in TypeScript: `defineJob`, and the types that carry a job's data and result to the calls that queue it. */
import { HostError } from '../domain/errors.js';
import type { Backoff, DstPolicy, JobDefinition, MisfirePolicy } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { FinalStatus } from '../domain/run.js';
import { isTimeZone, parseSchedule } from '../domain/schedule.js';
import { slugProblem } from '../domain/slug.js';
import type { RetryDelay } from '../host/run-ends.js';
import type { DataCheck } from '../host/runners.js';
import type { HandlerContext, ScriptHandler } from '../worker/script-context.js';

/** What zod, valibot, arktype and others have in common (standardschema.dev): enough to check data and to know its type. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** What a caller gives. */
export type InputOf<S> = S extends StandardSchema<infer Input, unknown> ? Input : Json;
/** What the handler is given. */
export type OutputOf<S> = S extends StandardSchema<unknown, infer Output> ? Output : Json;

/** The keys of crap.jobs.define; durations are in milliseconds here. Defaults as in docs/jobs.md, those of generation 8. */
export interface JobOptions {
  /** Cron text: five fields, or six with seconds first. */
  schedule?: string;
  /** IANA zone of the schedule; default the project's. */
  timezone?: string;
  queue?: string;
  /** Further attempts after failures. Default 0. */
  retries?: number;
  /** Default 60,000. */
  timeoutMs?: number;
  /** Runs at a time, over all hosts. Default 1. */
  concurrency?: number;
  priority?: number;
  /** Default true. */
  skipIfRunning?: boolean;
  label?: string;
  /** true (default): one transaction from the first statement to the completion; "immediate": a writer from the start; false: each call its own. */
  transaction?: boolean | 'immediate';
  keyConcurrency?: number;
  rateLimit?: { limit: number; perMs: number };
  /**
   * Milliseconds after each failure, the last one for all further; or a curve; or a function of the attempt that failed (from 1) and its
   * error, called on the application's thread. Where that throws or gives no such number the default counts, and the log says why.
   */
  backoff?: readonly number[] | { baseMs?: number; factor?: number; maxMs?: number; jitter?: number } | RetryDelay;
  /** Milliseconds that ended runs are kept, by status. */
  retentionMs?: Partial<Record<FinalStatus, number>>;
  onLost?: 'retry' | 'stale';
  /** Slug of a job of the same host: when a run has failed for good or is stale, a run of it is queued in the same transaction; its data is a `FailedRun`. */
  onFailed?: string;
  misfire?: MisfirePolicy;
  misfireLimit?: number;
  dst?: DstPolicy;
  jitterMs?: number;
  from?: Date;
  until?: Date;
}

export interface InlineJobOptions<Slug extends string, Schema, Result> extends JobOptions {
  slug: Slug;
  /** Checks data when it is queued from TypeScript, and before each run; zod 4 schemas are such. */
  input?: Schema;
  /** Runs on the application's thread: after its deadline its context is refused, but a loop of its own cannot be ended. */
  handler: (context: HandlerContext<OutputOf<Schema>>) => Result | Promise<Result>;
}

export interface ModuleJobOptions<Slug extends string, Schema> extends JobOptions {
  slug: Slug;
  input?: Schema;
  /** A compiled module, `new URL("./jobs/x.js", import.meta.url)`: runs in a worker thread and is really stopped. */
  handler: URL;
  /** The name of its export. Default "default". */
  exportName?: string;
}

/** A job to be given to `createHost`, and to the calls that queue it. */
export interface Job<Slug extends string = string, Input = never, Result = unknown> {
  readonly slug: Slug;
  readonly definition: JobDefinition;
  readonly handler: ScriptHandler<Json> | undefined;
  readonly check: DataCheck | undefined;
  readonly retryDelay: RetryDelay | undefined;
  /** Types only. */
  readonly types?: { input: Input; result: Result };
}

/** What callers of a job give. */
export type DataOfJob<J> = J extends Job<string, infer Input, unknown> ? Input : Json;
/** What its handler returns. */
export type ResultOfJob<J> = J extends Job<string, never, infer Result> ? Result : unknown;

/** Any job; what `createHost` takes. */
// biome-ignore lint/suspicious/noExplicitAny: data and results of jobs that differ have no common type
export type AnyJob = Job<string, any, any>;

export function defineJob<const Slug extends string, Schema = undefined, Result = unknown>(
  options: InlineJobOptions<Slug, Schema, Result>,
): Job<Slug, InputOf<Schema>, Awaited<Result>>;
export function defineJob<const Slug extends string, Schema = undefined>(
  options: ModuleJobOptions<Slug, Schema>,
): Job<Slug, InputOf<Schema>>;
/** Throws JOB_INVALID with what was wrong. */
export function defineJob(options: InlineJobOptions<string, unknown, unknown> | ModuleJobOptions<string, unknown>): Job {
  const { slug, handler, input } = options;
  const check = input === undefined ? undefined : checkOf(slug, input as StandardSchema);
  const definition = definitionOf(options);
  const retryDelay = typeof options.backoff === 'function' ? options.backoff : undefined;
  if (handler instanceof URL) {
    const ref = (options as ModuleJobOptions<string, unknown>).exportName ?? 'default';
    return {
      slug,
      definition: { ...definition, handler: { ref }, kind: 'module', module: handler.href },
      handler: undefined,
      check,
      retryDelay,
    };
  }
  if (typeof handler !== 'function') throw invalid(slug, 'handler', 'a function or the URL of a module', handler);
  return {
    slug,
    definition: { ...definition, handler: { ref: 'inline' }, kind: 'inline' },
    handler: handler as ScriptHandler<Json>,
    check,
    retryDelay,
  };
}

/** Throws DATA_INVALID with every issue. */
function checkOf(slug: string, schema: StandardSchema): DataCheck {
  if (typeof schema?.['~standard']?.validate !== 'function') {
    throw invalid(slug, 'input', 'a schema of zod 4 or another library of standardschema.dev', schema);
  }
  const settle = (result: SchemaResult<unknown>): Json => {
    if (!result.issues) return result.value as Json;
    const issues = result.issues.map(({ message, path = [] }) => {
      const where = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
      return where === '' ? message : `${where}: ${message}`;
    });
    throw new HostError('DATA_INVALID', `data of job '${slug}' is invalid: ${issues.join('; ')}`, {
      remedy: 'give what the schema of the job asks for',
      details: { slug, issues },
    });
  };
  return (data) => {
    const result = schema['~standard'].validate(data);
    return result instanceof Promise ? result.then(settle) : settle(result);
  };
}

function definitionOf(options: JobOptions & { slug: string }): Omit<JobDefinition, 'handler'> {
  const { slug, schedule, timezone, timeoutMs = 60_000, rateLimit, retentionMs, jitterMs, from, until, backoff } = options;
  const problem = slugProblem(slug);
  if (problem !== undefined) throw new HostError('JOB_INVALID', problem, { details: { slug } });
  if (schedule !== undefined) parseSchedule(schedule);
  if (timezone !== undefined && !isTimeZone(timezone)) throw invalid(slug, 'timezone', 'the name of an IANA time zone', timezone);
  const whole = (key: string, value: number, least: number) => {
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw invalid(slug, key, `a whole number of at least ${least}`, value);
  };
  if (!(timeoutMs > 0)) throw invalid(slug, 'timeoutMs', 'milliseconds above zero', timeoutMs);
  return {
    slug,
    ...(schedule !== undefined && { schedule }),
    ...(timezone !== undefined && { timezone }),
    queue: options.queue ?? 'default',
    retries: whole('retries', options.retries ?? 0, 0),
    timeout: timeoutMs / 1000,
    concurrency: whole('concurrency', options.concurrency ?? 1, 0),
    skipIfRunning: options.skipIfRunning ?? true,
    priority: options.priority ?? 0,
    transaction: options.transaction ?? true,
    ...(options.label !== undefined && { label: options.label }),
    ...(options.keyConcurrency !== undefined && { keyConcurrency: whole('keyConcurrency', options.keyConcurrency, 1) }),
    ...(rateLimit && { rateLimit: { limit: whole('rateLimit.limit', rateLimit.limit, 1), per: rateLimit.perMs / 1000 } }),
    ...(backoff && typeof backoff !== 'function' && { backoff: backoffOf(backoff) }),
    ...(retentionMs && { retention: Object.fromEntries(Object.entries(retentionMs).map(([status, ms]) => [status, ms / 1000])) }),
    ...(options.onLost && { onLost: options.onLost }),
    ...(options.onFailed !== undefined && { onFailed: options.onFailed }),
    ...(options.misfire && { misfire: options.misfire }),
    ...(options.misfireLimit !== undefined && { misfireLimit: whole('misfireLimit', options.misfireLimit, 1) }),
    ...(options.dst && { dst: options.dst }),
    ...(jitterMs !== undefined && { jitter: jitterMs / 1000 }),
    ...(from && { from: from.getTime() }),
    ...(until && { until: until.getTime() }),
  };
}

function backoffOf(backoff: Exclude<NonNullable<JobOptions['backoff']>, RetryDelay>): Backoff {
  if (Array.isArray(backoff)) return { kind: 'list', seconds: backoff.map((ms: number) => ms / 1000) };
  const { baseMs = 5_000, factor = 2, maxMs = 300_000, jitter = 0 } = backoff as Exclude<typeof backoff, readonly number[]>;
  return { kind: 'curve', base: baseMs / 1000, factor, max: maxMs / 1000, jitter };
}

function invalid(slug: string, key: string, expected: string, found: unknown): HostError {
  return new HostError('JOB_INVALID', `job '${slug}': ${key} expected ${expected}, got ${String(found)}`, {
    remedy: `correct '${key}' in defineJob`,
    details: { slug, key },
  });
}
