/** The instants that crap.util.date_parse reads (Lua API 2.8): RFC 3339, `Y-m-d H:M:S` and `Y-m-d` in UTC. */

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:([Zz])|([+-])(\d\d):(\d\d))$/;
const NAIVE = /^([+-]?\d{1,6})-(\d{1,2})-(\d{1,2})(?: +(\d{1,2}):(\d{1,2}):(\d{1,2}))?$/;

/** Unix seconds (fractions cut), or undefined when the text is none of the three forms or no date of the calendar. */
export function parseDate(text: string): number | undefined {
  const zoned = RFC3339.exec(text);
  if (zoned) {
    const local = instant(zoned.slice(1, 7).map(Number));
    if (local === undefined || zoned[7] !== undefined) return local;
    const [hours, minutes] = [Number(zoned[9]), Number(zoned[10])];
    if (hours > 23 || minutes > 59) return undefined;
    const offset = (hours * 60 + minutes) * 60;
    return zoned[8] === '-' ? local + offset : local - offset;
  }
  const naive = NAIVE.exec(text);
  return naive ? instant(naive.slice(1, 7).map((part) => Number(part ?? 0))) : undefined;
}

function instant(parts: readonly number[]): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  // A leap second has the instant of the second before it.
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + Math.min(second, 59);
}
