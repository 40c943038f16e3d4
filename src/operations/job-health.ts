/** The health of the job system, by the reference's rules (jobs page 7.6). */
import type { OpenedProject } from './open-project.js';
import { iso } from './run-view.js';

const FAILED_WITHIN_MS = 86_400_000;
const PENDING_LIMIT_MS = 300_000;

export interface JobHealth {
  status: 'healthy' | 'warning' | 'unhealthy';
  /** Jobs. */
  defined: number;
  /** Running runs whose heartbeat is older than three of [jobs] heartbeat_interval, or missing. */
  stale: { id: string; slug: string; started_at: string | null; heartbeat_at: string | null }[];
  failed_24h: number;
  /** Runs that have been pending for more than five minutes. */
  pending_5m: number;
  /** Scheduled jobs that never completed. */
  no_runs: string[];
}

export async function jobHealth(opened: OpenedProject): Promise<JobHealth> {
  const { registry, config } = opened.project;
  const now = opened.clock.now();
  const figures = await opened.read((db) =>
    opened.store.healthFigures(db, {
      staleBefore: now - 3 * config.jobs.heartbeat_interval * 1000,
      failedAfter: now - FAILED_WITHIN_MS,
      pendingBefore: now - PENDING_LIMIT_MS,
    }),
  );
  const scheduled = [...registry.jobs.values()].filter((job) => job.schedule !== undefined).map((job) => job.slug);
  const noRuns = scheduled.filter((slug) => !figures.completedSlugs.has(slug)).sort();
  const warned = figures.failed > 0 || figures.pending > 0 || noRuns.length > 0;
  return {
    status: figures.stale.length > 0 ? 'unhealthy' : warned ? 'warning' : 'healthy',
    defined: registry.jobs.size,
    stale: figures.stale.map(({ id, slug, startedAt, heartbeatAt }) => ({
      id,
      slug,
      started_at: iso(startedAt),
      heartbeat_at: iso(heartbeatAt),
    })),
    failed_24h: figures.failed,
    pending_5m: figures.pending,
    no_runs: noRuns,
  };
}
