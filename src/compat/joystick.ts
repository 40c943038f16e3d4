/**
 * Joystick's queues over a host: `defineQueue`, `queues.<name>.add`, the job handle. Each job of a queue is a job of the host; a handle's last
 * word is acted upon when `run` returns. Every option may be written in camelCase or snake_case.
 */
import { type CreateHostOptions, createHost, defineJob, type EmbeddedHost, type HandlerContext, type Json, UsageError } from '../index.js';
import { type Either, type JobHandle, type NormalQueue, normalQueue, type QueueDefinition } from './joystick-options.js';
import { setUp } from './set-up.js';
import { failedRun, KEPT, slugFor } from './slug.js';

export type { JobDefinition, JobHandle, QueueDefinition } from './joystick-options.js';

export type Status = 'pending' | 'running' | 'completed' | 'failed' | 'incomplete';

export interface QueuedJob {
  _id: string;
  job: string;
  status: Status;
  attempts: number;
  payload: Json;
  next_run_at: string | null;
  error: string | null;
}

export type AddOptions<Name extends string> = { job: Name; payload?: Json } & Either<'next_run_at', 'nextRunAt', 'now' | (string & {})>;

export interface Queue<Name extends string = string> {
  /** Ends with the id, or undefined where on_before_add said no. UsageError INVALID_OPTION. */
  add(options: AddOptions<Name>): Promise<string | undefined>;
  /** Newest first. `incomplete`: lost with its host and not retried, or cancelled. */
  list(status?: Status): Promise<QueuedJob[]>;
  /** Claims its jobs (again), on every host. */
  run(): Promise<void>;
  /** Claims no more of its jobs, on every host and over restarts, until `run`. */
  stop(): Promise<void>;
}

export interface Queues<Definitions extends Record<string, QueueDefinition>> {
  readonly host: EmbeddedHost;
  readonly queues: { readonly [Name in keyof Definitions]: Queue<JobNames<Definitions[Name]>> };
}
type JobNames<Definition> = Definition extends { external: true }
  ? string
  : Definition extends { jobs: infer Jobs }
    ? keyof Jobs & string
    : never;

/** Gives the definition its type. */
export const defineQueue = <const Definition extends QueueDefinition>(definition: Definition): Definition => definition;

const DELETED = 'joystick:deleted';

/** Starts claiming, unless HALT_QUEUES is set: then jobs can be added only. An application that wants `process.queues` assigns it itself. */
export async function createQueues<const Definitions extends Record<string, QueueDefinition>>(
  definitions: Definitions,
  hostOptions: CreateHostOptions = {},
): Promise<Queues<Definitions>> {
  const normal = Object.entries(definitions).map(([name, definition]) => normalQueue(name, definition));
  const own = normal.filter(({ external }) => !external);
  const host = (await createHost({
    ...hostOptions,
    queueLimits: { ...Object.fromEntries(own.map(({ name, concurrentJobs }) => [name, concurrentJobs])), ...hostOptions.queueLimits },
  })) as unknown as EmbeddedHost;
  return await setUp(host, async () => {
    const queues = Object.fromEntries(
      normal.map((queue) => [queue.name, openQueue(host, queue, () => hostOptions.clock?.now() ?? Date.now())]),
    );
    host.on('attempt:finished', ({ run, next }) => {
      if (next === 'completed' && own.some(({ name }) => name === run.queue)) void removeIfDeleted(host, run.id);
    });
    const env = hostOptions.env ?? process.env;
    for (const { name, runOnStartup } of own) if (!runOnStartup) await host.jobs.pause({ kind: 'queue', name }, 'run_on_startup: false');
    if (!isSet(env.HALT_QUEUES)) await host.start();
    return { host, queues: queues as Queues<Definitions>['queues'] };
  });
}

function openQueue(host: EmbeddedHost, queue: NormalQueue, now: () => number): Queue {
  const names = new Map<string, string>();
  for (const [name, job] of Object.entries(queue.jobs)) {
    names.set(slugFor(queue.name, name), name);
    define(host, queue, name, job, now);
  }
  const handle: Queue = {
    async add({ job: name, payload = {}, ...rest }) {
      const slug = slugFor(queue.name, name);
      const job = queue.jobs[name];
      if (!job && queue.external && !names.has(slug)) {
        // Another application owns the jobs; here they can only be queued.
        host.define(defineJob({ slug, queue: queue.name, handler: () => {} }));
        names.set(slug, name);
      } else if (!job && !queue.external) {
        throw new UsageError('INVALID_OPTION', `queue '${queue.name}' has no job '${name}'`, {
          remedy: `its jobs are ${Object.keys(queue.jobs).join(', ')}`,
        });
      }
      const at = rest.next_run_at ?? rest.nextRunAt ?? 'now';
      const runAt = at === 'now' ? undefined : instant(at);
      const given = { job: name, payload, next_run_at: (runAt ?? new Date(now())).toISOString() };
      if (job?.onBeforeAdd && !(await job.onBeforeAdd(given, host, handle))) return undefined;
      return (await host.enqueue(slug, payload, runAt && { runAt })).id;
    },
    async list(status) {
      const one = status !== undefined && status !== 'incomplete' && { status };
      const runs = await host.jobs.runs({ queue: queue.name, limit: -1, ...one });
      return runs
        .filter(({ slug, result }) => names.has(slug) && result !== DELETED)
        .map((run) => ({
          _id: run.id,
          job: names.get(run.slug)!,
          status: run.status === 'stale' || run.status === 'cancelled' ? ('incomplete' as const) : run.status,
          attempts: run.attempt,
          payload: run.data,
          next_run_at: run.due_at,
          error: run.error,
        }))
        .filter((each) => status === undefined || each.status === status);
    },
    run: async () => void (await host.jobs.resume({ kind: 'queue', name: queue.name })),
    stop: async () => void (await host.jobs.pause({ kind: 'queue', name: queue.name }, 'stopped by the application')),
  };
  return handle;
}

function define(host: EmbeddedHost, queue: NormalQueue, name: string, job: NormalQueue['jobs'][string], now: () => number): void {
  const { completedAfterMs = KEPT, failedAfterMs = KEPT } = queue.cleanup;
  const slug = slugFor(queue.name, name);
  const exhausted = slugFor(queue.name, name, 'exhausted');
  host.define(
    defineJob({
      slug,
      queue: queue.name,
      concurrency: queue.concurrentJobs,
      retries: job.maxAttempts - 1,
      backoff: [job.requeueDelayMs],
      onLost: queue.retryRunningBeforeRestart ? 'retry' : 'stale',
      retentionMs: { completed: completedAfterMs, failed: failedAfterMs, stale: failedAfterMs, cancelled: failedAfterMs },
      ...(job.onMaxAttemptsExhausted && { onFailed: exhausted }),
      handler: (context) => perform(context, queue.name, job, now),
    }),
  );
  if (!job.onMaxAttemptsExhausted) return;
  host.define(
    defineJob({
      slug: exhausted,
      queue: queue.name,
      retries: 5,
      retentionMs: { completed: 60_000 },
      handler: async ({ data }) => {
        const { run, attempt, error, data: payload } = failedRun<Json>(data);
        await job.onMaxAttemptsExhausted!({ _id: run, job: name, payload, attempts: attempt, error });
      },
    }),
  );
}

/** What the handle is told last holds; nothing told and no error is completed. */
async function perform(context: HandlerContext, queue: string, job: NormalQueue['jobs'][string], now: () => number): Promise<Json> {
  const { data: payload, run } = context;
  const word: { end: 'completed' | 'deleted' | 'failed' | 'requeue'; error?: unknown; at?: Date } = { end: 'completed' };
  const say = async (said: typeof word) => void Object.assign(word, said);
  const handle: JobHandle = {
    _id: run.id,
    attempts: run.attempt,
    queue,
    context,
    completed: () => say({ end: 'completed' }),
    failed: (error) => say({ end: 'failed', error }),
    delete: () => say({ end: 'deleted' }),
    requeue: async (at = 'now') => say({ end: 'requeue', at: at === 'now' ? new Date(now()) : instant(at) }),
  };
  if (job.okayToRun && !(await job.okayToRun(payload, handle))) context.retryLater(job.requeueDelayMs, 'okay_to_run said no');
  await job.run(payload, handle);
  if (word.end === 'failed') throw word.error instanceof Error ? word.error : new Error(String(word.error));
  if (word.end === 'requeue') context.retryLater(Math.max(word.at!.getTime() - now(), 0), 'requeued by its handler');
  return word.end === 'deleted' ? DELETED : null;
}

async function removeIfDeleted(host: EmbeddedHost, id: string): Promise<void> {
  // It may have been purged meanwhile, or the host is stopping; `list` leaves it out in any case.
  const run = await host.jobs.run(id).catch(() => undefined);
  if (run?.result === DELETED) await host.jobs.remove(id).catch(() => {});
}

function instant(iso: string): Date {
  const at = new Date(iso);
  if (!Number.isNaN(at.getTime())) return at;
  throw new UsageError('INVALID_OPTION', `next_run_at: expected "now" or an ISO-8601 date, got '${iso}'`);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value.toLowerCase());
}
