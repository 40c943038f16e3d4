/** Wall-clock times of IANA zones, through Intl. */

const formats = new Map<string, Intl.DateTimeFormat | undefined>();

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(zone)) return formats.get(zone);
  let format: Intl.DateTimeFormat | undefined;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    format = undefined;
  }
  // Names come from data: a project that stores nonsense must not fill the memory.
  if (formats.size >= 1000) formats.clear();
  formats.set(zone, format);
  return format;
}

export function isKnownZone(zone: string): boolean {
  return formatOf(zone) !== undefined;
}

/** Wall clock minus UTC at an instant, in ms. */
function offsetAt(format: Intl.DateTimeFormat, instant: number): number {
  const parts: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(instant)) parts[type] = value;
  const year = parts['era']?.startsWith('B') ? 1 - Number(parts['year']) : Number(parts['year']);
  const wall = new Date(0);
  wall.setUTCFullYear(year, Number(parts['month']) - 1, Number(parts['day']));
  wall.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']));
  return wall.getTime() - Math.floor(instant / 1000) * 1000;
}

/**
 * The instant (epoch ms) at which the clocks of `zone` show a wall time, given as if it were UTC (epoch ms).
 * A time that comes twice is its earlier instant; `gap` = the clocks never show it; `unknown` = no such zone.
 */
export function instantInZone(wall: number, zone: string): number | 'gap' | 'unknown' {
  const format = formatOf(zone);
  if (!format) return 'unknown';
  const day = 86_400_000;
  let earliest: number | undefined;
  for (const around of [wall - day, wall, wall + day]) {
    const offset = offsetAt(format, around);
    const instant = wall - offset;
    if (offsetAt(format, instant) === offset && (earliest === undefined || instant < earliest)) earliest = instant;
  }
  return earliest ?? 'gap';
}
