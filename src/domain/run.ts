/**
 * Runs, attempts, claims: the nouns of execution.
 *
 * job: what a project defines, named by its slug · run: one request to do a job (one row, one id, one data, at most one result)
 * attempt: one execution that counts, numbered from 1 · claim: one taking of a run (its own number, never reused: the fence)
 * lease: how long a claim stands unless renewed · timeout: how long a handler may run
 * outcome: how an attempt ended · status: where a run stands
 * rescue: ending an attempt whose host is gone · release: giving a claimed run back unharmed
 */

export const RUN_STATUSES = ['pending', 'running', 'completed', 'failed', 'stale', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Statuses that never change by themselves. */
export const FINAL_STATUSES = ['completed', 'failed', 'stale', 'cancelled'] as const satisfies readonly RunStatus[];
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/** What a pending run waits for before it can be claimed. */
export type Waiting = 'due_time' | 'key' | 'dependencies';

const OUTCOMES = ['completed', 'failed', 'timed_out', 'cancelled', 'released', 'lost'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Who asked for a run. `hook`, `cron`, `cli`, `grpc`, `system` are the reference's; the others are ours. */
export type ScheduledBy = 'hook' | 'cron' | 'cli' | 'grpc' | 'system' | 'api' | 'dashboard';

/** A run as stored. Instants are epoch milliseconds; the text columns of the reference stay in the store. */
export interface Run {
  id: string;
  slug: string;
  status: RunStatus;
  queue: string;
  /** JSON text as stored. */
  data: string;
  /** JSON text, null when none. */
  result: string | null;
  error: string | null;
  /** Attempts spent. */
  attempt: number;
  maxAttempts: number;
  scheduledBy: string | null;
  priority: number;
  uniqueKey: string | null;
  /** Number of the newest claim; 0 = never claimed. */
  claim: number;
  /** Host id of the newest claim. */
  host: string | null;
  createdAt: number;
  /** When it may be claimed. */
  dueAt: number;
  startedAt: number | null;
  completedAt: number | null;
  /** Runs with one key are executed in the order of their enqueueing. */
  key: string | null;
  /** What it waits for while it is pending; empty = it can be claimed as soon as there is capacity. */
  waiting: Waiting[];
  /** Epoch ms at which somebody asked for the end of the running run. */
  cancelRequestedAt: number | null;
  /** Losses in a row: hosts or threads that were gone while it ran. */
  losses: number;
}

/** What a host needs to execute a run it has claimed. */
export interface ClaimedRun {
  id: string;
  slug: string;
  queue: string;
  data: string;
  claim: number;
  /** The attempt this execution is (1-based); what `ctx.job.attempt` shows. */
  attempt: number;
  maxAttempts: number;
  priority: number;
  uniqueKey: string | null;
  scheduledBy: string | null;
  createdAt: number;
  /** The attempt before ended because another commit came between its reads and its first write: this one is to be a writer from its start. */
  contended?: boolean;
}

/** What a caller asks for when it enqueues. */
export interface EnqueueRequest {
  slug: string;
  /** JSON text. */
  data: string;
  queue: string;
  maxAttempts: number;
  scheduledBy: ScheduledBy;
  priority?: number;
  /** Epoch ms; default now. */
  dueAt?: number;
  /** Deduplicates within the slug: the id of the run that is there is returned. */
  uniqueKey?: string;
  /** Against what: `active` (default) pending and running runs; `within` all but failed, stale and cancelled ones of so many ms; `replace`: its pending twins are cancelled instead. */
  uniqueMode?: 'active' | 'replace' | { within: number };
  /** Runs of the slug with this key are executed in the order of their enqueueing, `keyConcurrency` (default 1) at a time. */
  key?: string;
  keyConcurrency?: number;
  /** Ids of runs that have to be completed first. */
  after?: readonly string[];
  /** What becomes of it when one of those ends otherwise: cancelled (default), or run all the same. */
  afterFailure?: 'cancel' | 'run';
  /** Given only by tests and imports; default a fresh nanoid(21). */
  id?: string;
}

/** What every run of a job has by its definition. */
export function requestOf(
  job: { slug: string; queue: string; retries: number; priority: number; keyConcurrency?: number },
  data: string,
): Omit<EnqueueRequest, 'scheduledBy'> & { priority: number } {
  const { slug, queue, retries, priority, keyConcurrency } = job;
  return { slug, data, queue, maxAttempts: retries + 1, priority, ...(keyConcurrency !== undefined && { keyConcurrency }) };
}

/** One line that a script or the host wrote while a run executed. */
export interface LogLine {
  /** Epoch ms. */
  at: number;
  level: 'debug' | 'info' | 'warn' | 'error';
  text: string;
}

/** Largest `data` and `result` of a run, in bytes of JSON text. */
export const MAX_JSON_BYTES = 1024 * 1024;

/** What is wrong with `data` that is too large (code DATA_TOO_LARGE), for the error class of the caller; undefined when it fits. */
export function oversizedData(slug: string, text: string) {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_JSON_BYTES) return undefined;
  return {
    message: `data of job '${slug}' has ${bytes} bytes as JSON; at most ${MAX_JSON_BYTES} are allowed`,
    remedy: 'store the data in a collection and queue its id',
    details: { slug, bytes, max: MAX_JSON_BYTES },
  };
}

/** A count of zero for every status. */
export function noRuns(): Record<RunStatus, number> {
  return Object.fromEntries(RUN_STATUSES.map((status) => [status, 0])) as Record<RunStatus, number>;
}
