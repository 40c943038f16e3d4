/** Scalar has-many fields: lists given as tables or as JSON text, judged alike. */
import type { Json } from '../../domain/json.js';
import { parseJson } from '../../domain/json-text.js';
import { isList, manyValues } from '../coerce.js';
import { parseNumber } from '../number-text.js';
import type { FieldDefinition } from '../schema.js';
import { isNumber, textOf } from '../value-text.js';
import { bounds, characters } from './scalar.js';

export function* manyOptions(field: FieldDefinition, value: Json): Generator<string> {
  if ((field.type !== 'select' && field.type !== 'radio') || field.options.length === 0 || !field.hasMany) return;
  if (value === null || value === '') return;
  const values = manyValues(field, value, parseJson);
  if (!values?.every((entry) => typeof entry === 'string')) {
    yield `${field.name} has invalid multi-select value (malformed JSON)`;
    return;
  }
  for (const entry of values) {
    if (!field.options.some((option) => option.value === entry)) yield `${field.name} has an invalid option: ${textOf(entry)}`;
  }
}

const CHECKED = new Set(['text', 'number', 'select', 'radio']);

/** Bounds of the single values and, for JSON text, their number. Text that is no list passes. */
export function* manyBounds(field: FieldDefinition, value: Json): Generator<string> {
  if (!field.hasMany || !CHECKED.has(field.type)) return;
  const { name, minRows, maxRows } = field;
  const values = field.type === 'number' && isNumber(value) ? [value] : manyValues(field, value, parseJson);
  if (!values) {
    // Neither a list nor a number: it would be stored as nothing.
    if (field.type === 'number' && typeof value === 'string' && value !== '' && !Number.isFinite(parseNumber(value) ?? Number.NaN)) {
      yield `${name} must be a number`;
    }
    return;
  }
  for (const entry of values) {
    if (field.type === 'number') yield* numberEntry(field, entry);
    else yield* textEntry(field, entry);
  }
  if (isList(value)) return;
  if (minRows !== undefined && values.length < minRows) yield `${name} must have at least ${minRows} values`;
  if (maxRows !== undefined && values.length > maxRows) yield `${name} must have at most ${maxRows} values`;
}

function* numberEntry(field: FieldDefinition, entry: Json): Generator<string> {
  const label = `${field.name}: ${textOf(entry) ?? 'null'}`;
  const given = isNumber(entry) ? Number(entry) : typeof entry === 'string' ? parseNumber(entry) : undefined;
  if (given === undefined || !Number.isFinite(given)) yield `${label} must be a number`;
  else yield* bounds(label, given, field.min, field.max);
}

function* textEntry(field: FieldDefinition, entry: Json): Generator<string> {
  const { name, minLength, maxLength } = field;
  const text = textOf(entry);
  if (text === undefined) return;
  const count = characters(text);
  if (minLength !== undefined && count < minLength) yield `${name}: '${text}' must be at least ${minLength} characters`;
  if (maxLength !== undefined && count > maxLength) yield `${name}: '${text}' must be at most ${maxLength} characters`;
}
