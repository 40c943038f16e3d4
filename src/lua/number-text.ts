/** Numbers to text and back as Lua itself does where a string is wanted (`%d`, `%.14g`) or a number. */
import type { Float } from '../domain/json.js';

/** `tostring` of a Lua number: integers in decimal, floats with 14 significant digits and `.0` when whole. */
export function luaNumberText(value: number | bigint | Float): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && Number.isInteger(value)) return String(value);
  const float = typeof value === 'number' ? value : value.value;
  // What arithmetic makes of 0/0 on the usual processors; the sign of a NaN cannot be seen from here.
  if (Number.isNaN(float)) return '-nan';
  if (!Number.isFinite(float)) return float > 0 ? 'inf' : '-inf';
  const text = general(float);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** C's `%.14g`. */
function general(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', power = '0'] = exponentialDigits(value, 13).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 14) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trim(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return trim(fixedDigits(value, Math.max(13 - exponent, 0)));
}

/** Digits looked at beyond the last one that is kept: a half is a half when only zeros follow. */
const GUARD = 30;

/** toExponential, with halves rounded to even as C does. `digits`: at most 70. */
export function exponentialDigits(value: number, digits: number): string {
  const [long = '', power = '0'] = value.toExponential(digits + GUARD).split('e');
  return isEvenHalf(long, GUARD) ? `${cut(long, GUARD)}e${power}` : value.toExponential(digits);
}

/** toFixed, with halves rounded to even as C does. `digits`: at most 70; `value` below 1e21. */
export function fixedDigits(value: number, digits: number): string {
  const long = value.toFixed(digits + GUARD);
  return isEvenHalf(long, GUARD) ? cut(long, GUARD) : value.toFixed(digits);
}

function isEvenHalf(long: string, guard: number): boolean {
  if (long[long.length - guard] !== '5' || !/^0+$/.test(long.slice(long.length - guard + 1))) return false;
  return Number(cut(long, guard).at(-1)) % 2 === 0;
}

function cut(long: string, guard: number): string {
  const text = long.slice(0, -guard);
  return text.endsWith('.') ? text.slice(0, -1) : text;
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A numeric text as Lua reads it (decimal or hexadecimal, blanks around it); undefined when it is none. */
export function parseLuaNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^[+-]?0[xX][0-9a-fA-F]+$/.test(trimmed)) {
    const negative = trimmed.startsWith('-');
    const value = Number(BigInt.asIntN(64, BigInt(trimmed.replace(/^[+-]/, ''))));
    return negative ? -value : value;
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)) return undefined;
  return Number(trimmed);
}
