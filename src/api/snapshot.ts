/** What a host is doing, in one document: definitions, schedules, limits, counts, and the newest runs. */
import type { RunStatus } from '../domain/run.js';
import { type JobView, listJobs } from '../operations/list-jobs.js';
import { listRuns } from '../operations/list-runs.js';
import { listSchedules, type ScheduleView } from '../operations/list-schedules.js';
import type { OpenedProject } from '../operations/open-project.js';
import type { RunView } from '../operations/run-view.js';
import type { Db } from '../store/db.js';

const RECENT = 100;

export interface QueueLimitState {
  queue: string;
  /** null = no limit of its own. */
  maxRunning: number | null;
  running: number;
  available: number | null;
}

export interface Counts {
  total: number;
  byStatus: Partial<Record<RunStatus, number>>;
  bySlug: Record<string, number>;
  byQueue: Record<string, number>;
  byQueueStatus: Record<string, Partial<Record<RunStatus, number>>>;
}

export interface Snapshot {
  running: boolean;
  definitions: JobView[];
  schedules: ScheduleView[];
  queueLimits: QueueLimitState[];
  counts: Counts;
  /** Newest first, at most 100. */
  recent: RunView[];
}

export async function snapshotOf(opened: OpenedProject, running: boolean): Promise<Snapshot> {
  return {
    running,
    definitions: await listJobs(opened),
    schedules: await listSchedules(opened),
    queueLimits: await queueLimitStates(opened),
    counts: await countsOf(opened),
    recent: await listRuns(opened, { limit: RECENT }),
  };
}

/** Every queue that a job of the project uses or that has a limit. */
export async function queueLimitStates(opened: OpenedProject): Promise<QueueLimitState[]> {
  const { registry, config } = opened.project;
  const { byQueue } = await opened.read((db) => opened.store.countRunning(db));
  const names = new Set([...[...registry.jobs.values()].map((job) => job.queue), ...byQueue.keys()]);
  for (const [name, { concurrency }] of Object.entries(config.jobs.queues)) if (concurrency !== undefined) names.add(name);
  return [...names].sort().map((queue) => {
    const maxRunning = config.jobs.queues[queue]?.concurrency ?? null;
    const running = byQueue.get(queue) ?? 0;
    return { queue, maxRunning, running, available: maxRunning === null ? null : Math.max(maxRunning - running, 0) };
  });
}

async function countsOf(opened: OpenedProject): Promise<Counts> {
  const counts: Counts = { total: 0, byStatus: {}, bySlug: {}, byQueue: {}, byQueueStatus: {} };
  const { store } = opened;
  const [bySlug, byQueue] = await opened.read(function* (db: Db) {
    return [yield* store.countBy(db, 'slug'), yield* store.countBy(db, 'queue')] as const;
  });
  for (const { name, status, count } of bySlug) {
    counts.total += count;
    counts.byStatus[status] = (counts.byStatus[status] ?? 0) + count;
    counts.bySlug[name] = (counts.bySlug[name] ?? 0) + count;
  }
  for (const { name, status, count } of byQueue) {
    counts.byQueue[name] = (counts.byQueue[name] ?? 0) + count;
    const inQueue = counts.byQueueStatus[name] ?? {};
    counts.byQueueStatus[name] = inQueue;
    inQueue[status] = (inQueue[status] ?? 0) + count;
  }
  return counts;
}
