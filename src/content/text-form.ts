/** The form in which generation 10 keeps values (Lua API 10.5): texts in NFC, e-mail addresses trimmed and in lower case, documents as their ids. */
import type { Json } from '../domain/json.js';
import type { FieldDefinition } from './schema.js';
import { isObject } from './value-text.js';

const COMPOSED = new Set(['text', 'textarea']);

export function foldEmail(text: string): string {
  return text.trim().toLowerCase().normalize('NFC');
}

/** The value of a field as it is kept; the same value where it is kept already. */
export function formed(field: Pick<FieldDefinition, 'type' | 'relationship'>, value: Json): Json {
  if (field.type === 'relationship' || field.type === 'upload')
    return Array.isArray(value) ? each(value, (entry) => idOf(field, entry)) : idOf(field, value);
  if (Array.isArray(value)) return COMPOSED.has(field.type) ? each(value, composed) : value;
  if (field.type === 'email') return typeof value === 'string' ? foldEmail(value) : value;
  return COMPOSED.has(field.type) ? composed(value) : value;
}

function composed(value: Json): Json {
  return typeof value === 'string' ? value.normalize('NFC') : value;
}

/** A populated document that is sent back. */
function idOf({ relationship }: Pick<FieldDefinition, 'relationship'>, value: Json): Json {
  if (!isObject(value) || typeof value['id'] !== 'string') return value;
  return relationship?.polymorphic && typeof value['collection'] === 'string' ? `${value['collection']}/${value['id']}` : value['id'];
}

function each(list: Json[], form: (entry: Json) => Json): Json[] {
  const out = list.map(form);
  return out.some((entry, i) => entry !== list[i]) ? out : list;
}
