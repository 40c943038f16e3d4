/** Rows of QuickDapp's table `worker_jobs`, and runs as such rows. */
import type { Json, RunView } from '../index.js';

export interface WorkerJobConfig<T extends object = Record<string, Json>, Type extends string = string> {
  type: Type;
  /** User this job is for. Default 0: a job of the system. */
  userId?: number;
  /** Instead of type and user: what tells which pending rows a new one replaces. */
  tag?: string;
  /** Default now. */
  due?: Date;
  data?: T;
  /** A new row after a failure, without end. Default false. */
  autoRescheduleOnFailure?: boolean;
  /** Milliseconds before that. Default 1,000. */
  autoRescheduleOnFailureDelay?: number;
  /** Milliseconds from the end until the row is removed. Default an hour. */
  removeDelay?: number;
  /** Never removed. */
  persistent?: boolean;
}

export interface WorkerJob<T = Json> {
  id: string;
  tag: string | null;
  type: string;
  userId: number;
  data: T;
  due: Date;
  started: Date | null;
  finished: Date | null;
  /** Null while it has not ended, and for persistent rows. */
  removeAt: Date | null;
  /** Null while it has not ended. */
  success: boolean | null;
  /** What the job returned; `{ error }` after a failure or when it was cancelled. */
  result: Json;
  cronSchedule: string | null;
  autoRescheduleOnFailure: boolean;
  autoRescheduleOnFailureDelay: number;
  removeDelay: number;
  /** The row that this one continues, after its cron instant or its failure. */
  rescheduledFromJob: string | null;
  persistent: boolean;
  createdAt: Date;
  updatedAt: Date;
}

/** Data of the run. */
export type Row = Pick<
  WorkerJob,
  | 'tag'
  | 'userId'
  | 'data'
  | 'cronSchedule'
  | 'autoRescheduleOnFailure'
  | 'autoRescheduleOnFailureDelay'
  | 'removeDelay'
  | 'rescheduledFromJob'
  | 'persistent'
>;

export function toRow<Type extends string>(
  config: WorkerJobConfig<object, Type>,
  cronSchedule: string | null,
): Row & { type: Type; due: Date | undefined } {
  return {
    type: config.type,
    due: config.due,
    tag: config.tag ?? null,
    userId: config.userId ?? 0,
    data: (config.data ?? {}) as Json,
    cronSchedule,
    autoRescheduleOnFailure: config.autoRescheduleOnFailure ?? false,
    autoRescheduleOnFailureDelay: config.autoRescheduleOnFailureDelay ?? 1_000,
    removeDelay: config.removeDelay ?? 3_600_000,
    rescheduledFromJob: null,
    persistent: config.persistent ?? false,
  };
}

export function toWorkerJob(run: RunView, type: string): WorkerJob {
  const row = run.data as unknown as Row;
  const finished = run.status === 'pending' || run.status === 'running' ? null : date(run.completed_at);
  const success = finished === null ? null : run.status === 'completed';
  const createdAt = date(run.created_at) ?? new Date(0);
  const started = date(run.started_at);
  return {
    ...row,
    id: run.id,
    type,
    due: date(run.due_at) ?? createdAt,
    started,
    finished,
    removeAt: finished === null || row.persistent ? null : new Date(finished.getTime() + row.removeDelay),
    success,
    result: success === false ? { error: run.error } : run.result,
    createdAt,
    updatedAt: finished ?? started ?? createdAt,
  };
}

function date(iso: string | null): Date | null {
  return iso === null ? null : new Date(iso);
}
