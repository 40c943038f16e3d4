/** C's printf of one number, as PUC Lua prints with it: flags, width, precision, and the conversions d i u o x X e E f F g G a A. */

import { exponentialDigits, fixedDigits } from '../../number-text.js';

/** What stands between `%` and the conversion. */
export interface Form {
  left: boolean;
  plus: boolean;
  blank: boolean;
  alternative: boolean;
  zero: boolean;
  width: number;
  precision: number | undefined;
}

/** The text of a number; `conversion` is one of those above, integers come as whole numbers. */
export function printNumber(form: Form, conversion: string, value: number): string {
  const lower = conversion.toLowerCase();
  const integral = 'diuox'.includes(lower);
  const negative = value < 0 || Object.is(value, -0) || (Number.isNaN(value) && !integral);
  const size = integral ? integerDigits(form, lower, value) : floatDigits(form, lower, Math.abs(value));
  const unsigned = lower === 'o' || lower === 'x' || lower === 'u';
  const showMinus = integral ? !unsigned && value < 0 : negative;
  const sign = showMinus ? '-' : unsigned ? '' : form.plus ? '+' : form.blank ? ' ' : '';
  let prefix = sign;
  let digits = size;
  if (/^0x/.test(digits)) {
    prefix += '0x';
    digits = digits.slice(2);
  }
  // An integer with a precision ignores the flag 0; so do inf and nan.
  const zeros = form.zero && !form.left && !(integral && form.precision !== undefined) && (integral || Number.isFinite(value));
  if (zeros) digits = digits.padStart(form.width - prefix.length, '0');
  const text = pad(form, prefix + digits);
  return conversion === lower ? text : text.toUpperCase();
}

/** Blanks up to the width. */
export function pad(form: Form, text: string): string {
  return form.left ? text.padEnd(form.width) : text.padStart(form.width);
}

function integerDigits(form: Form, conversion: string, value: number): string {
  let whole = BigInt(value);
  if (conversion === 'd' || conversion === 'i') whole = whole < 0n ? -whole : whole;
  else whole = BigInt.asUintN(64, whole);
  let digits = whole.toString(conversion === 'x' ? 16 : conversion === 'o' ? 8 : 10);
  if (form.precision !== undefined) digits = form.precision === 0 && whole === 0n ? '' : digits.padStart(form.precision, '0');
  if (form.alternative && whole !== 0n) {
    if (conversion === 'x') return `0x${digits}`;
    if (conversion === 'o' && !digits.startsWith('0')) return `0${digits}`;
  }
  return digits;
}

function floatDigits(form: Form, conversion: string, size: number): string {
  if (Number.isNaN(size)) return 'nan';
  if (!Number.isFinite(size)) return 'inf';
  if (conversion === 'a') return hexFloat(size, form.precision, form.alternative);
  const precision = form.precision ?? 6;
  if (conversion === 'f') return point(fixed(size, precision), form.alternative);
  if (conversion === 'e') return exponential(size, precision, form.alternative);
  const significant = precision === 0 ? 1 : precision;
  const exponent = size === 0 ? 0 : Number(toExponential(size, significant - 1).split('e')[1]);
  if (exponent < -4 || exponent >= significant) {
    const text = exponential(size, significant - 1, form.alternative);
    if (form.alternative) return text;
    const [mantissa = '', power] = text.split('e');
    return `${mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa}e${power}`;
  }
  const text = fixed(size, significant - 1 - exponent);
  if (form.alternative) return point(text, true);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function point(text: string, always: boolean): string {
  return always && !text.includes('.') ? `${text}.` : text;
}

/** Up to here halves are told apart; a precision has two digits at most. */
const EXACT = 70;

function toExponential(size: number, digits: number): string {
  return digits <= EXACT ? exponentialDigits(size, digits) : size.toExponential(digits);
}

/** Exact beyond 1e21 too, where toFixed gives an exponent. */
function fixed(size: number, digits: number): string {
  if (size < 1e21) return digits <= EXACT ? fixedDigits(size, digits) : size.toFixed(digits);
  const whole = BigInt(size).toString();
  return digits > 0 ? `${whole}.${'0'.repeat(digits)}` : whole;
}

function exponential(size: number, digits: number, alternative: boolean): string {
  const [mantissa = '', power = '0'] = toExponential(size, digits).split('e');
  const exponent = Number(power);
  return `${point(mantissa, alternative)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

const MANTISSA_BITS = 52n;

/** `%a`: a leading 1 (0 for zero), the shortest fraction unless a precision is given. */
function hexFloat(size: number, precision: number | undefined, alternative: boolean): string {
  if (size === 0) return `0x0${precision ? `.${'0'.repeat(precision)}` : alternative ? '.' : ''}p+0`;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> MANTISSA_BITS) & 0x7ffn);
  let lead = 1n;
  let fraction = bits & ((1n << MANTISSA_BITS) - 1n);
  let exponent = biased - 1023;
  if (biased === 0) {
    const shift = MANTISSA_BITS + 1n - BigInt(fraction.toString(2).length);
    fraction = (fraction << shift) & ((1n << MANTISSA_BITS) - 1n);
    exponent = -1022 - Number(shift);
  }
  let digits = 13;
  if (precision !== undefined && precision < 13) {
    const drop = BigInt(4 * (13 - precision));
    const all = (lead << MANTISSA_BITS) | fraction;
    const half = 1n << (drop - 1n);
    const rest = all & ((1n << drop) - 1n);
    let kept = all >> drop;
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
    lead = kept >> BigInt(4 * precision);
    fraction = kept & ((1n << BigInt(4 * precision)) - 1n);
    digits = precision;
  }
  let text = digits === 0 ? '' : fraction.toString(16).padStart(digits, '0');
  if (precision === undefined) text = text.replace(/0+$/, '');
  else text = text.padEnd(precision, '0');
  return `0x${lead}${text === '' ? (alternative ? '.' : '') : `.${text}`}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}
