/** Numbers to text and back as Lua itself does where a string is wanted (`%d`, `%.14g`) or a number. */
import type { Float } from '../domain/json.js';

/** `tostring` of a Lua number: integers in decimal, floats with 14 significant digits and `.0` when whole. */
export function luaNumberText(value: number | bigint | Float): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && Number.isInteger(value)) return String(value);
  const float = typeof value === 'number' ? value : value.value;
  if (Number.isNaN(float)) return Object.is(float, Number.NaN) ? 'nan' : '-nan';
  if (!Number.isFinite(float)) return float > 0 ? 'inf' : '-inf';
  const text = general(float);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** C's `%.14g`. */
function general(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', power = '0'] = value.toExponential(13).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 14) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trim(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return trim(value.toFixed(Math.max(13 - exponent, 0)));
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
