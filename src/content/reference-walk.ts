/** Going through the references of a document: at the top, in groups, and in rows of arrays and blocks at any depth. */
import { Float, type Json, type JsonObject } from '../domain/json.js';
import type { ContentRegistry } from './context.js';
import type { FieldDefinition } from './schema.js';
import { isObject } from './value-text.js';

export interface Reference {
  collection: string;
  id: string;
}

/** Asked for every reference: what stands there instead. undefined takes it away where it may go (has-one at the top, has-many entries there). */
export type Replace = (field: FieldDefinition, reference: Reference, given: string) => Json | undefined;

/** Replaces references in place. `inside`: in a group or a row, where nothing is taken away. */
export function walkReferences(
  registry: Pick<ContentRegistry, 'collections'>,
  fields: readonly FieldDefinition[],
  holder: JsonObject,
  replace: Replace,
  inside = false,
): void {
  for (const field of fields) {
    const value = holder[field.name];
    switch (field.type) {
      case 'row':
      case 'collapsible':
        walkReferences(registry, field.fields, holder, replace, inside);
        break;
      case 'tabs':
        for (const tab of field.tabs) walkReferences(registry, tab.fields, holder, replace, inside);
        break;
      case 'group':
        if (isObject(value)) walkReferences(registry, field.fields, value, replace, true);
        break;
      case 'array':
        for (const row of rowsOf(value)) walkReferences(registry, field.fields, row, replace, true);
        break;
      case 'blocks':
        for (const row of rowsOf(value)) {
          const block = field.blocks.find(({ type }) => type === row['_block_type']);
          if (block) walkReferences(registry, block.fields, row, replace, true);
        }
        break;
      case 'relationship':
      case 'upload':
        replaceIn(registry, field, holder, replace, inside);
        break;
      default:
    }
  }
}

function rowsOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function replaceIn(
  registry: Pick<ContentRegistry, 'collections'>,
  field: FieldDefinition,
  holder: JsonObject,
  replace: Replace,
  inside: boolean,
): void {
  const value = holder[field.name];
  const one = (given: Json): Json | undefined => {
    const reference = typeof given === 'string' ? referenceOf(registry, field, given) : undefined;
    return reference === undefined ? given : (replace(field, reference, given as string) ?? (inside ? given : undefined));
  };
  if (Array.isArray(value)) {
    holder[field.name] = value.map(one).filter((entry) => entry !== undefined);
  } else if (typeof value === 'string') {
    const replaced = one(value);
    if (replaced === undefined) delete holder[field.name];
    else holder[field.name] = replaced;
  } else if (isObject(value) && !(value instanceof Float)) {
    // All locales: a table of them.
    for (const locale of Object.keys(value)) value[locale] = one(value[locale]!) ?? value[locale]!;
  }
}

/** Where a value points: undefined when the field has no target or the text names none that is defined. */
function referenceOf(registry: Pick<ContentRegistry, 'collections'>, field: FieldDefinition, text: string): Reference | undefined {
  const { relationship } = field;
  if (!relationship || text === '') return undefined;
  const slash = relationship.polymorphic ? text.indexOf('/') : -1;
  if (relationship.polymorphic && slash < 0) return undefined;
  const collection = slash < 0 ? (relationship.collections[0] ?? '') : text.slice(0, slash);
  return registry.collections.has(collection) ? { collection, id: text.slice(slash + 1) } : undefined;
}
