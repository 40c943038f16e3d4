/** The operations of the command line, as methods of a host. */
import type { FinalStatus } from '../domain/run.js';
import { type Cancelled, cancelPendingRuns, cancelRun } from '../operations/cancel-runs.js';
import { type Explanation, explainRun } from '../operations/explain-run.js';
import { explainSchedule, type ScheduleExplanation } from '../operations/explain-schedule.js';
import { getRun } from '../operations/find-run.js';
import { type JobHealth, jobHealth } from '../operations/job-health.js';
import { countRuns, listRuns, type RunQuery } from '../operations/list-runs.js';
import { listSchedules, type ScheduleView } from '../operations/list-schedules.js';
import { type NextTicks, nextTicks } from '../operations/next-ticks.js';
import type { OpenedProject } from '../operations/open-project.js';
import { listPauses, type PauseTarget, type PauseView, pause, resume } from '../operations/pauses.js';
import { previewSchedules, type UpcomingTick } from '../operations/preview-schedules.js';
import { purgeRuns } from '../operations/purge-runs.js';
import { removeRun } from '../operations/remove-run.js';
import { retryRun, retryRuns } from '../operations/retry-runs.js';
import { type AttemptView, runAttempts } from '../operations/run-attempts.js';
import type { RunView } from '../operations/run-view.js';
import { scheduleHistory, type TickView } from '../operations/schedule-history.js';
import { triggerRun } from '../operations/trigger-run.js';
import type { RunWaits } from './run-waits.js';

export interface JobOperations {
  /** One run. NotFoundError RUN_NOT_FOUND. */
  run(id: string): Promise<RunView>;
  /** Newest first; default the newest twenty. */
  runs(query?: Partial<RunQuery>): Promise<RunView[]>;
  /** How many there are. */
  count(query?: Omit<RunQuery, 'limit'>): Promise<number>;
  /** Ends when the run has, wherever it is executed. The signal's reason when it is aborted; HostError HOST_STOPPED when the host stops first. */
  wait(id: string, signal?: AbortSignal): Promise<RunView>;
  /** `wait`: until a running one has ended. */
  cancel(id: string, options?: { wait?: boolean }): Promise<Cancelled>;
  cancelPending(slug?: string): Promise<number>;
  retry(id: string): Promise<void>;
  retryAll(status: 'failed' | 'stale' | 'cancelled', slug?: string): Promise<number>;
  /** Removes one ended run with its attempts. NotFoundError RUN_NOT_FOUND; RefusedError RUN_NOT_ENDED. */
  remove(id: string): Promise<void>;
  purge(request: { olderThanMs: number; slug?: string; status?: FinalStatus }): Promise<number>;
  pause(target: PauseTarget, reason?: string): Promise<boolean>;
  resume(target: PauseTarget): Promise<boolean>;
  pauses(): Promise<PauseView[]>;
  attempts(id: string): Promise<AttemptView[]>;
  why(id: string): Promise<Explanation>;
  health(): Promise<JobHealth>;
}

export function jobOperations(opened: OpenedProject, waits: RunWaits): JobOperations {
  return {
    run: (id) => getRun(opened, id),
    runs: (query = {}) => listRuns(opened, { limit: 20, ...query }),
    count: (query = {}) => countRuns(opened, query),
    wait: (id, signal) => waits.wait(id, signal),
    cancel: (id, options) => cancelRun(opened, id, options),
    cancelPending: (slug) => cancelPendingRuns(opened, slug),
    retry: (id) => retryRun(opened, id),
    retryAll: (status, slug) => retryRuns(opened, status, slug),
    remove: (id) => removeRun(opened, id),
    purge: (request) => purgeRuns(opened, request),
    pause: (target, reason) => pause(opened, target, reason),
    resume: (target) => resume(opened, target),
    pauses: () => listPauses(opened),
    attempts: (id) => runAttempts(opened, id),
    why: (id) => explainRun(opened, id),
    health: () => jobHealth(opened),
  };
}

export interface ScheduleOperations {
  list(): Promise<ScheduleView[]>;
  next(slug: string, count?: number): NextTicks;
  /** A cron text, or a job's slug. */
  explain(what: string, options?: { timezone?: string; count?: number }): ScheduleExplanation;
  preview(withinMs: number, limit?: number): Promise<UpcomingTick[]>;
  /** Newest first. */
  history(slug?: string, limit?: number): Promise<TickView[]>;
  pause(slug: string, reason?: string): Promise<boolean>;
  resume(slug: string): Promise<boolean>;
  /** Queues a run of a scheduled job now, beside its schedule. */
  run(slug: string): Promise<{ id: string }>;
}

export function scheduleOperations(opened: OpenedProject): ScheduleOperations {
  return {
    list: () => listSchedules(opened),
    next: (slug, count = 5) => nextTicks(opened, slug, count),
    explain: (what, options = {}) => explainSchedule(opened, what, { count: 5, ...options }),
    preview: (withinMs, limit = 50) => previewSchedules(opened, withinMs, limit),
    history: (slug, limit = 20) => scheduleHistory(opened, slug, limit),
    pause: (slug, reason) => pause(opened, { kind: 'schedule', name: slug }, reason),
    resume: (slug) => resume(opened, { kind: 'schedule', name: slug }),
    async run(slug) {
      nextTicks(opened, slug, 0);
      const { id } = await triggerRun(opened, { slug, scheduledBy: 'api' });
      return { id };
    },
  };
}
