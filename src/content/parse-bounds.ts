/** Bounds of fields: numbers, lengths, rows; a minimum above its maximum is an error. */
import { formatPlain } from '../domain/json.js';
import type { Reader } from './parse-reader.js';
import { ParseFailure } from './parse-value.js';
import type { FieldDefinition } from './schema.js';

type Bounds = Pick<FieldDefinition, 'min' | 'max' | 'minLength' | 'maxLength' | 'minRows' | 'maxRows'>;

export function readBounds(reader: Reader, name: string): Bounds {
  const bounds: Bounds = {
    min: reader.number('min'),
    max: reader.number('max'),
    minLength: reader.natural('min_length'),
    maxLength: reader.natural('max_length'),
    minRows: reader.natural('min_rows'),
    maxRows: reader.natural('max_rows'),
  };
  checkOrder(name, 'min_rows', bounds.minRows, 'max_rows', bounds.maxRows);
  checkOrder(name, 'min_length', bounds.minLength, 'max_length', bounds.maxLength);
  checkOrder(name, 'min', bounds.min, 'max', bounds.max);
  return bounds;
}

function checkOrder(field: string, low: string, least: number | undefined, high: string, most: number | undefined): void {
  if (least === undefined || most === undefined || least <= most) return;
  throw new ParseFailure(`Field '${field}': ${low} (${formatPlain(least)}) must not exceed ${high} (${formatPlain(most)})`);
}
