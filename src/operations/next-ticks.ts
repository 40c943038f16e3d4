/** The next due instants of one job's schedule. */
import { NotFoundError } from '../domain/errors.js';
import { parseSchedule, scheduleNote } from '../domain/schedule.js';
import { jobBySlug } from './find-job.js';
import { zoneOf } from './list-schedules.js';
import type { OpenedProject } from './open-project.js';
import { nextToRun, windowNote } from './schedule-window.js';

export interface NextTicks {
  slug: string;
  schedule: string;
  timezone: string;
  /** ISO instants, soonest first. */
  next: string[];
  /** What a reader of the expression may not expect. */
  note: string | null;
}

/** NotFoundError JOB_NOT_DEFINED, or SCHEDULE_NONE for a job without a schedule. */
export function nextTicks(opened: OpenedProject, slug: string, count: number): NextTicks {
  const job = jobBySlug(opened.project.registry, slug);
  if (job.schedule === undefined) {
    throw new NotFoundError('SCHEDULE_NONE', `Job '${slug}' has no schedule`, {
      remedy: 'give its definition one, like schedule = "0 8 * * 1"',
      details: { slug },
    });
  }
  const timezone = zoneOf(opened, job);
  const schedule = parseSchedule(job.schedule);
  const next: string[] = [];
  let at: number | undefined = opened.clock.now();
  while (next.length < count) {
    at = nextToRun(job, schedule, at, timezone);
    if (at === undefined) break;
    next.push(new Date(at).toISOString());
  }
  const note = [scheduleNote(schedule), windowNote(job)].filter((text) => text !== undefined).join('; ');
  return { slug, schedule: job.schedule, timezone, next, note: note === '' ? null : note };
}
