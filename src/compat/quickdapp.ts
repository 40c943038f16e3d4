/**
 * QuickDapp's worker jobs over a host: `scheduleJob`, `scheduleCronJob`, and rows as its `worker_jobs` has them. What a row of it says beyond
 * a run stands in the run's data; the next run of a cron, or after a failure, is queued by a job of its own behind the end of the one before.
 */
import { cpus } from 'node:os';
import { type CreateHostOptions, createHost, defineJob, type EmbeddedHost, type HandlerContext, type Json, UsageError } from '../index.js';
import { type Row, toRow, toWorkerJob, type WorkerJob, type WorkerJobConfig } from './quickdapp-row.js';
import { setUp } from './set-up.js';
import { failedRun, KEPT, retention, slugFor } from './slug.js';

export type { WorkerJob, WorkerJobConfig } from './quickdapp-row.js';

export interface JobParams<App> {
  serverApp: App;
  /** The same, by its name in older versions. */
  app: App;
  log: HandlerContext['log'];
  job: WorkerJob;
  /** What QuickDapp has not: the transaction of the run, its signal. */
  context: HandlerContext;
}
export type JobRunner<App = unknown> = (params: JobParams<App>) => Promise<unknown>;
export interface Job<App = unknown> {
  run: JobRunner<App>;
}

export interface WorkerOptions<App, Type extends string> {
  /** Asked when a job runs, so that the application may hold the worker. */
  app: () => App;
  jobs: Readonly<Record<Type, Job<App>>>;
  /** How long a job may run. Default an hour, after which QuickDapp takes it for dead. */
  timeoutMs?: number;
  /** Default: WORKER_COUNT (a number or "cpus") runs at a time, WORKER_LOG_LEVEL. */
  host?: CreateHostOptions;
}

/** An application that holds its worker, as the free functions take it. */
export interface AppWithWorker<Type extends string = string> {
  worker: Worker<Type>;
}

const NEXT = 'quickdapp_next';
const HOURLY = 'remove_old_worker_jobs';

export class Worker<const Type extends string = string> {
  readonly host: EmbeddedHost;
  readonly #types: ReadonlyMap<string, Type>;
  readonly #now: () => number;

  /** Made by createWorker. `types`: by slug; `now`: epoch ms. */
  constructor(host: EmbeddedHost, types: ReadonlyMap<string, Type>, now: () => number) {
    this.host = host;
    this.#types = types;
    this.#now = now;
  }

  /** Pending rows with the same tag, or without one of the same type and user, are cancelled in the same transaction. */
  async scheduleJob<T extends object>(job: WorkerJobConfig<T, Type>): Promise<WorkerJob> {
    return await this.#schedule(job, null);
  }

  /** Due at the next instant of the cron text (five or six fields, server time zone), and again after each end. */
  async scheduleCronJob<T extends object>(job: WorkerJobConfig<T, Type>, cronSchedule: string): Promise<WorkerJob> {
    return await this.#schedule({ ...job, due: nextDate(this.host, cronSchedule) }, cronSchedule);
  }

  async getJobById(id: string): Promise<WorkerJob> {
    return this.#row(await this.host.jobs.run(id));
  }

  async getTotalPendingJobs(): Promise<number> {
    return await this.host.jobs.count({ slugs: [...this.#types.keys()], status: 'pending' });
  }

  /** The one due first. */
  async getNextPendingJob(): Promise<WorkerJob | undefined> {
    return (await this.#pending()).sort((a, b) => a.due.getTime() - b.due.getTime())[0];
  }

  /** By its name there. */
  async gerInProgressOrPendingJobOfTypeForUser(type: Type, userId: number): Promise<WorkerJob | undefined> {
    for (const status of ['pending', 'running']) {
      const runs = await this.host.jobs.runs({ slug: slugFor(type), status, limit: -1 });
      const found = runs.map((run) => this.#row(run)).find((row) => row.userId === userId);
      if (found) return found;
    }
    return undefined;
  }

  /** Removes ended rows past their removeAt; hourly by itself. Ends with their number. */
  async removeOldJobs({ exclude = [] }: { exclude?: readonly Type[] } = {}): Promise<number> {
    const now = this.#now();
    let removed = 0;
    for (const [slug, type] of this.#types) {
      if (exclude.includes(type)) continue;
      const rows = (await this.host.jobs.runs({ slug, limit: -1 })).map((run) => this.#row(run));
      for (const { id } of rows.filter(({ removeAt }) => removeAt !== null && removeAt.getTime() <= now)) {
        await this.host.jobs.remove(id);
        removed++;
      }
    }
    return removed;
  }

  /** WorkerManager's names. */
  submitJob<T extends object>(job: WorkerJobConfig<T, Type>): Promise<WorkerJob> {
    return this.scheduleJob(job);
  }
  /** Workers there are processes; here: 1 while the host claims. */
  getWorkerCount(): number {
    return this.host.running ? 1 : 0;
  }
  /** Waits five seconds for running jobs, then gives them back. */
  shutdown(): Promise<void> {
    return this.host.stop({ grace: 5_000 });
  }

  async #schedule(job: WorkerJobConfig<object, Type>, cronSchedule: string | null): Promise<WorkerJob> {
    const { type, due, ...row } = toRow(job, cronSchedule);
    const key = keyOf(row);
    const unique = { key, replace: true };
    const slug = slugFor(type);
    if (row.tag !== null) {
      // A tag means its rows of other types too.
      const slugs = [...this.#types.keys()].filter((each) => each !== slug);
      const twins = await this.host.jobs.runs({ slugs, status: 'pending', uniqueKey: key, limit: -1 });
      for (const { id } of twins) await this.host.jobs.cancel(id).catch(() => {});
    }
    const { id } = await this.host.enqueue(slug, row as unknown as Json, { unique, ...(due && { runAt: due }) });
    return await this.getJobById(id);
  }

  async #pending(): Promise<WorkerJob[]> {
    const runs = await this.host.jobs.runs({ slugs: [...this.#types.keys()], status: 'pending', limit: -1 });
    return runs.map((run) => this.#row(run));
  }

  #row(run: Parameters<typeof toWorkerJob>[0]): WorkerJob {
    return toWorkerJob(run, this.#types.get(run.slug) ?? run.slug);
  }
}

/** A worker that is not started: `await worker.host.start()`. */
export async function createWorker<App, const Type extends string>(options: WorkerOptions<App, Type>): Promise<Worker<Type>> {
  const env = options.host?.env ?? process.env;
  const count = env.WORKER_COUNT === 'cpus' ? cpus().length : Number(env.WORKER_COUNT ?? Number.NaN);
  const host = (await createHost<readonly []>({
    ...(count > 0 && { concurrency: count }),
    ...(env.WORKER_LOG_LEVEL !== undefined && { log: env.WORKER_LOG_LEVEL as 'info' }),
    ...(options.host as CreateHostOptions<readonly []>),
  })) as unknown as EmbeddedHost;
  const now = () => options.host?.clock?.now() ?? Date.now();
  const types = new Map((Object.keys(options.jobs) as Type[]).map((type) => [slugFor(type), type]));
  const worker = new Worker<Type>(host, types, now);
  await setUp(host, () => defineJobs(host, worker, types, options, now));
  return worker;
}

function defineJobs<App, Type extends string>(
  host: EmbeddedHost,
  worker: Worker<Type>,
  types: ReadonlyMap<string, Type>,
  { app, jobs, timeoutMs = 3_600_000 }: WorkerOptions<App, Type>,
  now: () => number,
): void {
  for (const [slug, type] of types) {
    host.define(
      defineJob({
        slug,
        timeoutMs,
        concurrency: 1_000,
        retentionMs: retention(KEPT),
        onFailed: NEXT,
        handler: async (context) => {
          const { run, data, log } = context;
          const job = await worker.getJobById(run.id);
          const result = await jobs[type].run({ serverApp: app(), app: app(), log, job, context });
          const next = { run: run.id, slug, status: 'completed', data: JSON.stringify(data) };
          if (job.cronSchedule !== null) await context.enqueue(NEXT, next, { after: [run.id] });
          return result;
        },
      }),
    );
  }
  host.define(
    defineJob({
      slug: NEXT,
      retries: 10,
      concurrency: 100,
      retentionMs: { completed: 60_000 },
      handler: async ({ data, enqueue }) => {
        const { run, slug, status, data: row } = failedRun<Row>(data);
        const again = (status as string) !== 'completed' && row.autoRescheduleOnFailure;
        const at = again
          ? new Date(now() + row.autoRescheduleOnFailureDelay)
          : row.cronSchedule === null
            ? undefined
            : nextDate(host, row.cronSchedule);
        const next = { ...row, rescheduledFromJob: run, persistent: (status as string) === 'completed' && row.persistent };
        // A row that was scheduled meanwhile takes its place.
        if (at) await enqueue(slug, next as unknown as Json, { runAt: at, unique: keyOf(row) });
      },
    }),
  );
  host.define(defineJob({ slug: HOURLY, schedule: '0 * * * *', handler: () => worker.removeOldJobs() }));
}

export const scheduleJob = <T extends object, Type extends string>(app: AppWithWorker<Type>, job: WorkerJobConfig<T, NoInfer<Type>>) =>
  app.worker.scheduleJob(job);
export const scheduleCronJob = <T extends object, Type extends string>(
  app: AppWithWorker<Type>,
  job: WorkerJobConfig<T, NoInfer<Type>>,
  cronSchedule: string,
) => app.worker.scheduleCronJob(job, cronSchedule);

/** HostError SCHEDULE_INVALID; UsageError INVALID_OPTION for one that never comes. */
function nextDate(host: Pick<EmbeddedHost, 'schedules'>, cronSchedule: string): Date {
  const timezone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [next] = host.schedules.explain(cronSchedule, { timezone, count: 1 }).next;
  if (next === undefined) throw new UsageError('INVALID_OPTION', `the schedule '${cronSchedule}' never comes due`);
  return new Date(next);
}

function keyOf({ tag, userId }: Pick<Row, 'tag' | 'userId'>): string {
  return tag === null ? `user ${userId}` : `tag ${tag}`;
}
