/** Dates: form, calendar, bounds, and the zone beside them. */
import type { Json } from '../../domain/json.js';
import { readDate } from '../date.js';
import type { FieldDefinition } from '../schema.js';
import { textOf } from '../value-text.js';
import { instantInZone, isKnownZone } from '../zone.js';

/** What the reference takes without a look at the calendar: times such as 25:61 and months such as 2024-13. */
const LOOSE = /^(?:\d{4}-\d{2}|(?=.*:)[\d:]{1,8})$/;

/** Bounds compare the first ten characters as text, whatever the form; where one speaks, it speaks alone of a loose form. */
export function* date(field: FieldDefinition, value: Json, zone: string | undefined): Generator<string> {
  if (field.type !== 'date') return;
  const text = textOf(value);
  if (text === undefined || text === '') return;
  const { name, minDate, maxDate } = field;
  const read = readDate(text);
  const early = minDate !== undefined && text.slice(0, 10) < minDate.slice(0, 10);
  const late = maxDate !== undefined && text.slice(0, 10) > maxDate.slice(0, 10);
  if (!read && !(LOOSE.test(text) && (early || late))) yield `${name} is not a valid date format`;
  if (early) yield `${name} must be on or after ${minDate}`;
  if (late) yield `${name} must be on or before ${maxDate}`;
  if (zone === undefined) return;
  if (!isKnownZone(zone)) yield `${name} has an unknown timezone '${zone}'`;
  else if (read?.kind === 'local' && instantInZone(read.wall, zone) === 'gap') yield `${name} does not exist in timezone '${zone}'`;
}
