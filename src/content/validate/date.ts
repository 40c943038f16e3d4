/** Dates: form, calendar, bounds, and the zone beside them. */
import type { Json } from '../../domain/json.js';
import { readDate } from '../date.js';
import type { FieldDefinition } from '../schema.js';
import { textOf } from '../value-text.js';
import { instantInZone, isKnownZone } from '../zone.js';

/** Bounds compare the first ten characters as text, whatever the form. */
export function* date(field: FieldDefinition, value: Json, zone: string | undefined): Generator<string> {
  if (field.type !== 'date') return;
  const text = textOf(value);
  if (text === undefined || text === '') return;
  const { name, minDate, maxDate } = field;
  const read = readDate(text);
  if (!read) yield `${name} is not a valid date format`;
  if (minDate !== undefined && text.slice(0, 10) < minDate.slice(0, 10)) yield `${name} must be on or after ${minDate}`;
  if (maxDate !== undefined && text.slice(0, 10) > maxDate.slice(0, 10)) yield `${name} must be on or before ${maxDate}`;
  if (zone === undefined) return;
  if (!isKnownZone(zone)) yield `${name} has an unknown timezone '${zone}'`;
  else if (read?.kind === 'local' && instantInZone(read.wall, zone) === 'gap') yield `${name} does not exist in timezone '${zone}'`;
}
