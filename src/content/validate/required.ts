/** Presence and numbers of rows. */
import type { Json } from '../../domain/json.js';
import { parseJson } from '../../domain/json-text.js';
import { isList, listOf } from '../coerce.js';
import { storageOf } from '../layout.js';
import type { FieldDefinition } from '../schema.js';

/** Whether a value counts as given for a required field: blanks, 0, false and tables do, "" and null do not; lists need an entry. */
export function isPresent(field: FieldDefinition, value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (storageOf(field) === 'side') return typeof value === 'string' || (Array.isArray(value) && value.length > 0);
  if (!field.hasMany) return true;
  if (isList(value)) return listOf(value).length > 0;
  if (typeof value !== 'string') return true;
  try {
    const parsed = parseJson(value);
    return !Array.isArray(parsed) || parsed.length > 0;
  } catch {
    return true;
  }
}

/** min_rows and max_rows on rows and lists. JSON text of a scalar has-many field is counted by has-many.ts. */
export function* rowCount(field: FieldDefinition, value: Json | undefined): Generator<string> {
  const { name, minRows, maxRows } = field;
  if (minRows === undefined && maxRows === undefined) return;
  if (storageOf(field) === 'column' && typeof value === 'string' && value !== '') return;
  const count = Array.isArray(value) ? value.length : 0;
  if (minRows !== undefined && count < minRows) yield `${name} requires at least ${minRows} item(s)`;
  if (maxRows !== undefined && count > maxRows) yield `${name} allows at most ${maxRows} item(s)`;
}
