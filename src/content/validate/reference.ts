/** Polymorphic relations: only the collections that the field lists. */
import type { Json } from '../../domain/json.js';
import type { FieldDefinition } from '../schema.js';
import { isObject } from '../value-text.js';

/** `coll/id`, an object with `collection`, a list of either, or a comma list for has-many. A text without a slash passes. */
export function* polymorphic(field: FieldDefinition, value: Json): Generator<string> {
  const { relationship, name } = field;
  if (!relationship?.polymorphic) return;
  for (const collection of collectionsOf(value, relationship.hasMany)) {
    if (relationship.collections.includes(collection)) continue;
    const list = relationship.collections.map((slug) => JSON.stringify(slug)).join(', ');
    yield `${name} references collection '${collection}' which is not in the polymorphic allowlist [${list}]`;
  }
}

function collectionsOf(value: Json, many: boolean): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => collectionsOf(entry, false));
  if (isObject(value)) return typeof value['collection'] === 'string' ? [value['collection']] : [];
  if (typeof value !== 'string') return [];
  const entries = many ? value.split(',').map((entry) => entry.trim()) : [value];
  return entries.filter((entry) => entry.includes('/')).map((entry) => entry.slice(0, entry.indexOf('/')));
}
