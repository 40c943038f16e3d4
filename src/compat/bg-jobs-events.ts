/** bg_jobs' events, told from those of the host. */
import type { EmbeddedHost } from '../index.js';
import type { JobEnqueueRequest } from './bg-jobs-records.js';

/** `attempts`: those that failed before. */
export interface EventJob {
  id: string;
  name: string;
  payload: string;
  attempts: number;
}

export type BgEvent =
  | { type: 'SetupErrorEvent'; error: unknown }
  | { type: 'JobEnqueuedEvent'; job: Omit<EventJob, 'attempts'> }
  | { type: 'NoWorkerForJobEvent'; request: JobEnqueueRequest }
  | { type: 'JobReservedEvent' | 'JobStartEvent' | 'JobSucceededEvent'; queue_name: string; job: EventJob }
  | { type: 'JobFailedEvent'; queue_name: string; job: EventJob; error: string }
  | { type: 'QueuePollingStartedEvent' | 'QueuePollingStoppedEvent'; queue_name: string }
  | { type: 'QueueErrorEvent'; error: string }
  | { type: 'MonitorReleasingReserved'; host: string | undefined }
  | { type: 'MonitorReleasedJob'; job_id: string }
  | { type: 'MigrateUpComplete' };

export type EventListener = (event: BgEvent) => void;

/** Tells `listener` what the host does; `nameOf`: a job's name by slug, undefined for others. */
export function tellEvents(
  host: EmbeddedHost,
  queues: readonly string[],
  nameOf: (slug: string) => string | undefined,
  listener: EventListener,
): void {
  const jobOf = (run: { id: string; slug: string; data: string; attempt: number }): EventJob | undefined => {
    const name = nameOf(run.slug);
    return name === undefined ? undefined : { id: run.id, name, payload: JSON.parse(run.data) as string, attempts: run.attempt - 1 };
  };
  const polling = (type: 'QueuePollingStartedEvent' | 'QueuePollingStoppedEvent') => () => {
    for (const queue_name of queues) listener({ type, queue_name });
  };
  host.on('host:started', polling('QueuePollingStartedEvent'));
  host.on('host:stopped', polling('QueuePollingStoppedEvent'));
  host.on('run:claimed', ({ run }) => {
    const job = jobOf(run);
    if (job) listener({ type: 'JobReservedEvent', queue_name: run.queue, job });
  });
  host.on('attempt:started', ({ run }) => {
    const job = jobOf(run);
    if (job) listener({ type: 'JobStartEvent', queue_name: run.queue, job });
  });
  host.on('attempt:finished', ({ run, next, error }) => {
    const job = jobOf(run);
    if (!job) return;
    if (next === 'completed') listener({ type: 'JobSucceededEvent', queue_name: run.queue, job });
    if (next === 'failed' || next === 'stale')
      listener({ type: 'JobFailedEvent', queue_name: run.queue, job, error: error?.message ?? next });
  });
  host.on('run:rescued', ({ run, host: from }) => {
    listener({ type: 'MonitorReleasingReserved', host: from });
    listener({ type: 'MonitorReleasedJob', job_id: run });
  });
  host.on('log', ({ run, line }) => {
    if (run === undefined && line.level === 'error') listener({ type: 'QueueErrorEvent', error: line.text });
  });
}

/** Prints every event. Default to stderr. */
export function loggerEventListener(print: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): EventListener {
  return ({ type, ...rest }) => print(`${type} ${JSON.stringify(rest, (_, value) => (value instanceof Error ? value.message : value))}`);
}
