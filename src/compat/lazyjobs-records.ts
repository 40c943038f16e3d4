/** lazyjobs' job contract, records, states and reports, made from runs. Keys are those of its JSON; instants are Dates, durations milliseconds. */
import type { EmbeddedHost, EnqueueOptions, QueueLimitState as HostQueueLimit, Json, RunView } from '../index.js';
import type { Context, Option, Schedule } from './lazyjobs.js';
import { slugFor } from './slug.js';

/** A class whose own fields are its payload; undecodable payloads cannot be, JSON is what is stored. */
export interface Job {
  Kind(): string;
  /** What it throws, or an Error that it returns, fails the attempt. */
  Work(ctx: Context): unknown;
  JobQueue?(): string;
  JobMaxAttempts?(): number;
  /** Milliseconds after the attempt (from 1). */
  JobRetryDelay?(attempt: number, error: Error): number;
}
/** To extend: queue "default", 25 attempts. */
export abstract class BaseJob implements Job {
  abstract Kind(): string;
  abstract Work(ctx: Context): unknown;
  JobQueue(): string {
    return 'default';
  }
  JobMaxAttempts(): number {
    return 25;
  }
}

export const StatePending = 'pending';
export const StateRunning = 'running';
export const StateRetrying = 'retrying';
export const StateSucceeded = 'succeeded';
export const StateDiscarded = 'discarded';
export type State = typeof StatePending | typeof StateRunning | typeof StateRetrying | typeof StateSucceeded | typeof StateDiscarded;

export interface Definition {
  kind: string;
  /** Name of its class. */
  type: string;
  queue: string;
  max_attempts: number;
}
export interface Record {
  id: string;
  kind: string;
  queue: string;
  /** Not in its JSON. */
  readonly payload: Json;
  state: State;
  attempt: number;
  max_attempts: number;
  run_at: Date;
  created_at: Date;
  updated_at: Date;
  last_error?: string;
}
export interface Stats {
  total: number;
  by_state: Partial<{ [S in State]: number }>;
  by_kind: { [kind: string]: number };
  by_queue: { [queue: string]: number };
  by_queue_state: { [queue: string]: Partial<{ [S in State]: number }> };
}
export interface QueueLimitState {
  queue: string;
  max_running: number;
  running: number;
  available: number;
}
export interface ScheduleDefinition {
  key: string;
  interval: number;
  kind: string;
  queue: string;
  next_run_at: Date | undefined;
}
export interface Snapshot {
  running: boolean;
  definitions: Definition[];
  schedules: ScheduleDefinition[];
  queue_limits: QueueLimitState[];
  stats: Stats;
  /** Newest first, at most 100. */
  recent: Record[];
}

export function definitionOf(job: Job): Definition {
  return { kind: job.Kind(), type: job.constructor.name, queue: job.JobQueue?.() ?? 'default', max_attempts: job.JobMaxAttempts?.() ?? 25 };
}

export function optionsOf(options: readonly Option[]): EnqueueOptions {
  const given: EnqueueOptions = {};
  for (const option of options) {
    if ('queue' in option) given.queue = option.queue;
    if ('runAt' in option) given.runAt = option.runAt;
    if ('runInMs' in option) given.delayMs = option.runInMs;
  }
  return given;
}

type Viewed = Omit<RunView, 'earlier_error' | 'result' | 'scheduled_by' | 'priority' | 'unique_key'>;

export function toRecord(run: Viewed, definition: Definition | undefined): Record {
  const created_at = new Date(run.created_at ?? 0);
  const record = {
    id: run.id,
    kind: definition?.kind ?? run.slug,
    queue: run.queue,
    state: stateOf(run),
    attempt: run.attempt,
    max_attempts: run.max_attempts,
    run_at: new Date(run.due_at ?? created_at),
    created_at,
    updated_at: new Date(run.completed_at ?? run.started_at ?? created_at),
    ...(run.error !== null && { last_error: run.error.split('\n')[0]! }),
  };
  return Object.defineProperty(record, 'payload', { value: run.data, enumerable: false }) as Record;
}

function stateOf({ status, attempt }: Pick<RunView, 'status' | 'attempt'>): State {
  if (status === 'pending') return attempt > 0 ? StateRetrying : StatePending;
  if (status === 'running') return StateRunning;
  return status === 'completed' ? StateSucceeded : StateDiscarded;
}

/** `tick`: slug of what is no job of the application. */
export async function snapshotOf(
  host: EmbeddedHost,
  jobs: ReadonlyMap<string, Definition>,
  schedules: readonly Schedule[],
  tick: string,
): Promise<Snapshot> {
  const runs = (await host.jobs.runs({ limit: -1 })).filter(({ slug }) => slug !== tick);
  const records = runs.map((run) => toRecord(run, jobs.get(run.slug)));
  const stats: Stats = { total: records.length, by_state: {}, by_kind: {}, by_queue: {}, by_queue_state: {} };
  for (const { state, kind, queue } of records) {
    stats.by_state[state] = (stats.by_state[state] ?? 0) + 1;
    stats.by_kind[kind] = (stats.by_kind[kind] ?? 0) + 1;
    stats.by_queue[queue] = (stats.by_queue[queue] ?? 0) + 1;
    const inQueue = stats.by_queue_state[queue] ?? {};
    stats.by_queue_state[queue] = inQueue;
    inQueue[state] = (inQueue[state] ?? 0) + 1;
  }
  const limited = (state: HostQueueLimit) => state.maxRunning !== null;
  const ticks = await host.jobs.runs({ slug: tick, status: 'pending', limit: -1 });
  return {
    running: host.running,
    definitions: [...jobs.values()],
    schedules: schedules.map(({ key, interval, job, options }) => {
      const due = ticks.find(({ unique_key }) => unique_key === `tick ${key}`)?.due_at;
      const queue = optionsOf(options).queue ?? jobs.get(slugFor(job.Kind()))?.queue ?? 'default';
      return { key, interval, kind: job.Kind(), queue, next_run_at: due ? new Date(due) : undefined };
    }),
    queue_limits: (await host.queueLimits()).filter(limited).map(({ queue, maxRunning, running, available }) => ({
      queue,
      max_running: maxRunning!,
      running,
      available: available!,
    })),
    stats,
    recent: records.slice(0, 100),
  };
}
