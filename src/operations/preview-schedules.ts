/** What comes due within a time, over all schedules, in the order of time. */
import { holdsTicks } from '../domain/pause.js';
import { nextInstant, parseSchedule } from '../domain/schedule.js';
import { zoneOf } from './list-schedules.js';
import type { OpenedProject } from './open-project.js';

export interface UpcomingTick {
  at: string;
  slug: string;
  /** Why it will not be run, as far as that is known now. */
  skipped: 'paused' | 'outside_window' | 'dst_gap' | null;
}

/** The first `limit` instants within `withinMs` from now. */
export async function previewSchedules(opened: OpenedProject, withinMs: number, limit: number): Promise<UpcomingTick[]> {
  const now = opened.clock.now();
  const pauses = await opened.read((db) => opened.store.listPauses(db));
  const found: { at: number; slug: string; skipped: UpcomingTick['skipped'] }[] = [];
  for (const job of opened.project.registry.jobs.values()) {
    if (job.schedule === undefined) continue;
    const schedule = parseSchedule(job.schedule);
    const paused = pauses.some((pause) => holdsTicks(pause, job));
    const zone = zoneOf(opened, job);
    let instant = nextInstant(schedule, now, zone, job.dst);
    for (let n = 0; instant && instant.at <= now + withinMs && n < limit; n++) {
      const { at, gap } = instant;
      const outside = at < (job.from ?? at) || at >= (job.until ?? Number.POSITIVE_INFINITY);
      found.push({ at, slug: job.slug, skipped: gap ? 'dst_gap' : outside ? 'outside_window' : paused ? 'paused' : null });
      instant = nextInstant(schedule, at, zone, job.dst);
    }
  }
  found.sort((a, b) => a.at - b.at || (a.slug < b.slug ? -1 : 1));
  return found.slice(0, limit).map(({ at, ...rest }) => ({ at: new Date(at).toISOString(), ...rest }));
}
