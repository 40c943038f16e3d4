/** Values of a job's definition table: texts, whole numbers, function references, read as Lua and the reference read them, or refused. */

import type { FunctionRef } from '../domain/job.js';
import { type Json, numberOf } from '../domain/json.js';
import { luaToJson } from '../lua/json.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';

/** A value that cannot be taken; the message says what was expected and found. */
export class BadValue extends Error {
  readonly remedy: string | undefined;
  /** Why, where the reference's text does not say it: lists of problems show it behind the message, a script finds it in the details. */
  readonly reason: string | undefined;
  constructor(message: string, remedy?: string, reason?: string) {
    super(message);
    this.remedy = remedy;
    this.reason = reason;
  }
}

/** `string "5m"`, `a function`, `integer 0`. */
export function shown(value: LuaValue): string {
  const type = luaTypeName(value);
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`;
  const number = numberOf(value);
  return number === undefined ? type : `${type} ${number}`;
}

/** Texts, and numbers as Lua prints them. */
export function textOf(key: string, value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (numberOf(value) !== undefined) return String(value);
  throw new BadValue(`Job config key '${key}' expected a string, got ${shown(value)}`);
}

/** Whole numbers, also as floats ("3.0") and as numeric texts ("3", "0x10"), from `min` to `max`. */
export function wholeNumber(key: string, value: LuaValue, min: number, max: number, unit = ''): number {
  const number = typeof value === 'string' ? numericText(value) : numberOf(value);
  if (number !== undefined && Number.isInteger(number) && number >= min && number <= max) return number;
  const range = max < Number.MAX_SAFE_INTEGER ? ` from ${min} to ${max}` : ` of at least ${min}`;
  const remedy =
    typeof value === 'string' && /^\d+(ms|[smhd])$/.test(value.trim()) ? 'write the number of seconds without a unit' : undefined;
  throw new BadValue(`Job config key '${key}' expected a whole number${unit}${range}, got ${shown(value)}`, remedy);
}

/** The number that Lua reads in a text; undefined for none. */
export function numericText(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?(0[xX][0-9a-fA-F]+|\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+)$/.test(trimmed)) return undefined;
  const [, sign, digits] = /^([+-]?)(.*)$/.exec(trimmed)!;
  return (sign === '-' ? -1 : 1) * Number(digits);
}

/** The reference's text for booleans, which says "Field" for jobs too (jobs page 1.3). */
export function flagOf(key: string, value: LuaValue): boolean {
  if (typeof value === 'boolean') return value;
  throw new BadValue(`runtime error: Field config key '${key}' expected a boolean, got ${luaTypeName(value)}`);
}

/** `"jobs.cleanup.run"`, or `{ ref = "jobs.cleanup.run", options = … }`; undefined for what is neither. */
export function functionRef(key: string, value: LuaValue): FunctionRef | undefined {
  if (value instanceof LuaTable) return refTable(key, value);
  const text = typeof value === 'string' || numberOf(value) !== undefined ? String(value) : '';
  return text === '' ? undefined : { ref: text };
}

function refTable(key: string, table: LuaTable): FunctionRef | undefined {
  const ref = table.get('ref');
  if (typeof ref !== 'string' || ref === '') return undefined;
  for (const inner of table.entries.keys()) {
    if (inner !== 'ref' && inner !== 'options')
      throw new BadValue(`Job config key '${key}' takes only 'ref' and 'options', got '${String(inner)}'`);
  }
  const options = table.get('options');
  if (options === undefined) return { ref };
  const json: Json = luaToJson(options);
  return { ref, options: json };
}
