/** Instants as projects write them: ISO 8601 texts; without a zone they are UTC, as everywhere in a project. */

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?$/;

/** Epoch ms; undefined for what is no ISO text or no day of the calendar (Date.parse takes February 30). */
export function parseInstant(text: string): number | undefined {
  const [match, year, month, day] = ISO.exec(text.trim()) ?? [];
  if (match === undefined) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCDate() !== Number(day)) return undefined;
  const iso = match.replace(/[t ]/, 'T').replace(/z$/, 'Z');
  const at = Date.parse(!iso.includes('T') || /(?:Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`);
  return Number.isNaN(at) ? undefined : at;
}
