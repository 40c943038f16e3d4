/** From a data value to what its column stores (Lua API 3.4). */
import { Float, type Json } from '../domain/json.js';
import { parseJson } from '../domain/json-text.js';
import type { SqlValue } from '../store/db.js';
import { normaliseDate } from './date.js';
import { refused } from './failure.js';
import { parseNumber } from './number-text.js';
import type { PlannedLeaf } from './plan.js';
import type { FieldDefinition } from './schema.js';
import { isNumber, isObject, textOf } from './value-text.js';

const CHECKED = new Set(['on', 'true', '1', 'yes']);
const WITHOUT_NUL = new Set(['text', 'textarea', 'email']);

/** `zone` belongs to dates with a timezone. Throws for a NUL byte in text, textarea and email. */
export function columnInput(leaf: PlannedLeaf, value: Json, zone?: string): SqlValue {
  const { field } = leaf;
  if (leaf.kind === 'checkbox') return isChecked(value) ? 1 : 0;
  if (leaf.kind === 'number') {
    const values = manyValues(field, value, parseJson);
    return values ? textOf(values)! : numberInput(value);
  }
  const text = textOf(field.hasMany && isList(value) ? listOf(value) : value);
  if (text === undefined || text === '') return null;
  if (field.type === 'date') return normaliseDate(text, zone);
  if (refusesNul(field, text)) {
    throw refused('CONTROL_CHARACTERS', `field '${leaf.key}' contains forbidden control characters`, { fields: { [leaf.key]: 'NUL' } });
  }
  return text;
}

/** Whether `columnInput` throws for a text because of a NUL byte. */
export function refusesNul({ type }: Pick<FieldDefinition, 'type'>, text: string): boolean {
  return WITHOUT_NUL.has(type) && text.includes('\0');
}

/** Exactly `true`, 1, 1.0 and the texts on, true, 1, yes. */
function isChecked(value: Json): boolean {
  if (typeof value === 'string') return CHECKED.has(value);
  if (value instanceof Float) return value.value === 1;
  return value === true || value === 1 || value === 1n;
}

/** A finite number, or NULL for anything that spells none; -0 is 0. */
function numberInput(value: Json): number | null {
  const number = isNumber(value)
    ? Number(value instanceof Float ? value.value : value)
    : typeof value === 'string'
      ? parseNumber(value)
      : undefined;
  return number === undefined || !Number.isFinite(number) ? null : number + 0;
}

/** A table given for a scalar has-many field: a list, or the empty table, which Lua cannot tell from an empty object. */
export function isList(value: Json | undefined): boolean {
  return Array.isArray(value) || (isObject(value) && Object.keys(value).length === 0);
}

export function listOf(value: Json): Json[] {
  return Array.isArray(value) ? value : [];
}

/** The values of a scalar has-many field given as a list or as JSON text; undefined when it is neither. */
export function manyValues(field: FieldDefinition, value: Json, parse: (text: string) => Json): Json[] | undefined {
  if (!field.hasMany) return undefined;
  if (isList(value)) return listOf(value);
  if (typeof value !== 'string') return undefined;
  try {
    const parsed = parse(value);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
