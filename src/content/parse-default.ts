/** `default_value`: a boolean, number or string, of the type that the field holds. */
import { type Json, numberOf } from '../domain/json.js';
import { luaTypeName } from '../lua/type-names.js';
import type { LuaValue } from '../lua/value.js';
import type { Reader } from './parse-reader.js';
import { ParseFailure } from './parse-value.js';
import type { FieldType } from './schema.js';

const EXPECTED: Partial<Record<FieldType, 'boolean' | 'number' | 'string'>> = {
  checkbox: 'boolean',
  number: 'number',
  text: 'string',
  textarea: 'string',
  email: 'string',
  code: 'string',
  richtext: 'string',
  select: 'string',
  radio: 'string',
  date: 'string',
};

export function readDefault(reader: Reader, name: string, type: FieldType): Json | undefined {
  const value = reader.get('default_value');
  if (value === undefined || value === null) return undefined;
  const scalar = scalarOf(value);
  if (scalar === undefined) {
    reader.ignored('default_value', 'a boolean, number or string', luaTypeName(value));
    return undefined;
  }
  const found = typeof scalar === 'bigint' ? 'number' : (typeof scalar as 'boolean' | 'number' | 'string');
  const expected = EXPECTED[type];
  if (expected && expected !== found) {
    throw new ParseFailure(`Field '${name}': default_value type mismatch — expected ${expected} but got ${found}`);
  }
  if (typeof scalar === 'string' && scalar.includes('\0')) {
    throw new ParseFailure(`Field '${name}': default_value contains a NUL character, which no column default can hold — leave it out`);
  }
  return scalar;
}

/** Floats become plain numbers, so that definitions can be cloned between threads. */
function scalarOf(value: LuaValue): boolean | string | number | bigint | undefined {
  if (typeof value === 'boolean' || typeof value === 'string' || typeof value === 'bigint') return value;
  const number = numberOf(value);
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}
