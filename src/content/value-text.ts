/** The text form of data values (Lua API 7.3): a string is itself, anything else its JSON text. */
import { Float, formatPlain, type Json } from '../domain/json.js';
import { stringifyJson } from '../domain/json-text.js';

/** undefined for null and absent values. */
export function textOf(value: Json | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : stringifyJson(value);
}

/** A number in Rust's form, without exponent and `.0`: filter values, and the flat copies of group leaves. */
export function plainNumberText(value: number | bigint | Float): string {
  if (typeof value === 'bigint') return value.toString();
  return formatPlain(value instanceof Float ? value.value : value);
}

export function isNumber(value: unknown): value is number | bigint | Float {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;
}

/** A JSON object, not a list and not a number. */
export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Float);
}
