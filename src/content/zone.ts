/** Wall-clock times that documents name together with a zone, as instants. */
import { wallClock } from '../domain/schedule-zone.js';

const DAY_MS = 86_400_000;

/** Whether this runtime knows the zone; unlike those of schedules also a fixed offset ("+02:00"). */
export function isKnownZone(zone: string): boolean {
  return clockOf(zone) !== undefined;
}

/**
 * The instant (epoch ms) at which the clocks of `zone` show a wall time, given as if it were UTC (epoch ms).
 * A time that comes twice is its earlier instant; `gap` = the clocks never show it; `unknown` = no such zone.
 */
export function instantInZone(wall: number, zone: string): number | 'gap' | 'unknown' {
  const clock = clockOf(zone);
  if (!clock) return 'unknown';
  let earliest: number | undefined;
  for (const around of [wall - DAY_MS, wall, wall + DAY_MS]) {
    const offset = clock.offset(around);
    const instant = wall - offset;
    if (clock.offset(instant) === offset && (earliest === undefined || instant < earliest)) earliest = instant;
  }
  return earliest ?? 'gap';
}

function clockOf(zone: string): ReturnType<typeof wallClock> | undefined {
  try {
    return wallClock(zone);
  } catch {
    return undefined;
  }
}
