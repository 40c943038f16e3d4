/**
 * What crap-cms alpha.8 makes of values of crap.jobs.define that it cannot take and does not complain about (jobs page 1.2): the default,
 * and of fractions the whole number. Where that is dangerous (an access rule that vanishes) or only this host knows the key, nothing is.
 */
import { numberOf } from '../domain/json.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import { numericText } from './job-values.js';

export interface Overlooked {
  value: unknown;
  /** For the warning. */
  words: string;
}

const U32 = 2 ** 32 - 1;
const NUMBERS: Readonly<Record<string, number>> = { retries: U32 - 1, timeout: Number.MAX_SAFE_INTEGER, concurrency: U32 };

/** What is taken for a value that was refused; undefined where the reference refuses it too, or where this host must. */
export function overlooked(key: string, value: LuaValue, fallback: unknown): Overlooked | undefined {
  const max = NUMBERS[key];
  if (max !== undefined) return numberIn(value, max) ?? standing(fallback);
  if (key === 'queue') return standing(fallback);
  // A number is read as its text, which is no schedule; other values are no schedule at all.
  if (key === 'schedule' && typeof value !== 'string' && numberOf(value) === undefined)
    return { value: undefined, words: 'the job has no schedule' };
  if (key === 'labels') return labelOf(value);
  return undefined;
}

const standing = (fallback: unknown): Overlooked => ({ value: fallback, words: `${JSON.stringify(fallback)}, the default, is taken` });

/** Of 2.9 and "2.9", 2. A timeout of nothing would end every run before its handler, so that it is as none. */
function numberIn(value: LuaValue, max: number): Overlooked | undefined {
  const number = typeof value === 'string' ? numericText(value) : numberOf(value);
  const whole = Math.trunc(number ?? Number.NaN);
  return whole >= 1 && whole <= max ? { value: whole, words: `${whole} is taken` } : undefined;
}

function labelOf(value: LuaValue): Overlooked {
  const singular = value instanceof LuaTable ? value.get('singular') : undefined;
  return typeof singular === 'string'
    ? { value: singular, words: `only 'singular' is read` }
    : { value: undefined, words: 'the job has no label' };
}
