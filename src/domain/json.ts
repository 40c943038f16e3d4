/**
 * Values as scripts, JSON and SQL share them. JavaScript has one number type, Lua and JSON texts have two, so:
 * a `number` that is a whole number is an INTEGER; a `number` with a fraction is a float; a float that is whole
 * (1.0, -0.0), infinite, NaN or outside the safe range is a `Float`; an integer beyond 2^53 is a `bigint`.
 */

/** A float whose value JavaScript could not tell from an integer (12.0), or any float made explicitly. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  valueOf(): number {
    return this.value;
  }
  toString(): string {
    return formatFloat(this.value);
  }
}

export type JsonScalar = null | boolean | number | bigint | Float | string;
export type Json = JsonScalar | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** The canonical form of a float: a plain number where that is unambiguous, else a `Float`. */
export function float(value: number): number | Float {
  return Number.isInteger(value) || !Number.isFinite(value) ? new Float(value) : value;
}

/** The numeric value of any number form, or undefined when it is no number. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value instanceof Float) return value.value;
  if (typeof value === 'bigint') return Number(value);
  return undefined;
}

/** A float as JSON and the reference print it: shortest that reads back, `.0` when whole, exponent from 1e16 and below 1e-5. */
export function formatFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e16 || (magnitude !== 0 && magnitude < 1e-5)) {
    return value.toExponential();
  }
  const text = expandExponent(value);
  return /[.]/.test(text) ? text : `${text}.0`;
}

/** Decimal text without an exponent, as Rust prints an f64 (`1e21` -> `1000000000000000000000`, `1.0` -> `1`). */
export function formatPlain(value: number): string {
  if (Object.is(value, -0)) return '-0';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return expandExponent(value);
}

function expandExponent(value: number): string {
  const text = String(value);
  const at = text.indexOf('e');
  if (at < 0) return text;
  const exponent = Number(text.slice(at + 1));
  const negative = text.startsWith('-');
  const mantissa = text.slice(negative ? 1 : 0, at);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  const point = whole.length + exponent;
  const body =
    point <= 0
      ? `0.${'0'.repeat(-point)}${digits}`
      : point >= digits.length
        ? digits + '0'.repeat(point - digits.length)
        : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${body}` : body;
}
