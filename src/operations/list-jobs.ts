/** List jobs: every definition with the summary of its newest runs. */
import { noRuns, type RunStatus } from '../domain/run.js';
import type { OpenedProject } from './open-project.js';

/** The reference's figure. */
const RECENT = 5;

export interface JobView {
  slug: string;
  label: string | null;
  handler: string;
  schedule: string | null;
  timezone: string | null;
  queue: string;
  retries: number;
  timeout: number;
  concurrency: number;
  skip_if_running: boolean;
  priority: number;
  transaction: boolean | 'immediate';
  file: string | null;
  line: number | null;
  /** Counts by status of the newest five runs. */
  recent: Record<RunStatus, number>;
}

/** Sorted by slug. */
export async function listJobs(opened: OpenedProject): Promise<JobView[]> {
  const recent = await opened.read((db) => opened.store.recentRuns(db, RECENT));
  return [...opened.project.registry.jobs.values()]
    .sort((a, b) => (a.slug < b.slug ? -1 : 1))
    .map((job) => ({
      slug: job.slug,
      label: job.label ?? null,
      handler: job.handler.ref,
      schedule: job.schedule ?? null,
      timezone: job.schedule === undefined ? null : (job.timezone ?? opened.project.moonlighter.jobs.timezone),
      queue: job.queue,
      retries: job.retries,
      timeout: job.timeout,
      concurrency: job.concurrency,
      skip_if_running: job.skipIfRunning,
      priority: job.priority,
      transaction: job.transaction,
      file: job.file ?? null,
      line: job.line ?? null,
      recent: recent.get(job.slug) ?? noRuns(),
    }));
}
