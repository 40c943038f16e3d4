/** The public TypeScript API: a host to embed, jobs in TypeScript, and the errors that they throw. */
export { type CreateHostOptions, createHost } from './api/create-host.js';
export { EmbeddedHost, type Enqueued, type EnqueueRequestOf, type TransactionEnqueuer } from './api/embedded-host.js';
export {
  type AnyJob,
  type DataOfJob,
  defineJob,
  type InlineJobOptions,
  type InputOf,
  type Job,
  type JobOptions,
  type ModuleJobOptions,
  type OutputOf,
  type ResultOfJob,
  type StandardSchema,
} from './api/job.js';
export type { JobOperations, ScheduleOperations } from './api/operations.js';
export type { MigrateOperations, MigrateStatus, TypesOperations } from './api/project-operations.js';
export type { Counts, QueueLimitState, Snapshot } from './api/snapshot.js';
export type { DataOf, JobTypes, SlugOf } from './api/typing.js';
export {
  type AbortReason,
  HostError,
  NotFoundError,
  type Problem,
  ProjectError,
  RefusedError,
  RunAbort,
  StoreUnavailableError,
  UsageError,
} from './domain/errors.js';
export type { Json, JsonObject } from './domain/json.js';
export type { EventSource, HostEvents } from './host/events.js';
export type { FailedRun } from './host/follow-up.js';
export type { HostLog, LogLevel } from './host/log.js';
export type { RetryDelay } from './host/run-ends.js';
export type { CheckReport } from './operations/check.js';
export type { ForegroundOptions } from './operations/foreground.js';
export type { DoctorOptions, DoctorReport } from './operations/run-doctor.js';
export type { RunOnceReport } from './operations/run-once.js';
export type { RunView } from './operations/run-view.js';
export type { VerifyReport } from './operations/verify.js';
export type { CollectionApi, EnqueueOptions, HandlerContext, RunInfo } from './worker/script-context.js';
