/** bg_jobs' types of jobs, requests, workers and records, made from runs. Date-times are Erlang's, in UTC. */
import type { RunView } from '../index.js';

export type DateTime = readonly [date: readonly [number, number, number], time: readonly [number, number, number]];

export type JobAvailability =
  | { type: 'AvailableNow' }
  | { type: 'AvailableAt'; at: DateTime }
  /** Milliseconds. */
  | { type: 'AvailableIn'; ms: number };

export interface JobEnqueueRequest {
  name: string;
  payload: string;
  availability: JobAvailability;
}

/** `attempts`: those that failed. */
interface Base {
  id: string;
  name: string;
  payload: string;
  attempts: number;
  created_at: DateTime;
  available_at: DateTime;
}

export interface Job extends Base {
  reserved_at: DateTime | null;
  /** Id of the host. */
  reserved_by: string | null;
}
export interface SucceededJob extends Base {
  succeeded_at: DateTime;
}
export interface FailedJob extends Base {
  exception: string;
  failed_at: DateTime;
}

export type Result = { ok: true } | { ok: false; error: string };
export const ok = (): Result => ({ ok: true });
export const error = (message: string): Result => ({ ok: false, error: message });

export interface Worker {
  job_name: string;
  handler: (job: Job) => Result | Promise<Result>;
}

export function newJob(name: string, payload: string): JobEnqueueRequest {
  return { name, payload, availability: { type: 'AvailableNow' } };
}
export function withAvailableAt(request: JobEnqueueRequest, availableAt: DateTime): JobEnqueueRequest {
  return { ...request, availability: { type: 'AvailableAt', at: availableAt } };
}
/** Milliseconds. */
export function withAvailableIn(request: JobEnqueueRequest, availableIn: number): JobEnqueueRequest {
  return { ...request, availability: { type: 'AvailableIn', ms: availableIn } };
}

export function dateTime(at: Date): DateTime {
  return [
    [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()],
    [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()],
  ];
}
export function dateOf([[year, month, day], [hour, minute, second]]: DateTime): Date {
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

function baseOf(run: RunView, name: string, attempts: number): Base {
  const created_at = instant(run.created_at);
  const available_at = run.due_at === null ? created_at : instant(run.due_at);
  return {
    id: run.id,
    name,
    payload: typeof run.data === 'string' ? run.data : JSON.stringify(run.data),
    attempts,
    created_at,
    available_at,
  };
}

export function toJob(run: RunView, name: string, reservedBy: string | null): Job {
  const running = run.status === 'running';
  const reserved = running ? instant(run.started_at) : null;
  return {
    ...baseOf(run, name, running || run.status === 'completed' ? run.attempt - 1 : run.attempt),
    reserved_at: reserved,
    reserved_by: running ? reservedBy : null,
  };
}
export function toSucceeded(run: RunView, name: string): SucceededJob {
  return { ...baseOf(run, name, run.attempt - 1), succeeded_at: instant(run.completed_at) };
}
export function toFailed(run: RunView, name: string): FailedJob {
  return { ...baseOf(run, name, run.attempt), exception: (run.error ?? run.status).split('\n')[0]!, failed_at: instant(run.completed_at) };
}

function instant(iso: string | null): DateTime {
  return dateTime(new Date(iso ?? 0));
}
