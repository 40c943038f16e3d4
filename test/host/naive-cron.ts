/** An independent evaluation of five-field cron texts: every minute of the time asked for is looked at through Intl. Slow and plain. */

function matches(field: string, value: number, min: number, max: number): boolean {
  return field.split(',').some((item) => {
    const [range, step] = item.split('/') as [string, string | undefined];
    const [low, high] =
      range === '*' ? [min, max] : range.includes('-') ? range.split('-').map(Number) : [Number(range), step ? max : Number(range)];
    return value >= low! && value <= high! && (value - low!) % Number(step ?? 1) === 0;
  });
}

/** Local minutes of a zone at the instants where its offset may change: offsets are looked up once in a quarter of an hour. */
function offsets(zone: string) {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const known = new Map<number, number>();
  return (at: number): number => {
    const quarter = Math.floor(at / 900_000);
    let offset = known.get(quarter);
    if (offset === undefined) {
      const text = format.formatToParts(quarter * 900_000).find((part) => part.type === 'timeZoneName')!.value;
      const [, sign, hours, minutes] = /GMT(?:([+-])(\d+):(\d+))?/.exec(text)!;
      offset = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
      known.set(quarter, offset);
    }
    return offset;
  };
}

/** Which values of each field match, looked up by every minute. */
function reader(expression: string): (wall: Date) => boolean {
  const [minute, hour, day, month, weekday] = expression.split(' ') as [string, string, string, string, string];
  const table = (field: string, min: number, max: number) =>
    Array.from({ length: max + 1 }, (_, value) => value >= min && matches(field, value, min, max));
  const [minutes, hours, days, months, weekdays] = [
    table(minute, 0, 59),
    table(hour, 0, 23),
    table(day, 1, 31),
    table(month, 1, 12),
    table(weekday, 0, 7),
  ];
  weekdays[0] ||= weekdays[7]!;
  const either = !day.startsWith('*') && !weekday.startsWith('*');
  return (wall) => {
    if (!minutes[wall.getUTCMinutes()] || !hours[wall.getUTCHours()] || !months[wall.getUTCMonth() + 1]) return false;
    const [onDay, onWeekday] = [days[wall.getUTCDate()]!, weekdays[wall.getUTCDay()]!];
    return either ? onDay || onWeekday : onDay && onWeekday;
  };
}

/** Instants t with from < t <= until: skipped wall times as much later as the clock jumped, repeated ones twice. */
export function naiveInstants(expression: string, zone: string, from: number, until: number): number[] {
  const offset = offsets(zone);
  const comesAt = reader(expression);
  const found = new Set<number>();
  let before = offset(from);
  for (let at = Math.floor(from / 60_000) * 60_000; at <= until; at += 60_000) {
    const now = offset(at);
    for (let wall = at + before; now > before && wall < at + now; wall += 60_000) {
      if (comesAt(new Date(wall)) && wall - before > from && wall - before <= until) found.add(wall - before);
    }
    before = now;
    if (at > from && comesAt(new Date(at + now))) found.add(at);
  }
  return [...found].sort((a, b) => a - b);
}
