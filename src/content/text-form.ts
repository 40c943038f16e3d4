/** The form in which generation 10 keeps texts (Lua API 10.5): NFC; e-mail addresses also trimmed and in lower case. */
import type { Json } from '../domain/json.js';
import type { FieldDefinition } from './schema.js';

const COMPOSED = new Set(['text', 'textarea']);

export function foldEmail(text: string): string {
  return text.trim().toLowerCase().normalize('NFC');
}

/** The value of a field as it is kept; anything but a text, or a list of texts, is as it was. */
export function formed(field: Pick<FieldDefinition, 'type'>, value: Json): Json {
  if (Array.isArray(value))
    return field.type === 'text' ? value.map((entry) => (typeof entry === 'string' ? entry.normalize('NFC') : entry)) : value;
  if (typeof value !== 'string') return value;
  if (field.type === 'email') return foldEmail(value);
  return COMPOSED.has(field.type) ? value.normalize('NFC') : value;
}
