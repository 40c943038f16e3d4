/** Length, numbers, e-mail addresses and options of a single value. Values that are no text are judged by their text. */
import { formatPlain, type Json } from '../../domain/json.js';
import { type Generation, refusesNonNumbers } from '../generation.js';
import { parseNumber } from '../number-text.js';
import type { FieldDefinition } from '../schema.js';
import { isNumber, textOf } from '../value-text.js';

/** Counts characters, not bytes. */
export function* length(field: FieldDefinition, value: Json): Generator<string> {
  const { name, minLength, maxLength, hasMany } = field;
  if (hasMany || (minLength === undefined && maxLength === undefined)) return;
  const text = textOf(value);
  if (text === undefined || text === '') return;
  const count = characters(text);
  if (minLength !== undefined && count < minLength) yield `${name} must be at least ${minLength} characters`;
  if (maxLength !== undefined && count > maxLength) yield `${name} must be at most ${maxLength} characters`;
}

export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

export function* number(field: FieldDefinition, value: Json, generation: Generation): Generator<string> {
  const { name, type, min, max, hasMany } = field;
  if (hasMany || (type !== 'number' && min === undefined && max === undefined)) return;
  if (value === null || value === '') return;
  const given = isNumber(value) ? Number(value) : typeof value === 'string' ? parseNumber(value) : undefined;
  if (given === undefined) {
    if (type === 'number' && (typeof value === 'string' || refusesNonNumbers(generation))) yield `${name} must be a number`;
    return;
  }
  if (!Number.isFinite(given)) yield `${name} must be a finite number`;
  else yield* bounds(name, given, min, max);
}

/** Bounds print as they are: 5, 2.5. */
export function* bounds(name: string, value: number, min: number | undefined, max: number | undefined): Generator<string> {
  if (min !== undefined && value < min) yield `${name} must be at least ${formatPlain(min)}`;
  if (max !== undefined && value > max) yield `${name} must be at most ${formatPlain(max)}`;
}

export function* email(field: FieldDefinition, value: Json): Generator<string> {
  if (field.type !== 'email') return;
  const text = textOf(value);
  if (text !== undefined && text !== '' && !isEmail(text)) yield `${field.name} is not a valid email address`;
}

/** One `@`; both sides without whitespace, not beginning or ending with a dot and without two in a row; a dot in the domain. */
function isEmail(text: string): boolean {
  const parts = text.split('@');
  const [local, domain] = parts;
  if (parts.length !== 2 || local === undefined || domain === undefined || !domain.includes('.')) return false;
  return [local, domain].every((part) => part !== '' && !/\s/u.test(part) && !/^\.|\.$|\.\./.test(part));
}

export function* option(field: FieldDefinition, value: Json): Generator<string> {
  if ((field.type !== 'select' && field.type !== 'radio') || field.options.length === 0 || field.hasMany) return;
  const text = textOf(value);
  if (text === undefined || text === '') return;
  if (!field.options.some((candidate) => candidate.value === text)) yield `${field.name} has an invalid option`;
}
