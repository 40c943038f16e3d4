/** One schedule under watch, and the arithmetic of its instants. */
import type { DstPolicy, JobDefinition, MisfirePolicy } from '../domain/job.js';
import { countInstants, isTimeZone, lastInstant, nextInstant, parseSchedule, type Schedule } from '../domain/schedule.js';
import type { ScheduleEntry } from '../store/store.js';

/** The rules by which a job's instants are found. */
export interface Watched {
  job: JobDefinition;
  schedule: Schedule;
  zone: string;
  dst: DstPolicy | undefined;
  from: number;
  until: number;
  misfire: MisfirePolicy;
  /** Everything up to here is accounted for, as far as this host knows. */
  accounted: number;
  /** The next instant, those that are left out included. */
  next: number | undefined;
}

/** Consecutive instants. */
export interface Range {
  at: number;
  until: number;
  count: number;
}

/** `defaultMisfire`: of jobs that say nothing. */
export function watchedOf(job: JobDefinition, schedule: string, timezone: string, defaultMisfire: MisfirePolicy): Watched {
  return {
    job,
    schedule: parseSchedule(schedule),
    zone: job.timezone ?? timezone,
    dst: job.dst,
    from: job.from ?? Number.NEGATIVE_INFINITY,
    until: job.until ?? Number.POSITIVE_INFINITY,
    misfire: job.misfire ?? defaultMisfire,
    accounted: 0,
    next: undefined,
  };
}

/** The rules that an earlier entry of the schedule had; undefined when it had none, or its text is not read any more. */
export function watchedBefore(watched: Watched, entry: ScheduleEntry): Watched | undefined {
  if (entry.schedule === undefined || !isTimeZone(entry.timezone)) return undefined;
  try {
    const schedule = parseSchedule(entry.schedule, 0);
    const { timezone: zone, dst, from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = entry;
    return { ...watched, schedule, zone, dst, from, until };
  } catch {
    return undefined;
  }
}

export function entryOf(watched: Watched, since: number): ScheduleEntry {
  const { job, schedule, zone, dst, from, until } = watched;
  const finite = (at: number) => (Number.isFinite(at) ? at : undefined);
  return { slug: job.slug, since, schedule: schedule.text, timezone: zone, dst, from: finite(from), until: finite(until) };
}

export function sameRules(a: ScheduleEntry, b: ScheduleEntry): boolean {
  const rules = ({ schedule, timezone, dst, from, until }: ScheduleEntry) =>
    JSON.stringify([schedule, timezone, dst?.gap, dst?.overlap, from, until]);
  return rules(a) === rules(b);
}

/** The entry, where it is not what the host watches: a host with other definitions has started meanwhile. */
export function editedBy(watched: Watched, entry: ScheduleEntry | undefined): ScheduleEntry | undefined {
  return entry && !sameRules(entry, entryOf(watched, entry.since)) ? entry : undefined;
}

/** Instants t with after < t <= until; undefined when there is none. */
export function instantsWithin({ schedule, zone, dst }: Watched, after: number, until: number): Range | undefined {
  if (until <= after) return undefined;
  const first = nextInstant(schedule, after, zone, dst)?.at;
  if (first === undefined || first > until) return undefined;
  const last = lastInstant(schedule, first - 1, until, zone, dst) ?? first;
  return { at: first, until: last, count: first === last ? 1 : countInstants(schedule, first - 1, last, zone, dst) };
}

/** The newest instants t with after < t <= until that are to be run, ascending, at most `limit`: neither in a gap nor outside the window. */
export function runnable(watched: Watched, after: number, until: number, limit: number): number[] {
  const { schedule, zone, dst } = watched;
  const end = Math.min(until, watched.until - 1);
  const begin = Math.max(after, watched.from - 1);
  for (let width = 60_000; ; width *= 4) {
    const start = Math.max(end - width, begin);
    const found: number[] = [];
    for (let each = nextInstant(schedule, start, zone, dst); each && each.at <= end; each = nextInstant(schedule, each.at, zone, dst)) {
      if (!each.gap) found.push(each.at);
    }
    if (found.length >= limit || start <= begin) return limit === 0 ? [] : found.slice(-limit);
  }
}
