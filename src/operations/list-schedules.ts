/** List schedules: every job that has one, with its next due instant. */
import type { JobDefinition } from '../domain/job.js';
import { holdsTicks } from '../domain/pause.js';
import { parseSchedule } from '../domain/schedule.js';
import type { OpenedProject } from './open-project.js';
import { iso } from './run-view.js';
import { nextToRun } from './schedule-window.js';

export interface ScheduleView {
  slug: string;
  schedule: string;
  timezone: string;
  /** Within its window; null when none is left. */
  next: string | null;
  /** The instant up to which the ledger accounts for it. */
  last: string | null;
  /** Itself, its job, its queue or everything. */
  paused: boolean;
}

export async function listSchedules(opened: OpenedProject): Promise<ScheduleView[]> {
  const now = opened.clock.now();
  const views: ScheduleView[] = [];
  const pauses = await opened.read((db) => opened.store.listPauses(db));
  const jobs = [...opened.project.registry.jobs.values()].filter((job) => job.schedule !== undefined);
  for (const job of jobs.sort((a, b) => (a.slug < b.slug ? -1 : 1))) {
    const timezone = zoneOf(opened, job);
    const paused = pauses.some((pause) => holdsTicks(pause, job));
    const last = await opened.read((db) => opened.store.lastTick(db, job.slug));
    const next = nextToRun(job, parseSchedule(job.schedule!), now, timezone);
    views.push({ slug: job.slug, schedule: job.schedule!, timezone, next: iso(next ?? null), last: iso(last ?? null), paused });
  }
  return views;
}

export function zoneOf(opened: OpenedProject, job: JobDefinition): string {
  return job.timezone ?? opened.project.moonlighter.jobs.timezone;
}
