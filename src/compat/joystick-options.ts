/** Options of Joystick's queues and jobs, in either casing, and what they come to. */
import { type EmbeddedHost, type HandlerContext, type Json, UsageError } from '../index.js';

/** One of two names for the same. */
export type Either<A extends string, B extends string, T> = { [K in A | B]?: T };

/** What a queued job is for the hooks. */
export interface AddedJob {
  job: string;
  payload: Json;
  next_run_at: string;
}
export interface ListedQueue {
  list(status?: 'pending' | 'running' | 'completed' | 'failed' | 'incomplete'): Promise<{ job: string; payload: Json }[]>;
}
export interface ExhaustedJob {
  _id: string;
  job: string;
  payload: Json;
  attempts: number;
  error: string | null;
}

export interface JobHandle {
  _id: string;
  /** From 1. */
  attempts: number;
  queue: string;
  /** What Joystick has not: the transaction of the run, its log, its signal. */
  context: HandlerContext;
  completed(): Promise<void>;
  failed(error: unknown): Promise<void>;
  /** Completed, and its row removed. */
  delete(): Promise<void>;
  /** Undoes what the run wrote here, and runs it again at "now" (default) or an ISO date; no attempt is spent. */
  requeue(nextRunAt?: string): Promise<void>;
}

type OnBeforeAdd = (job: AddedJob, host: EmbeddedHost, queue: ListedQueue) => boolean | Promise<boolean>;
type OkayToRun = (payload: Json, job: JobHandle) => boolean | Promise<boolean>;

export type Preflight = Either<'on_before_add', 'onBeforeAdd', OnBeforeAdd> &
  Either<'okay_to_run', 'okayToRun', OkayToRun> &
  Either<'requeue_delay_in_seconds', 'requeueDelayInSeconds', number>;

export type JobDefinition = {
  run: (payload: Json, job: JobHandle) => unknown;
  preflight?: Preflight;
} & Either<'max_attempts', 'maxAttempts', number> &
  Either<'on_max_attempts_exhausted', 'onMaxAttemptsExhausted', (job: ExhaustedJob) => unknown> &
  Either<'requeue_on_failure', 'requeueOnFailure', boolean>;

export type QueueDefinition = {
  jobs?: Readonly<Record<string, JobDefinition>>;
  /** Another application owns the jobs; here they are added only. */
  external?: boolean;
  /** Taken and not needed: the database is the host's. */
  database?: { provider?: string; name?: string };
  cleanup?: Either<'completed_after_seconds', 'completedAfterSeconds', number> &
    Either<'failed_after_seconds', 'failedAfterSeconds', number>;
} & Either<'run_on_startup', 'runOnStartup', boolean> &
  Either<'concurrent_jobs', 'concurrentJobs', number> &
  Either<'retry_jobs_running_before_restart', 'retryJobsRunningBeforeRestart', boolean>;

export interface NormalJob {
  run: JobDefinition['run'];
  onBeforeAdd: OnBeforeAdd | undefined;
  okayToRun: OkayToRun | undefined;
  requeueDelayMs: number;
  maxAttempts: number;
  requeueOnFailure: boolean;
  onMaxAttemptsExhausted: ((job: ExhaustedJob) => unknown) | undefined;
}
export interface NormalQueue {
  name: string;
  external: boolean;
  runOnStartup: boolean;
  /** Over all hosts. Default 1. */
  concurrentJobs: number;
  retryRunningBeforeRestart: boolean;
  /** Undefined: kept. */
  cleanup: { completedAfterMs: number | undefined; failedAfterMs: number | undefined };
  jobs: Readonly<Record<string, NormalJob>>;
}

/** Attempts of a job with requeue_on_failure and without max_attempts. */
const UNLIMITED = 1_000_000;

/** UsageError INVALID_OPTION for a number that is none. */
export function normalQueue(name: string, given: QueueDefinition): NormalQueue {
  const { cleanup = {} } = given;
  const keep = (seconds: number | undefined) => (seconds === undefined ? undefined : whole(`${name}.cleanup`, seconds, 0) * 1_000);
  return {
    name,
    external: given.external ?? false,
    runOnStartup: given.run_on_startup ?? given.runOnStartup ?? true,
    concurrentJobs: whole(`${name}.concurrent_jobs`, given.concurrent_jobs ?? given.concurrentJobs ?? 1, 1),
    retryRunningBeforeRestart: given.retry_jobs_running_before_restart ?? given.retryJobsRunningBeforeRestart ?? false,
    cleanup: {
      completedAfterMs: keep(cleanup.completed_after_seconds ?? cleanup.completedAfterSeconds),
      failedAfterMs: keep(cleanup.failed_after_seconds ?? cleanup.failedAfterSeconds),
    },
    jobs: Object.fromEntries(Object.entries(given.jobs ?? {}).map(([job, definition]) => [job, normalJob(`${name}.${job}`, definition)])),
  };
}

function normalJob(where: string, given: JobDefinition): NormalJob {
  const { preflight = {} } = given;
  const requeueOnFailure = given.requeue_on_failure ?? given.requeueOnFailure ?? false;
  const most = given.max_attempts ?? given.maxAttempts ?? (requeueOnFailure ? UNLIMITED : 1);
  const delay = preflight.requeue_delay_in_seconds ?? preflight.requeueDelayInSeconds ?? 10;
  return {
    run: given.run,
    onBeforeAdd: preflight.on_before_add ?? preflight.onBeforeAdd,
    okayToRun: preflight.okay_to_run ?? preflight.okayToRun,
    requeueDelayMs: whole(`${where}.preflight.requeue_delay_in_seconds`, delay, 0) * 1_000,
    maxAttempts: whole(`${where}.max_attempts`, most, 1),
    requeueOnFailure,
    onMaxAttemptsExhausted: given.on_max_attempts_exhausted ?? given.onMaxAttemptsExhausted,
  };
}

function whole(where: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError('INVALID_OPTION', `${where}: expected a whole number of at least ${least}, got ${value}`);
}
