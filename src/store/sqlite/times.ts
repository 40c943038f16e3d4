/** Instants: epoch milliseconds of ours, and the text that the reference writes and compares (`YYYY-MM-DD HH:MM:SS`, UTC). */

export function toText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/** Also reads the ISO form of later versions. Null stays null. */
export function fromText(text: unknown): number | null {
  if (typeof text !== 'string') return null;
  const iso = text.includes('T') ? text : `${text.replace(' ', 'T')}Z`;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? null : ms;
}
