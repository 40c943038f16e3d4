/** What a job's `from` and `until` leave of its schedule. */
import type { JobDefinition } from '../domain/job.js';
import { nextTick, type Schedule } from '../domain/schedule.js';
import { iso } from './run-view.js';

/** The first instant after `at` that is neither in a gap nor outside the job's window; undefined when there is none. */
export function nextToRun({ dst, from, until }: Window, schedule: Schedule, at: number, timezone: string): number | undefined {
  const next = nextTick(schedule, Math.max(at, (from ?? at) - 1), timezone, dst);
  return next === undefined || next >= (until ?? Number.POSITIVE_INFINITY) ? undefined : next;
}

/** What of the job's definition narrows its schedule. */
export type Window = Pick<JobDefinition, 'dst' | 'from' | 'until'>;

export function windowNote({ from, until }: Window): string | undefined {
  const parts = [from !== undefined && `from ${iso(from)}`, until !== undefined && `until ${iso(until)}`].filter(Boolean);
  return parts.length === 0 ? undefined : `it is run ${parts.join(' ')} only`;
}
