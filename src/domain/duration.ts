/** Durations as projects write them (jobs page 6): whole seconds, or "30s", "5m", "2h", "7d"; ours also take "250ms". */
import { HostError } from './errors.js';

const UNITS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;
type Unit = keyof typeof UNITS;

/** Longer spans are not instants of a date any more. */
const MAX_SECONDS = 100_000_000 * 86_400;

/** Code DURATION_INVALID; the message is the reference's text. */
export class DurationError extends HostError {
  constructor(message: string) {
    super('DURATION_INVALID', message, { remedy: 'write one number with one unit, for example "30s", "5m", "2h" or "7d"' });
  }
}

/** Seconds from the reference's form: a whole number of seconds, or digits with at most one of s, m, h, d. Throws DurationError. */
export function parseDuration(value: number | bigint | string): number {
  return parse(value, /^\+?(\d+)([smhd]?)$/, 'use an integer (seconds) or a string like "30s", "5m", "2h", "7d"', true);
}

/** Seconds, fractional where need be, from our form: that of the reference, fractions, and the unit ms. Throws DurationError. */
export function parsePreciseDuration(value: number | bigint | string): number {
  return parse(
    value,
    /^\+?(\d+(?:\.\d+)?)(ms|[smhd]?)$/,
    'use a number (seconds) or a string like "250ms", "30s", "5m", "2h", "7d"',
    false,
  );
}

function parse(value: number | bigint | string, form: RegExp, expected: string, whole: boolean): number {
  const invalid = () => new DurationError(`invalid duration '${value}': ${expected}`);
  if (typeof value !== 'string') {
    const seconds = Number(value);
    if (!(seconds >= 0 && seconds <= MAX_SECONDS) || (whole && !Number.isInteger(seconds))) throw invalid();
    return seconds;
  }
  const match = form.exec(value.trim());
  if (!match) throw invalid();
  const [, digits, unit] = match;
  // Milliseconds are divided: 250 * 0.001 would not be 0.25 for every number.
  const seconds = unit === 'ms' ? Number(digits) / 1000 : Number(digits) * UNITS[(unit || 's') as Unit];
  if (seconds > MAX_SECONDS) throw invalid();
  return seconds;
}
