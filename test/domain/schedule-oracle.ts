/** An independent reading of cron fields: matches an instant by the wall clock that Intl shows, second by second. */
const NAMES: Record<string, number> = {};
for (const [index, name] of ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'].entries()) NAMES[name] = index;

const formats = new Map<string, Intl.DateTimeFormat>();

export interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  weekday: number;
}

export function wallTime(at: number, timeZone: string): WallTime {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const number = (type: string) => Number(parts[type]);
  return {
    year: number('year'),
    month: number('month'),
    day: number('day'),
    hour: number('hour'),
    minute: number('minute'),
    second: number('second'),
    weekday: NAMES[parts['weekday']!.toLowerCase()]!,
  };
}

/** One field of plain numbers: `*`, `a`, `a-b`, `a,b`, each with `/n`. */
function matchesField(field: string, value: number, min: number, max: number): boolean {
  return field.split(',').some((item) => {
    const [span = '', step] = item.split('/');
    const [from, to] = span === '*' ? [min, max] : span.split('-').map(Number);
    const last = to ?? (step === undefined ? from! : max);
    return value >= from! && value <= last && (value - from!) % Number(step ?? 1) === 0;
  });
}

/** Whether the instant's wall time matches six fields (seconds first). */
export function matches(expression: string, at: number, timeZone: string): boolean {
  const [second, minute, hour, day, month, weekday] = expression.split(' ') as [string, string, string, string, string, string];
  const wall = wallTime(at, timeZone);
  const dayMatches = matchesField(day, wall.day, 1, 31);
  const weekdayMatches = matchesField(weekday, wall.weekday, 0, 6) || (wall.weekday === 0 && matchesField(weekday, 7, 0, 6));
  const either = !day.startsWith('*') && !weekday.startsWith('*');
  return (
    matchesField(second, wall.second, 0, 59) &&
    matchesField(minute, wall.minute, 0, 59) &&
    matchesField(hour, wall.hour, 0, 23) &&
    matchesField(month, wall.month, 1, 12) &&
    (either ? dayMatches || weekdayMatches : dayMatches && weekdayMatches)
  );
}
