/**
 * bg_jobs for Gleam over a host: queues, workers that answer ok or error, scheduled jobs, records, listeners. A scheduled job is a chain of
 * runs, each queued in the transaction that completes the one before, or behind its failure.
 */
import {
  type CreateHostOptions,
  createHost,
  defineJob,
  type EmbeddedHost,
  NotFoundError,
  type QueueLimitState,
  UsageError,
} from '../index.js';
import { type EventListener, tellEvents } from './bg-jobs-events.js';
import {
  dateOf,
  type FailedJob,
  type Job,
  type JobEnqueueRequest,
  type SucceededJob,
  toFailed,
  toJob,
  toSucceeded,
  type Worker,
} from './bg-jobs-records.js';
import { nextAfter, type Schedule, validate } from './bg-jobs-schedule.js';
import { setUp } from './set-up.js';
import { failedRun, slugFor } from './slug.js';

export * from './bg-jobs-events.js';
export * from './bg-jobs-records.js';
export * from './bg-jobs-schedule.js';

const NEXT = 'bg_jobs_next';
const CHAIN = 'schedule';

interface Shared {
  maxRetries?: number;
  eventListeners?: readonly EventListener[];
  /** Taken and not needed: `build` ends when the host has started, and is woken rather than polling. */
  initTimeout?: number;
  pollIntervalMs?: number;
}
/** Defaults: 3 retries at once, 10 jobs at a time. A worker of several queues is put where there is most room. */
export interface QueueSpec extends Shared {
  name: string;
  workers: readonly Worker[];
  maxConcurrentJobs?: number;
}
export interface ScheduledJobSpec extends Shared {
  worker: Worker;
  schedule: Schedule;
}
export interface BgJobsOptions {
  queues?: readonly QueueSpec[];
  scheduledJobs?: readonly ScheduledJobSpec[];
  eventListeners?: readonly EventListener[];
  host?: CreateHostOptions;
}

export interface BgJobs {
  readonly host: EmbeddedHost;
  /** NotFoundError NO_WORKER_FOR_JOB when no worker has that name. */
  enqueue(request: JobEnqueueRequest): Promise<Job>;
  getEnqueuedJobs(name?: string): Promise<Job[]>;
  getRunningJobs(): Promise<Job[]>;
  getRunningJobsByQueueName(queue: string): Promise<Job[]>;
  /** Newest first. */
  getSucceededJobs(limit: number): Promise<SucceededJob[]>;
  getFailedJobs(limit: number): Promise<FailedJob[]>;
  readonly monitor: { getByName(queue: string): Promise<QueueLimitState | undefined>; getByPid(host: string): Promise<Job[]> };
}

/** Starts everything. UsageError SCHEDULE_INVALID for a schedule that cannot be; whatever goes wrong is told as SetupErrorEvent first. */
export async function build(options: BgJobsOptions): Promise<BgJobs> {
  const { queues = [], scheduledJobs = [], eventListeners = [] } = options;
  try {
    for (const { worker, schedule } of scheduledJobs) {
      const problems = validate(schedule);
      if (problems.length > 0) throw new UsageError('SCHEDULE_INVALID', `schedule of '${worker.job_name}': ${problems.join('; ')}`);
    }
    const { host: hostOptions = {} } = options;
    const limits = Object.fromEntries(queues.map(({ name, maxConcurrentJobs = 10 }) => [name, maxConcurrentJobs]));
    const made = await createHost({ ...hostOptions, queueLimits: { ...limits, ...hostOptions.queueLimits } });
    const host = made as unknown as EmbeddedHost;
    const now = () => hostOptions.clock?.now() ?? Date.now();
    return await setUp(host, () => start(host, queues, scheduledJobs, eventListeners, now));
  } catch (error) {
    for (const listener of eventListeners) listener({ type: 'SetupErrorEvent', error });
    throw error;
  }
}

async function start(
  host: EmbeddedHost,
  queues: readonly QueueSpec[],
  scheduled: readonly ScheduledJobSpec[],
  listeners: readonly EventListener[],
  now: () => number,
): Promise<BgJobs> {
  const tell: EventListener = (event) => {
    for (const listener of listeners) listener(event);
  };
  tell({ type: 'MigrateUpComplete' });
  const names = new Map<string, string>();
  const run = async (worker: Worker, id: string) => {
    const result = await worker.handler(toJob(await host.jobs.run(id), worker.job_name, host.id));
    if (!result.ok) throw new Error(result.error);
  };
  const workers = new Map(queues.flatMap((queue) => queue.workers.map((worker) => [worker.job_name, worker] as const)));
  for (const [name, worker] of workers) {
    const of = queues.filter((queue) => queue.workers.some((each) => each.job_name === name));
    const slug = slugFor(name);
    names.set(slug, name);
    host.define(
      defineJob({
        slug,
        queue: of[0]!.name,
        retries: Math.max(...of.map(({ maxRetries = 3 }) => maxRetries)),
        backoff: [0],
        concurrency: of.reduce((sum, { maxConcurrentJobs = 10 }) => sum + maxConcurrentJobs, 0),
        handler: (context) => run(worker, context.run.id),
      }),
    );
  }
  for (const { worker, schedule, maxRetries = 3 } of scheduled) {
    const slug = slugFor('scheduled', worker.job_name);
    names.set(slug, worker.job_name);
    host.define(
      defineJob({
        slug,
        queue: slug,
        retries: maxRetries,
        backoff: [0],
        onFailed: NEXT,
        handler: async (context) => {
          await run(worker, context.run.id);
          await context.enqueue(slug, '', { runAt: new Date(nextAfter(schedule, now())!), unique: { key: CHAIN, replace: true } });
        },
      }),
    );
  }
  const schedules = new Map(scheduled.map(({ worker, schedule }) => [slugFor('scheduled', worker.job_name), schedule]));
  host.define(
    defineJob({
      slug: NEXT,
      retries: 10,
      concurrency: 100,
      retentionMs: { completed: 60_000 },
      handler: async ({ data, enqueue }) => {
        const { slug } = failedRun<string>(data);
        const next = schedules.has(slug) ? nextAfter(schedules.get(slug)!, now()) : undefined;
        if (next !== undefined) await enqueue(slug, '', { runAt: new Date(next), unique: CHAIN });
      },
    }),
  );
  const all = [...queues.map(({ name }) => name), ...schedules.keys()];
  for (const listener of listeners) tellEvents(host, all, (slug) => names.get(slug), listener);
  for (const { name, eventListeners = [] } of queues) {
    for (const listener of eventListeners) tellEvents(host, [name], (slug) => names.get(slug), only(name, listener));
  }
  for (const { worker, eventListeners = [] } of scheduled) {
    const slug = slugFor('scheduled', worker.job_name);
    for (const listener of eventListeners) tellEvents(host, [slug], (each) => names.get(each), only(slug, listener));
  }
  await host.start();
  for (const [slug, schedule] of schedules) await beginChain(host, slug, schedule, now());
  const runs = async (query: Parameters<EmbeddedHost['jobs']['runs']>[0]) => await host.jobs.runs({ ...query, slugs: [...names.keys()] });
  const jobs = async (query: Parameters<EmbeddedHost['jobs']['runs']>[0]) => {
    const found = await runs({ limit: -1, ...query });
    return await Promise.all(found.map(async (each) => toJob(each, names.get(each.slug)!, await holderOf(host, each.id))));
  };
  return {
    host,
    async enqueue(request) {
      const { name, payload, availability } = request;
      const slug = slugFor(name);
      if (!workers.has(name)) {
        tell({ type: 'NoWorkerForJobEvent', request });
        throw new NotFoundError('NO_WORKER_FOR_JOB', `no worker has the name '${name}'`, {
          remedy: `give a queue such a worker; there are: ${[...workers.keys()].join(', ')}`,
          details: { name },
        });
      }
      const of = queues.filter((queue) => queue.workers.some((each) => each.job_name === name));
      const { id } = await host.enqueue(slug, payload, {
        queue: of.length > 1 ? await roomiest(host, of) : of[0]!.name,
        ...(availability.type === 'AvailableAt' && { runAt: dateOf(availability.at) }),
        ...(availability.type === 'AvailableIn' && { delayMs: availability.ms }),
      });
      tell({ type: 'JobEnqueuedEvent', job: { id, name, payload } });
      return toJob(await host.jobs.run(id), name, null);
    },
    getEnqueuedJobs: async (name) => (await jobs({ status: 'pending' })).filter((job) => name === undefined || job.name === name),
    getRunningJobs: () => jobs({ status: 'running' }),
    getRunningJobsByQueueName: (queue) => jobs({ status: 'running', queue }),
    getSucceededJobs: async (limit) =>
      (await runs({ status: 'completed', limit: Math.max(limit, 0) })).map((each) => toSucceeded(each, names.get(each.slug)!)),
    getFailedJobs: async (limit) =>
      (await runs({ status: 'failed', limit: Math.max(limit, 0) })).map((each) => toFailed(each, names.get(each.slug)!)),
    monitor: {
      getByName: async (queue) => (await host.queueLimits()).find((state) => state.queue === queue),
      getByPid: async (id) => (await jobs({ status: 'running' })).filter(({ reserved_by }) => reserved_by === id),
    },
  };
}

/** One run of a schedule is ahead; where it is later than the schedule now says, or elsewhere, it is replaced. */
async function beginChain(host: EmbeddedHost, slug: string, schedule: Schedule, now: number): Promise<void> {
  const next = nextAfter(schedule, now)!;
  const [ahead] = await host.jobs.runs({ slug, status: 'pending', limit: 1 });
  const due = ahead?.due_at ? Date.parse(ahead.due_at) : undefined;
  const replace = due !== undefined && (due > next || (schedule.kind === 'schedule' && due > now && due !== next));
  await host.enqueue(slug, '', { runAt: new Date(next), unique: replace ? { key: CHAIN, replace } : CHAIN });
}

async function roomiest(host: EmbeddedHost, queues: readonly QueueSpec[]): Promise<string> {
  const states = (await host.queueLimits()).filter(({ queue }) => queues.some(({ name }) => name === queue));
  const waiting = await Promise.all(queues.map(({ name }) => host.jobs.count({ queue: name, status: 'pending' })));
  const room = ({ name }: QueueSpec, i: number) => (states.find(({ queue }) => queue === name)?.available ?? 0) - waiting[i]!;
  return queues[queues.reduce((best, queue, i) => (room(queue, i) > room(queues[best]!, best) ? i : best), 0)]!.name;
}

async function holderOf(host: EmbeddedHost, id: string): Promise<string | null> {
  return (await host.jobs.attempts(id)).at(-1)?.host ?? null;
}

function only(queue: string, listener: EventListener): EventListener {
  return (event) => {
    if (!('queue_name' in event) || event.queue_name === queue) listener(event);
  };
}
