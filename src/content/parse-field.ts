/** Fields of definitions (Lua API 3.2): every option, with the reference's texts. */

import { suggest } from '../domain/suggest.js';
import { luaTypeName } from '../lua/type-names.js';
import { readFieldAdmin } from './parse-admin.js';
import { readBounds } from './parse-bounds.js';
import { readDefault } from './parse-default.js';
import { checkFieldNames, fieldName } from './parse-names.js';
import type { Reader } from './parse-reader.js';
import { readAccess, readHooks, readRef } from './parse-refs.js';
import { readJoin, readRelationship } from './parse-relationship.js';
import { readBlocks, readOptions, readTabs } from './parse-structure.js';
import { ParseFailure } from './parse-value.js';
import { FIELD_TYPES, type FieldDefinition, type FieldHooks, type FieldType } from './schema.js';

const FIELD_HOOKS: readonly (keyof FieldHooks)[] = ['before_validate', 'before_change', 'after_change', 'after_read'];
const FIELD_RULES = ['read', 'create', 'update'] as const;

const KEYS = [
  ...['name', 'type', 'required', 'unique', 'index', 'localized', 'hidden', 'has_many', 'default_value', 'options', 'admin', 'hooks'],
  ...['access', 'validate', 'mcp', 'min', 'max', 'min_length', 'max_length', 'min_rows', 'max_rows', 'min_date', 'max_date'],
  ...['picker_appearance', 'timezone', 'default_timezone', 'fields', 'blocks', 'tabs', 'collection', 'on', 'relationship', 'relation_to'],
];
const KEYS_10 = [...KEYS, 'integer', 'required_when', 'required_locales'];

/** Keys that mean something on certain types only. */
const ONLY_ON: Record<string, readonly FieldType[]> = {
  fields: ['array', 'group', 'row', 'collapsible'],
  blocks: ['blocks'],
  tabs: ['tabs'],
  collection: ['join'],
  on: ['join'],
  relationship: ['relationship', 'upload'],
  relation_to: ['relationship', 'upload'],
  picker_appearance: ['date'],
  timezone: ['date'],
  default_timezone: ['date'],
};

const DEEPEST = 5;

/**
 * The fields under `key`, with the place they have in the definition. A broken field is reported and left out, so that one
 * look shows all of them. `scope`: whether the fields have columns beside the host's own (main) or those of rows (rows).
 */
export function readFields(reader: Reader, key: string, scope: Scope, depth = 0): FieldDefinition[] {
  const { parsing } = reader;
  const fields: FieldDefinition[] = [];
  (reader.list(key, 'field tables') ?? []).forEach((item, index) => {
    const field = parsing.attempt(`${reader.at(key)}[${index + 1}]`, () => readField(reader.element(key, item, index), scope, depth));
    if (field) fields.push(field);
  });
  parsing.attempt(reader.at(key), () => checkFieldNames(fields));
  return fields;
}

export type Scope = 'main' | 'rows' | 'nested';

function readField(reader: Reader, scope: Scope, depth: number): FieldDefinition {
  const { parsing } = reader;
  const type = readType(reader);
  const name = fieldName(reader, type, scope);
  reader.unknownKeys('field', parsing.generation === 10 ? KEYS_10 : KEYS);
  warnOfUselessKeys(reader, name, type);
  if (depth === DEEPEST) parsing.warn('DEFINITION_DEEP', reader.path, `field '${name}' is nested deeper than ${DEEPEST} levels`);
  const isRelation = type === 'relationship' || type === 'upload';
  const bounds = readBounds(reader, name);
  const inner: Scope = type === 'array' ? 'rows' : type === 'group' ? 'nested' : scope;
  const field: FieldDefinition = {
    name,
    type,
    required: reader.boolean('required', false),
    unique: reader.boolean('unique', false),
    index: reader.boolean('index', false),
    localized: reader.boolean('localized', false),
    hidden: reader.boolean('hidden', false),
    hasMany: reader.boolean('has_many', false) && !isRelation,
    defaultValue: readDefault(reader, name, type),
    options: readOptions(reader),
    ...bounds,
    minDate: reader.string('min_date'),
    maxDate: reader.string('max_date'),
    ...readDateOptions(reader, name, type),
    validate: readRef(reader, 'validate'),
    hooks: readHooks(reader, FIELD_HOOKS),
    access: readAccess(reader, FIELD_RULES),
    admin: readFieldAdmin(reader),
    mcpDescription: readMcpDescription(reader),
    relationship: isRelation ? readRelationship(reader, name, type) : undefined,
    fields: ONLY_ON['fields']!.includes(type) ? readFields(reader, 'fields', inner, depth + 1) : [],
    blocks: type === 'blocks' ? readBlocks(reader, depth + 1) : [],
    tabs: type === 'tabs' ? readTabs(reader, scope, depth + 1) : [],
    join: type === 'join' ? readJoin(reader, name) : undefined,
  };
  if (parsing.generation === 10) readLaterOptions(reader, field);
  return field;
}

function readType(reader: Reader): FieldType {
  const written = reader.string('type');
  if (written === undefined) return 'text';
  const type = FIELD_TYPES.find((known) => known === written.toLowerCase());
  if (type) return type;
  const near = suggest(written, FIELD_TYPES);
  const name = reader.get('name');
  const taken = reader.parsing.generation === 10 ? '' : '; it is taken for text';
  reader.parsing.strict(
    'DEFINITION_UNKNOWN_TYPE',
    reader.at('type'),
    `Field '${typeof name === 'string' ? name : '?'}': unknown type '${written}'${near ? ` (did you mean '${near}'?)` : ''}${taken}. Valid types: ${FIELD_TYPES.join(', ')}`,
    near ? `write type = "${near}"` : 'use one of the valid types',
  );
  return 'text';
}

function warnOfUselessKeys(reader: Reader, name: string, type: FieldType): void {
  for (const [key, types] of Object.entries(ONLY_ON)) {
    if (!reader.has(key) || types.includes(type)) continue;
    reader.parsing.warn('DEFINITION_NO_EFFECT', reader.at(key), `Field '${name}': '${key}' has no effect on type ${type}`);
  }
}

export function readMcpDescription(reader: Reader): string | undefined {
  const mcp = reader.child('mcp');
  mcp?.unknownKeys('mcp', ['description']);
  return mcp?.string('description');
}

function readDateOptions(
  reader: Reader,
  name: string,
  type: FieldType,
): Pick<FieldDefinition, 'pickerAppearance' | 'timezone' | 'defaultTimezone'> {
  const asked = reader.boolean('timezone', false);
  if (type !== 'date') return { timezone: false };
  const pickerAppearance = reader.string('picker_appearance');
  const timezone = asked && pickerAppearance === 'dayAndTime';
  if (asked && !timezone) {
    reader.parsing.warn(
      'DEFINITION_NO_EFFECT',
      reader.at('timezone'),
      `Field '${name}': timezone = true is ignored unless picker_appearance is "dayAndTime"`,
      'add picker_appearance = "dayAndTime", or remove timezone',
    );
  }
  return { pickerAppearance, timezone, defaultTimezone: reader.string('default_timezone') };
}

function readLaterOptions(reader: Reader, field: FieldDefinition): void {
  if (reader.boolean('integer', false)) {
    if (field.type !== 'number') throw new ParseFailure(`Field '${field.name}': integer is for number fields, not for type ${field.type}`);
    field.integer = true;
  }
  field.requiredWhen = readRef(reader, 'required_when');
  const locales = reader.get('required_locales');
  if (locales === undefined) return;
  if (luaTypeName(locales) === 'string') field.requiredLocales = [String(locales)];
  else field.requiredLocales = (reader.list('required_locales', 'locale codes') ?? []).map(String);
}
