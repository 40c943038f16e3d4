/** The names that filters and orders of a collection may use, with the types of what they are compared with (Lua API 4.2, 4.3). */
import { type Leaf, leavesOf } from '../content/layout.js';
import type { CollectionDefinition, FieldDefinition } from '../content/schema.js';
import { scalarType } from './types-fields.js';
import { BOOLEAN, literal, type Member, member, NUMBER, named, STRING, type Type, unionOf } from './types-model.js';

const OPERATORS = named('crap.FilterOperators');
const TEXT = unionOf([STRING, NUMBER, OPERATORS]);

/** Members of `crap.where.<P>`, without `or`. */
export function filterMembers(definition: CollectionDefinition, generation: 8 | 10): Member[] {
  const members = new Map<string, Type[]>();
  const add = (name: string, type: Type) => members.set(name, [...(members.get(name) ?? []), type]);
  add('id', TEXT);
  for (const leaf of filterable(definition, generation)) {
    const { key, path, field, storage } = leaf;
    if (storage === 'column') {
      add(key, valueType(field));
      if (path.length > 1) add(path.join('.'), valueType(field));
    } else if (field.type === 'array') {
      add(`${key}.id`, TEXT);
      addPaths(`${key}.`, field.fields, add, ['group']);
    } else if (field.type === 'blocks') {
      addBlocks(`${key}.`, field, add);
    } else if (field.type === 'relationship') {
      add(`${key}.id`, TEXT);
    }
  }
  for (const name of timesOf(definition)) add(name, TEXT);
  return [...members].map(([name, types]) => member(name, unionOf(types), true));
}

/** Names that `order_by` takes; `-` in front reverses. Generation 10 refuses lists. */
export function orderNames(definition: CollectionDefinition, generation: 8 | 10): string[] {
  const columns = filterable(definition, generation).filter(
    (leaf) => leaf.storage === 'column' && (generation === 8 || !leaf.field.hasMany),
  );
  const status = definition.versions?.drafts ? ['_status'] : [];
  return ['id', ...columns.map((leaf) => leaf.key), ...timesOf(definition), ...status];
}

function timesOf(definition: CollectionDefinition): string[] {
  return definition.timestamps ? ['created_at', 'updated_at'] : [];
}

/** Generation 10 refuses names of hidden fields. */
function filterable(definition: CollectionDefinition, generation: 8 | 10): Leaf[] {
  return leavesOf(definition.fields).filter((leaf) => generation === 8 || !leaf.field.hidden);
}

function addBlocks(prefix: string, field: FieldDefinition, add: (name: string, type: Type) => void): void {
  add(`${prefix}_block_type`, unionOf([...field.blocks.map(({ type }) => literal(type)), OPERATORS]));
  for (const block of field.blocks) addPaths(prefix, block.fields, add, ['group', 'array', 'blocks']);
}

/** Paths to scalars below a container, through containers of the types given. */
function addPaths(
  prefix: string,
  fields: readonly FieldDefinition[],
  add: (name: string, type: Type) => void,
  through: readonly FieldDefinition['type'][],
): void {
  for (const field of fields) {
    const path = `${prefix}${field.name}`;
    if (field.type === 'row' || field.type === 'collapsible') addPaths(prefix, field.fields, add, through);
    else if (field.type === 'tabs') for (const tab of field.tabs) addPaths(prefix, tab.fields, add, through);
    else if (field.type === 'group' || field.type === 'array') {
      if (through.includes(field.type)) addPaths(`${path}.`, field.fields, add, through);
    } else if (field.type === 'blocks') {
      if (through.includes('blocks')) addBlocks(`${path}.`, field, add);
    } else if (field.type !== 'join' && !field.relationship?.hasMany) {
      add(path, valueType(field));
    }
  }
}

function valueType(field: FieldDefinition): Type {
  switch (field.type) {
    case 'checkbox':
      return unionOf([BOOLEAN, literal(0), literal(1), OPERATORS]);
    case 'number':
      return unionOf([NUMBER, OPERATORS]);
    case 'select':
    case 'radio':
      return field.hasMany || field.options.length === 0 ? TEXT : unionOf([scalarType(field), OPERATORS]);
    default:
      return TEXT;
  }
}
