/** A host within an application: started and stopped by it, fed from its code, with every operation of the command line as a method. */
import { HostError } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import { runSync } from '../domain/op.js';
import type { EnqueueRequest } from '../domain/run.js';
import type { HostEvents } from '../host/events.js';
import type { Host } from '../host/host.js';
import type { CheckReport } from '../operations/check.js';
import { evalChunk } from '../operations/eval-chunk.js';
import { collectionBySlug } from '../operations/find-collection.js';
import { jobBySlug } from '../operations/find-job.js';
import { type ForegroundOptions, inTransaction } from '../operations/foreground.js';
import { doctorAside } from '../operations/inspect-thread.js';
import { type CollectionView, listCollections } from '../operations/list-collections.js';
import { type JobView, listJobs } from '../operations/list-jobs.js';
import type { OpenedProject, OpenOptions } from '../operations/open-project.js';
import type { DoctorOptions, DoctorReport } from '../operations/run-doctor.js';
import { type RunOnceReport, runOnce } from '../operations/run-once.js';
import type { VerifyReport } from '../operations/verify.js';
import { clientDb } from '../store/sqlite/client.js';
import { type CollectionApi, collectionApi, type EnqueueOptions } from '../worker/script-context.js';
import { enqueueRequest } from '../worker/script-executor.js';
import type { AnyJob, Job } from './job.js';
import { addJob, type KnownJobs, requireFollowUps } from './known-jobs.js';
import { Listeners } from './listeners.js';
import { jobOperations, scheduleOperations } from './operations.js';
import { checkFiles, migrateOperations, typesOperations, verifyDatabase } from './project-operations.js';
import { RunWaits } from './run-waits.js';
import { type QueueLimitState, queueLimitStates, type Snapshot, snapshotOf } from './snapshot.js';
import type { DataArguments, DataOf, SlugOf } from './typing.js';

export interface Enqueued {
  id: string;
  /** A run with the unique key was there already: `id` is its. */
  duplicate: boolean;
}

/** One run of `enqueueMany`. */
export interface EnqueueRequestOf<Slug extends string, Data> {
  job: Slug;
  data?: Data;
  options?: EnqueueOptions;
}

/** Queues runs inside a transaction of the application; see `withTransaction`. */
export interface TransactionEnqueuer<Jobs extends readonly AnyJob[]> {
  enqueue<Input>(job: Job<string, Input>, ...args: DataArguments<Input, EnqueueOptions>): Enqueued;
  enqueue<Slug extends SlugOf<Jobs>>(slug: Slug, ...args: DataArguments<DataOf<Jobs, Slug>, EnqueueOptions>): Enqueued;
}

export interface EmbeddedParts {
  host: Host;
  opened: OpenedProject;
  known: KnownJobs;
  /** How the project was found. */
  open: OpenOptions;
  /** false: the folder is a throwaway one. */
  project: boolean;
  /** Removes what was made for it. */
  dispose(): void;
}

export class EmbeddedHost<const Jobs extends readonly AnyJob[] = readonly AnyJob[]> implements AsyncDisposable {
  /** jobs.status, cancel, retry, purge, pause, resume, logs, why, health … */
  readonly jobs: ReturnType<typeof jobOperations>;
  readonly schedules: ReturnType<typeof scheduleOperations>;
  readonly migrate: ReturnType<typeof migrateOperations>;
  readonly types: ReturnType<typeof typesOperations>;
  readonly #parts: EmbeddedParts;
  readonly #listeners: Listeners;
  readonly #waits: RunWaits;
  #starting = false;
  #started = false;
  #stopped: Promise<void> | undefined;
  readonly #stopping = new AbortController();

  /** Made by createHost. */
  constructor(parts: EmbeddedParts) {
    this.#parts = parts;
    const { opened, host, known, open, project } = parts;
    this.#listeners = new Listeners(host.events);
    this.#waits = new RunWaits(opened, host.events);
    opened.scripts = known;
    this.jobs = jobOperations(opened, this.#waits);
    this.schedules = scheduleOperations(opened);
    this.migrate = migrateOperations(opened);
    this.types = typesOperations(open, project);
  }

  get id(): string {
    return this.#parts.host.id;
  }

  /** It claims runs. */
  get running(): boolean {
    return this.#started && this.#stopped === undefined;
  }

  /** The absolute path of its database file. */
  get databasePath(): string {
    return this.#parts.opened.databasePath;
  }

  /**
   * Ends when runs are claimed; what was queued before is executed now. Rejects with everything closed when a part cannot start. HostError
   * HOST_STARTED the second time, HOST_STOPPED after `stop`, JOB_INVALID where a job's `onFailed` names none (it can be defined, and start called again).
   */
  async start(): Promise<void> {
    if (this.#stopped) throw new HostError('HOST_STOPPED', 'the host is stopped: it does not start again', { remedy: 'make another host' });
    if (this.#starting) throw new HostError('HOST_STARTED', 'the host was started already', { remedy: 'call start once' });
    requireFollowUps(this.#parts.known);
    this.#starting = true;
    try {
      await this.#parts.host.start();
      this.#started = true;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Claims nothing more, waits for running handlers up to `grace` ms (default [jobs] shutdown_grace), gives the rest back unharmed, closes everything. */
  stop(options: { grace?: number } = {}): Promise<void> {
    this.#stopping.abort();
    this.#stopped ??= this.#stop(options.grace);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** A listener that throws is told of in the log, and disturbs nothing. */
  on<K extends keyof HostEvents>(event: K, listener: (event: HostEvents[K]) => void): this {
    this.#listeners.on(event, listener);
    return this;
  }

  once<K extends keyof HostEvents>(event: K, listener: (event: HostEvents[K]) => void): this {
    this.#listeners.once(event, listener);
    return this;
  }

  off<K extends keyof HostEvents>(event: K, listener: (event: HostEvents[K]) => void): this {
    this.#listeners.off(event, listener);
    return this;
  }

  /**
   * Looks for work until nothing that this host serves is due and nothing runs; what is due later is not waited for. Before `start` it waits for
   * that. HostError HOST_STOPPED when the host stops first.
   */
  idle(): Promise<void> {
    const { host } = this.#parts;
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      const leave = () => {
        host.events.off('host:idle', hear);
        signal.removeEventListener('abort', stopped);
      };
      const hear = () => {
        leave();
        resolve();
      };
      const stopped = () => {
        leave();
        reject(new HostError('HOST_STOPPED', 'the host is stopped: it does no work any more', { remedy: 'wait before stop' }));
      };
      if (signal.aborted) return stopped();
      signal.addEventListener('abort', stopped);
      host.events.on('host:idle', hear);
      host.wake();
    });
  }

  /** Epoch ms of the next due pending run; undefined when there is none. */
  nextDueAt(): number | undefined {
    return this.#parts.host.nextDueAt();
  }

  /** Epoch ms of the next instant of a schedule; undefined without schedules. */
  nextTickAt(): number | undefined {
    return this.#parts.host.nextTickAt();
  }

  /** Records what of the schedules has come due by now; timers do this otherwise. */
  checkSchedules(): Promise<void> {
    return this.#parts.host.checkSchedules();
  }

  /**
   * Adds a job. Before `start`: as if it had been given to createHost. Afterwards it can be queued here, and hosts that had it when they
   * started execute it. HostError DUPLICATE_SLUG.
   */
  define(job: AnyJob): void {
    addJob(this.#parts.known, job);
  }

  /** Every job, of the project and in TypeScript. */
  definitions(): Promise<JobView[]> {
    return listJobs(this.#parts.opened);
  }

  /** Everything at once: definitions, schedules, limits, counts, the newest hundred runs. */
  snapshot(): Promise<Snapshot> {
    return snapshotOf(this.#parts.opened, this.running);
  }

  queueLimits(): Promise<QueueLimitState[]> {
    return queueLimitStates(this.#parts.opened);
  }

  enqueue<Input>(job: Job<string, Input>, ...args: DataArguments<Input, EnqueueOptions>): Promise<Enqueued>;
  enqueue<Slug extends SlugOf<Jobs>>(slug: Slug, ...args: DataArguments<DataOf<Jobs, Slug>, EnqueueOptions>): Promise<Enqueued>;
  /** Ends when the run is committed. NotFoundError JOB_NOT_DEFINED; HostError DATA_INVALID, DATA_TOO_LARGE, INVALID_OPTION. */
  enqueue(job: string | AnyJob, ...[data, options = {}]: [data?: unknown, options?: EnqueueOptions]): Promise<Enqueued> {
    return this.#one(slugOf(job), data as Json, options);
  }

  /** Due at an instant. */
  enqueueAt<Slug extends SlugOf<Jobs>>(
    at: Date,
    slug: Slug,
    ...[data, options]: DataArguments<DataOf<Jobs, Slug>, EnqueueOptions>
  ): Promise<Enqueued> {
    return this.#one(slug, data as Json, { ...options, runAt: at });
  }

  /** Due after so many milliseconds. */
  enqueueIn<Slug extends SlugOf<Jobs>>(
    delayMs: number,
    slug: Slug,
    ...[data, options]: DataArguments<DataOf<Jobs, Slug>, EnqueueOptions>
  ): Promise<Enqueued> {
    return this.#one(slug, data as Json, { ...options, delayMs });
  }

  /** All or none, in one transaction; in the order of the list. */
  enqueueMany<Slug extends SlugOf<Jobs>>(requests: readonly EnqueueRequestOf<Slug, DataOf<Jobs, Slug>>[]): Promise<Enqueued[]> {
    return this.#enqueueAll(requests.map(({ job, data, options = {} }) => ({ job, data: (data ?? {}) as Json, options })));
  }

  /**
   * Queues inside the transaction of the application's own better-sqlite3 client on the same file: the runs are visible when it commits, and
   * gone when it rolls back. Schemas that answer at once are checked. RefusedError CLIENT_FOREIGN, CLIENT_OTHER_FILE, CLIENT_NO_TRANSACTION.
   */
  withTransaction(client: object): TransactionEnqueuer<Jobs> {
    const { opened, host, known } = this.#parts;
    const enqueue = (job: string | AnyJob, data: Json = {}, options: EnqueueOptions = {}): Enqueued => {
      const slug = slugOf(job);
      const definition = jobBySlug(opened.project.registry, slug);
      const db = clientDb(client, opened.databasePath);
      const now = opened.clock.now();
      // A schema that answers with a promise checks before the run instead: nothing can wait here.
      const checked = known.checks.get(slug)?.(data);
      if (checked instanceof Promise) checked.catch(() => {});
      const request = enqueueRequest(definition, data, options, now);
      const enqueued = runSync(opened.store.enqueue(db, { ...request, scheduledBy: 'api' }, now));
      // A transaction of better-sqlite3 ends before the application gives up the thread; one that lasts longer is found by the poll.
      setImmediate(() => host.wake());
      return enqueued;
    };
    return { enqueue: enqueue as TransactionEnqueuer<Jobs>['enqueue'] };
  }

  /** CRUD on a collection of the project, each call its own transaction, with the project's hooks; with `user` under its access rules. */
  collection(slug: string, options: Pick<ForegroundOptions, 'user'> = {}): CollectionApi {
    const { opened } = this.#parts;
    collectionBySlug(opened.project.registry, slug);
    return collectionApi(slug, (body) => inTransaction(opened, options, (session) => body(() => session.contentContext())));
  }

  /** Every collection of the project with its number of documents. */
  collections(): Promise<CollectionView[]> {
    return listCollections(this.#parts.opened);
  }

  /**
   * Executes a job's handler now, on this thread, without a row; a failure is in the report. `rollback` undoes what it wrote. The loop of a
   * job in TypeScript cannot be stopped here. NotFoundError JOB_NOT_DEFINED; HostError DATA_INVALID.
   */
  run(slug: string, data: Json = {}, options: ForegroundOptions = {}): Promise<RunOnceReport> {
    return runOnce(this.#parts.opened, { slug, data: JSON.stringify(data), ...options });
  }

  /** Executes a chunk of Lua in one transaction; the values that it returns. */
  eval(source: string, options: ForegroundOptions = {}): Promise<Json[]> {
    return evalChunk(this.#parts.opened, { source, chunkName: '=eval', ...options });
  }

  /** Loads the files of the project as they are now and lists every problem; the host goes on with what it has. */
  check(): Promise<CheckReport> {
    return checkFiles(this.#parts.open);
  }

  /** Whether every promise was kept, from the database; reads one snapshot. `since`: what was before is not judged. */
  verify(options: { since?: Date } = {}): Promise<VerifyReport> {
    return verifyDatabase(this.#parts.opened, options.since);
  }

  /** The state of the database and what stands around it; with `repair` what is safe is mended. */
  doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
    return doctorAside(this.#parts.opened, options);
  }

  async #one(slug: string, data: Json | undefined, options: EnqueueOptions): Promise<Enqueued> {
    const [enqueued] = await this.#enqueueAll([{ job: slug, data: data ?? {}, options }]);
    return enqueued!;
  }

  async #enqueueAll(requests: { job: string; data: Json; options: EnqueueOptions }[]): Promise<Enqueued[]> {
    const { opened, known } = this.#parts;
    if (this.#stopped) throw new HostError('HOST_STOPPED', 'the host is stopped', { remedy: 'queue before stop, or with another host' });
    const now = opened.clock.now();
    const prepared: Omit<EnqueueRequest, 'scheduledBy'>[] = [];
    for (const { job, data, options } of requests) {
      const definition = jobBySlug(opened.project.registry, job);
      // What the schema made of the data is what it would make of it again before the run: the data itself is stored.
      await known.checks.get(job)?.(data);
      prepared.push(enqueueRequest(definition, data, options, now));
    }
    const { store } = opened;
    const enqueued = await opened.write('enqueue', function* (db) {
      const results: Enqueued[] = [];
      for (const request of prepared) results.push(yield* store.enqueue(db, { ...request, scheduledBy: 'api' }, now));
      return results;
    });
    if (enqueued.some(({ duplicate }) => !duplicate)) await opened.wake();
    return enqueued;
  }

  async #stop(grace: number | undefined): Promise<void> {
    await this.#parts.host.stop('stopped', grace);
    this.#waits.close();
    await this.#parts.opened.close();
    this.#parts.dispose();
  }
}

function slugOf(job: string | AnyJob): string {
  return typeof job === 'string' ? job : job.slug;
}
