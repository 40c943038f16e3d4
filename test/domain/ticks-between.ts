/** The due instants of a stretch of time, by the schedule's own steps. */
import type { DstPolicy } from '../../src/domain/job.js';
import { nextTick, type Schedule } from '../../src/domain/schedule.js';

/** Due instants t with after < t <= until that are to be run, ascending; the first `limit` of them. */
export function ticksBetween(
  schedule: Schedule,
  after: number,
  until: number,
  timeZone: string,
  limit = Number.POSITIVE_INFINITY,
  dst?: DstPolicy,
): number[] {
  const ticks: number[] = [];
  let at = nextTick(schedule, after, timeZone, dst);
  while (at !== undefined && at <= until && ticks.length < limit) {
    ticks.push(at);
    at = nextTick(schedule, at, timeZone, dst);
  }
  return ticks;
}
