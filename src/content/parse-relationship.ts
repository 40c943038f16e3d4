/** Targets of relationship and upload fields, the legacy `relation_to` included; what a join lists. */
import { LuaTable } from '../lua/value.js';
import type { Reader } from './parse-reader.js';
import { listItems, ParseFailure, textElement, textOf } from './parse-value.js';
import type { FieldDefinition, FieldType } from './schema.js';

type Relationship = NonNullable<FieldDefinition['relationship']>;

/** Undefined for a field that names no target: it behaves as a plain id column. */
export function readRelationship(reader: Reader, name: string, type: FieldType): Relationship | undefined {
  const config = reader.child('relationship');
  if (!config) return readLegacy(reader, name);
  config.unknownKeys('relationship', ['collection', 'has_many', 'max_depth']);
  if (reader.has('has_many')) {
    reader.parsing.warn(
      'DEFINITION_NO_EFFECT',
      reader.at('has_many'),
      `Field '${name}': has_many has no effect beside relationship`,
      'move has_many into the relationship table',
    );
  }
  const target = config.get('collection');
  const polymorphic = type === 'relationship' && target instanceof LuaTable;
  const single = textOf(target);
  const collections = polymorphic ? listItems(target).map(textElement) : single === undefined ? [] : [single];
  if (collections.length === 0 || collections.includes('')) {
    throw new ParseFailure(`Field '${name}': relationship.collection is required`, { inner: true });
  }
  return { collections, polymorphic, hasMany: config.boolean('has_many', false), maxDepth: config.natural('max_depth') };
}

function readLegacy(reader: Reader, name: string): Relationship | undefined {
  const target = reader.string('relation_to');
  if (target === undefined) return undefined;
  reader.parsing.warn(
    'DEFINITION_DEPRECATED',
    reader.at('relation_to'),
    `Field '${name}': relation_to is deprecated`,
    `write relationship = { collection = "${target}" }`,
  );
  return { collections: [target], polymorphic: false, hasMany: reader.boolean('has_many', false) };
}

/** Undefined when the target is missing (the lossy rendering of definitions drops it); then nothing is listed. */
export function readJoin(reader: Reader, name: string): FieldDefinition['join'] {
  const collection = reader.string('collection');
  const on = reader.string('on');
  if (collection !== undefined && on !== undefined) return { collection, on };
  const missing = collection === undefined ? 'collection' : 'on';
  reader.parsing.warn(
    'DEFINITION_JOIN',
    reader.path,
    `Field '${name}': a join needs collection and on; '${missing}' is missing, so it lists nothing`,
  );
  return undefined;
}
