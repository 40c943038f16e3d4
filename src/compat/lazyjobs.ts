/**
 * Go's lazyjobs over a host: jobs that are classes with `Kind` and `Work`, whose own fields are their payload. A schedule is a chain of ticks
 * of one internal job; each queues its job, unless one of the schedule is active, and the tick after it.
 */
import { type CreateHostOptions, createHost, defineJob, type EmbeddedHost, type HandlerContext, HostError, type Json } from '../index.js';
import {
  type Definition,
  definitionOf,
  type Job,
  optionsOf,
  type Record,
  type ScheduleDefinition,
  type Snapshot,
  snapshotOf,
  toRecord,
} from './lazyjobs-records.js';
import { setUp } from './set-up.js';
import { slugFor } from './slug.js';

export * from './lazyjobs-records.js';

export interface Backend {
  /** Undefined: a file that goes with the runner. */
  database: string | undefined;
}
/** Everything is gone when the runner stops. */
export const inmemoryjobs = { New: (): Backend => ({ database: undefined }) };

export interface Config {
  /** Default in memory. */
  Backend?: Backend;
  /** Registers and schedules. */
  Define?: (runner: JobRunner) => void;
  /** Runs at a time. Default 1. */
  Workers?: number;
  /** Claim from these only. */
  Queues?: readonly string[];
  /** Runs of a queue at a time, over all runners. */
  QueueLimits?: Readonly<globalThis.Record<string, number>>;
  /** Taken and not needed: the runner is woken. */
  PollInterval?: number;
  host?: CreateHostOptions;
}

export type Option = { queue: string } | { runAt: Date } | { runInMs: number } | { firstRunAt: Date };
export const Queue = (queue: string): Option => ({ queue });
export const RunAt = (runAt: Date): Option => ({ runAt });
/** Milliseconds. */
export const RunIn = (runInMs: number): Option => ({ runInMs });
export const FirstRunAt = (firstRunAt: Date): Option => ({ firstRunAt });

export interface Schedule {
  key: string;
  /** Milliseconds. */
  interval: number;
  job: Job;
  options: readonly Option[];
}
export const Every = (key: string, interval: number, job: Job, ...options: Option[]): Schedule => ({ key, interval, job, options });

/** What `Work` is given. */
export type Context = HandlerContext;

const TICK = 'lazy_job_schedules';
const RUNNER = Symbol('runner');

/** The runner that executes this; what it enqueues belongs to the transaction of the run. */
export function RunnerFromContext(ctx: Context): JobRunner | undefined {
  return (ctx as { [RUNNER]?: JobRunner })[RUNNER];
}
/** A context that carries the runner. */
export function WithRunner<C extends object>(ctx: C, runner: JobRunner): C {
  return Object.assign(Object.create(ctx) as C, { [RUNNER]: runner });
}

/** Not started: `await runner.Start()`. */
export async function New(config: Config = {}): Promise<JobRunner> {
  const host = (await createHost({
    concurrency: config.Workers ?? 1,
    ...(config.Queues && { queues: [...config.Queues, TICK] }),
    ...(config.QueueLimits && { queueLimits: config.QueueLimits }),
    ...(config.Backend?.database !== undefined && { database: config.Backend.database }),
    ...config.host,
  })) as unknown as EmbeddedHost;
  return await setUp(host, () => {
    const runner = new JobRunner({ host, jobs: new Map(), schedules: new Map(), now: () => config.host?.clock?.now() ?? Date.now() });
    defineTicks(runner);
    config.Define?.(runner);
    return runner;
  });
}

interface Parts {
  host: EmbeddedHost;
  /** By slug. */
  jobs: Map<string, Definition>;
  schedules: Map<string, Schedule>;
  now(): number;
}

export class JobRunner {
  readonly parts: Parts;
  readonly #context: Context | undefined;

  /** Made by New; with the context of a run it enqueues in its transaction. */
  constructor(parts: Parts, context?: Context) {
    this.parts = parts;
    this.#context = context;
  }

  /** Undefined, or what was wrong, as Go returns it. */
  Register(prototype: Job): Error | undefined {
    try {
      this.MustRegister(prototype);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /** HostError JOB_INVALID, DUPLICATE_SLUG. */
  MustRegister(prototype: Job): void {
    const { host, jobs } = this.parts;
    const definition = definitionOf(prototype);
    const slug = slugFor(definition.kind);
    host.define(
      defineJob({
        slug,
        queue: definition.queue,
        retries: definition.max_attempts - 1,
        concurrency: 1_000,
        backoff: prototype.JobRetryDelay
          ? (attempt, error) => prototype.JobRetryDelay!(attempt, error)
          : { baseMs: 1_000, factor: 2, maxMs: 60_000 },
        handler: async (context) => {
          const job = Object.assign(Object.create(Object.getPrototypeOf(prototype)) as Job, context.data as object);
          const error = await job.Work(WithRunner(context, new JobRunner(this.parts, context)));
          if (error instanceof Error) throw error;
        },
      }),
    );
    jobs.set(slug, definition);
  }

  /** Before Start. HostError LAZYJOBS_SCHEDULE for an interval below a millisecond or a key that is taken. */
  MustSchedule(schedule: Schedule): void {
    const { key, interval, job } = schedule;
    const { schedules, jobs } = this.parts;
    if (!(interval >= 1) || schedules.has(key) || !jobs.has(slugFor(job.Kind()))) {
      throw new HostError('LAZYJOBS_SCHEDULE', `schedule '${key}': expected an own key, milliseconds above zero and a registered kind`, {
        remedy: 'register the job first, and give each schedule its key',
        details: { key, interval, kind: job.Kind() },
      });
    }
    schedules.set(key, schedule);
  }

  Schedule(schedule: Schedule): Error | undefined {
    try {
      this.MustSchedule(schedule);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  Enqueue(job: Job): Promise<Record> {
    return this.EnqueueWith(job);
  }
  EnqueueAt(job: Job, runAt: Date): Promise<Record> {
    return this.EnqueueWith(job, RunAt(runAt));
  }
  /** Milliseconds. */
  EnqueueIn(job: Job, delay: number): Promise<Record> {
    return this.EnqueueWith(job, RunIn(delay));
  }
  /** NotFoundError JOB_NOT_DEFINED for a kind that is not registered. */
  async EnqueueWith(job: Job, ...options: Option[]): Promise<Record> {
    const { host, jobs, now } = this.parts;
    const slug = slugFor(job.Kind());
    const data = { ...job } as unknown as Json;
    const given = optionsOf(options);
    if (!this.#context) return toRecord(await host.jobs.run((await host.enqueue(slug, data, given)).id), jobs.get(slug));
    const id = await this.#context.enqueue(slug, data, given);
    // Not visible before the run completes: the record says what was asked for.
    const at = new Date(given.runAt?.getTime() ?? now() + (given.delayMs ?? 0)).toISOString();
    const made = new Date(now()).toISOString();
    const view = { id, slug, status: 'pending', queue: given.queue ?? jobs.get(slug)?.queue ?? 'default', attempt: 0 } as const;
    return toRecord(
      {
        ...view,
        max_attempts: jobs.get(slug)?.max_attempts ?? 1,
        data,
        error: null,
        created_at: made,
        due_at: at,
        started_at: null,
        completed_at: null,
      },
      jobs.get(slug),
    );
  }

  /** Begins every schedule whose chain is not there yet. */
  async Start(): Promise<void> {
    const { host, schedules, now } = this.parts;
    await host.start();
    for (const { key, interval, options } of schedules.values()) {
      const first = options.find((option) => 'firstRunAt' in option)?.firstRunAt ?? new Date(now() + interval);
      await host.enqueue(TICK, { key, at: first.getTime() }, { runAt: first, unique: `tick ${key}` });
    }
  }
  /** Waits so many milliseconds for running jobs. */
  Stop(grace?: number): Promise<void> {
    return this.parts.host.stop(grace === undefined ? {} : { grace });
  }
  Running(): boolean {
    return this.parts.host.running;
  }
  Definitions(): Definition[] {
    return [...this.parts.jobs.values()];
  }
  async ScheduleDefinitions(): Promise<ScheduleDefinition[]> {
    return (await this.Snapshot()).schedules;
  }
  async QueueLimitStates() {
    return (await this.Snapshot()).queue_limits;
  }
  Snapshot(): Promise<Snapshot> {
    return snapshotOf(this.parts.host, this.parts.jobs, [...this.parts.schedules.values()], TICK);
  }
}

function defineTicks({ parts }: JobRunner): void {
  const { host, schedules, now } = parts;
  host.define(
    defineJob({
      slug: TICK,
      queue: TICK,
      retries: 1_000,
      backoff: { baseMs: 1_000, maxMs: 60_000 },
      concurrency: 100,
      retentionMs: { completed: 3_600_000 },
      handler: async ({ data, enqueue }) => {
        const { key, at } = data as { key: string; at: number };
        const schedule = schedules.get(key);
        // Taken out of the program: the chain ends.
        if (!schedule) return;
        const { job, interval, options } = schedule;
        const { runAt: _, delayMs: __, ...rest } = optionsOf(options);
        await enqueue(slugFor(job.Kind()), { ...job } as unknown as Json, { ...rest, unique: `schedule ${key}` });
        // Never a burst: instants that have passed are left out.
        const next = at + Math.max(1, Math.floor((now() - at) / interval) + 1) * interval;
        await enqueue(TICK, { key, at: next }, { runAt: new Date(next), unique: { key: `tick ${key}`, replace: true } });
      },
    }),
  );
}
