/** The next due instants of one job's schedule. */
import { NotFoundError } from '../domain/errors.js';
import { nextTick, parseSchedule, scheduleNote } from '../domain/schedule.js';
import { jobBySlug } from './find-job.js';
import { zoneOf } from './list-schedules.js';
import type { OpenedProject } from './open-project.js';

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
  const { dst } = job;
  const next: string[] = [];
  let at: number | undefined = opened.clock.now();
  while (next.length < count) {
    at = nextTick(schedule, at, timezone, dst);
    if (at === undefined) break;
    next.push(new Date(at).toISOString());
  }
  return { slug, schedule: job.schedule, timezone, next, note: scheduleNote(schedule) ?? null };
}
