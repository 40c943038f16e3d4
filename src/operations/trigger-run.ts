/** Trigger: one run of a job, queued by a person or a program outside Lua, and the running hosts told of it. */
import { RefusedError, UsageError } from '../domain/errors.js';
import { oversizedData, requestOf, type ScheduledBy } from '../domain/run.js';
import { jobBySlug } from './find-job.js';
import { jsonValue } from './json-argument.js';
import type { OpenedProject } from './open-project.js';
import { LAST_INSTANT } from './run-view.js';

const I32 = 2 ** 31;

export interface TriggerRequest {
  slug: string;
  /** JSON text, stored as it is. Default `{}`. */
  data?: string;
  /** Higher first; default the definition's. */
  priority?: number;
  /** Milliseconds from now until it is due. */
  delayMs?: number;
  /** Epoch ms at which it is due. */
  runAt?: number;
  /** Deduplicates against pending and running runs of the job. */
  unique?: string;
  /** With `unique`: against runs of so many ms, completed ones too. */
  uniqueWithinMs?: number;
  /** With `unique`: pending runs with the key are cancelled instead. */
  replace?: boolean;
  /** Runs of the job with one key are executed in order. */
  key?: string;
  /** Ids of runs that have to be completed first. */
  after?: readonly string[];
  scheduledBy?: ScheduledBy;
}

export interface Triggered {
  id: string;
  slug: string;
  queue: string;
  /** Epoch ms. */
  dueAt: number;
  /** A run with this unique key was there already: `id` is its. */
  duplicate: boolean;
}

/** NotFoundError JOB_NOT_DEFINED; UsageError INVALID_JSON or INVALID_OPTION; RefusedError DATA_TOO_LARGE. */
export async function triggerRun(opened: OpenedProject, request: TriggerRequest): Promise<Triggered> {
  const { slug, data = '{}' } = request;
  const job = jobBySlug(opened.project.registry, slug);
  jsonValue(data);
  const oversized = oversizedData(slug, data);
  if (oversized) throw new RefusedError('DATA_TOO_LARGE', oversized.message, oversized);
  const now = opened.clock.now();
  const dueAt = dueInstant(request, now);
  const priority = request.priority ?? job.priority;
  if (!Number.isInteger(priority) || priority < -I32 || priority >= I32) {
    throw new UsageError('INVALID_OPTION', `priority ${priority} is not a whole number of 32 bits`, { details: { priority } });
  }
  if (request.unique === '') {
    throw new UsageError('INVALID_OPTION', 'unique key must be non-empty (or omit the option)', { details: { unique: '' } });
  }
  if (request.key === '') {
    throw new UsageError('INVALID_OPTION', 'key must be non-empty (or omit the option)', { details: { key: '' } });
  }
  const { id, duplicate } = await opened.write('trigger', (db) =>
    opened.store.enqueue(
      db,
      {
        ...requestOf(job, data),
        scheduledBy: request.scheduledBy ?? 'cli',
        priority,
        ...(dueAt > now && { dueAt }),
        ...uniqueOf(request),
        ...(request.key !== undefined && { key: request.key }),
        ...(request.after && { after: request.after }),
      },
      now,
    ),
  );
  if (!duplicate) await opened.wake();
  return { id, slug, queue: job.queue, dueAt, duplicate };
}

function uniqueOf({ unique, uniqueWithinMs, replace }: TriggerRequest) {
  if (unique === undefined) {
    if (uniqueWithinMs === undefined && !replace) return {};
    throw new UsageError('INVALID_OPTION', 'unique-within and replace need a unique key', { remedy: 'give --unique too' });
  }
  if (uniqueWithinMs !== undefined && replace) throw new UsageError('INVALID_OPTION', 'unique-within and replace exclude each other');
  if (uniqueWithinMs !== undefined) return { uniqueKey: unique, uniqueMode: { within: uniqueWithinMs } };
  return replace ? { uniqueKey: unique, uniqueMode: 'replace' as const } : { uniqueKey: unique };
}

function dueInstant({ delayMs, runAt }: TriggerRequest, now: number): number {
  if (delayMs !== undefined && runAt !== undefined) {
    throw new UsageError('INVALID_OPTION', 'delay and run-at exclude each other', { remedy: 'give one of the two' });
  }
  const at = runAt ?? now + (delayMs ?? 0);
  if (at <= LAST_INSTANT) return at;
  throw new UsageError('INVALID_OPTION', `${runAt === undefined ? 'delay' : 'run-at'} ends beyond the calendar`, {
    remedy: 'give an earlier instant',
    details: { due_at: at },
  });
}
