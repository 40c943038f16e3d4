/** Kinds of values (Lua API 10.5): generation 10 refuses what a field would have to bend or drop. */
import { Float, type Json } from '../../domain/json.js';
import { parseJson } from '../../domain/json-text.js';
import { isList } from '../coerce.js';
import type { Generation } from '../generation.js';
import type { FieldDefinition } from '../schema.js';
import { isNumber, isObject } from '../value-text.js';

const TEXTS = new Set(['text', 'textarea', 'email', 'code']);
const TRUTHS = new Set(['', 'true', 'false', '1', '0', 'yes', 'no', 'on', 'off']);

/** `value` is not null. Numbers pass for texts, as everywhere in Lua. */
export function* kind(field: FieldDefinition, value: Json, generation: Generation): Generator<string> {
  if (generation !== 10) return;
  const { name, type } = field;
  if (type !== 'array' && type !== 'blocks' && holdsNul(value)) yield `${name} contains forbidden control characters`;
  if (field.integer && !wholeNumbers(field, value)) yield `${name} must be a whole number`;
  if (type === 'checkbox' && !isTruth(value)) yield `${name} must be true or false`;
  else if (TEXTS.has(type)) yield* texts(field, value);
  else if (type === 'richtext' && typeof value !== 'string' && !(isObject(value) && value['type'] === 'doc')) {
    yield `${name} must be a text or a document ({ type = "doc", … })`;
  } else if (type === 'relationship' || type === 'upload') yield* references(field, value);
  else if ((type === 'array' || type === 'blocks') && !isList(value) && value !== '') yield `${name} must be a list of rows`;
}

/** A group given as something else: nothing of it would be stored. */
export function* group(name: string, value: Json | undefined, generation: Generation): Generator<string> {
  if (generation !== 10 || value === undefined || value === null || value === '') return;
  if (!isObject(value) && !isList(value)) yield `${name} must be a table of its fields`;
  else if (Array.isArray(value) && value.length > 0) yield `${name} must be a table of its fields, not a list`;
}

function* texts({ name, hasMany }: FieldDefinition, value: Json): Generator<string> {
  const isText = (entry: Json) => typeof entry === 'string' || isNumber(entry);
  if (!hasMany) {
    if (!isText(value)) yield `${name} must be a text`;
  } else if (Array.isArray(value) ? !value.every(isText) : typeof value !== 'string' && !isList(value))
    yield `${name} must be a list of texts`;
}

function* references({ name, relationship }: FieldDefinition, value: Json): Generator<string> {
  if (relationship?.hasMany) {
    const list = Array.isArray(value) ? value.every((entry) => typeof entry === 'string') : typeof value === 'string' || isList(value);
    if (!list) yield `${name} must be a list of document ids`;
  } else if (typeof value !== 'string') yield `${name} must be the id of a document`;
}

function isTruth(value: Json): boolean {
  if (typeof value === 'boolean') return true;
  const number = value instanceof Float ? value.value : value;
  return number === 0 || number === 1 || (typeof value === 'string' && TRUTHS.has(value));
}

/** What is no number at all is judged elsewhere. */
function wholeNumbers({ hasMany }: FieldDefinition, value: Json): boolean {
  const whole = (entry: Json) => {
    const number = isNumber(entry) ? Number(entry) : typeof entry === 'string' ? Number(entry) : Number.NaN;
    return !Number.isFinite(number) || Number.isInteger(number);
  };
  if (!hasMany) return whole(value);
  if (Array.isArray(value)) return value.every(whole);
  if (typeof value !== 'string') return whole(value);
  try {
    const list = parseJson(value);
    return Array.isArray(list) ? list.every(whole) : whole(value);
  } catch {
    return true;
  }
}

function holdsNul(value: Json): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null || value instanceof Float) return false;
  return Object.entries(value).some(([key, entry]) => key.includes('\0') || holdsNul(entry));
}
