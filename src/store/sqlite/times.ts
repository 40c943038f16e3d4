/** Instants: epoch milliseconds of ours, and the text that the reference writes and compares (`YYYY-MM-DD HH:MM:SS`, UTC). */

/** 9999-12-31T23:59:59Z: texts of later years do not compare, and far later ones are no dates. */
export const LAST_MS = 253_402_300_799_000;

export function toText(ms: number): string {
  return new Date(Math.min(ms, LAST_MS)).toISOString().slice(0, 19).replace('T', ' ');
}

/** Also reads the ISO form of later versions. Null stays null. */
export function fromText(text: unknown): number | null {
  if (typeof text !== 'string') return null;
  const iso = text.includes('T') ? text : `${text.replace(' ', 'T')}Z`;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? null : ms;
}

/** Epoch ms; null for what is no instant that a date can show. */
export function instantOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= LAST_MS ? value : null;
}
