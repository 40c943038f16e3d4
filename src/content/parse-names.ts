/** Names in definitions: of fields, unique per level and as columns (Lua API 3.2, 10.5). */
import { companionKind, type Definition, leavesOf, systemColumnsOf } from './layout.js';
import { subColumnsOf } from './layout-side.js';
import type { Scope } from './parse-field.js';
import type { Reader } from './parse-reader.js';
import { ParseFailure } from './parse-value.js';
import type { FieldDefinition, FieldType } from './schema.js';

const LAYOUT: ReadonlySet<FieldType> = new Set(['row', 'collapsible', 'tabs']);
const RESERVED: ReadonlySet<string> = new Set(['id', 'parent_id', 'created_at', 'updated_at']);

function isLayout(field: FieldDefinition): boolean {
  return LAYOUT.has(field.type);
}

/** Names that generation 10 keeps for columns of the host's. */
export function isReservedName(name: string): boolean {
  return RESERVED.has(name) || name.startsWith('_') || /_(?:tz|lang)$/.test(name);
}

export function fieldName(reader: Reader, type: FieldType, scope: Scope): string {
  const name = reader.string('name');
  if (name === undefined) throw new ParseFailure("Field missing 'name'");
  if (!/^[A-Za-z0-9_]+$/.test(name)) {
    throw new ParseFailure(`Invalid field name '${name}' — use alphanumeric and underscores only`);
  }
  if (name.includes('__')) {
    throw new ParseFailure(`Field name '${name}' must not contain double underscores — reserved for group field separation`);
  }
  if (reader.parsing.generation === 10 && scope !== 'nested' && !LAYOUT.has(type) && isReservedName(name)) {
    throw new ParseFailure(`Field name '${name}' is reserved — choose another name`);
  }
  return name;
}

/** Names must differ per level; row, collapsible and tabs are looked through. */
export function checkFieldNames(fields: readonly FieldDefinition[]): void {
  const seen = new Set<string>();
  for (const name of namesOf(fields)) {
    if (seen.has(name)) {
      throw new ParseFailure(
        `Duplicate field name '${name}' in the same scope — field names must be unique per level (layout wrappers are transparent)`,
      );
    }
    seen.add(name);
  }
}

/** The names at one level, those inside layout wrappers included. */
export function namesOf(fields: readonly FieldDefinition[]): string[] {
  return fields.flatMap((field) => {
    if (!isLayout(field)) return [field.name];
    return [...namesOf(field.fields), ...field.tabs.flatMap((tab) => namesOf(tab.fields))];
  });
}

/** Throws when two columns of one table would have the same name; databases do not tell letter case apart. */
export function checkColumnNames(definition: Definition): void {
  const taken = new Map([['id', 'the id']]);
  for (const { name } of systemColumnsOf(definition)) taken.set(name, "a column of the host's");
  const leaves = leavesOf(definition.fields);
  for (const leaf of leaves) {
    if (leaf.storage === 'virtual') continue;
    claim(taken, leaf.key, leaf.path.join('.'));
    const companion = companionKind(leaf.field);
    if (companion && leaf.storage === 'column') claim(taken, `${leaf.key}_${companion}`, `the ${companion} of ${leaf.key}`);
  }
  for (const leaf of leaves.filter(({ field }) => field.type === 'array')) {
    const own = new Map(['id', 'parent_id', '_order', '_locale'].map((name) => [name, "a column of the host's"]));
    for (const { name } of subColumnsOf(leaf.field.fields)) claim(own, name, `${leaf.key}.${name}`);
  }
}

function claim(taken: Map<string, string>, name: string, owner: string): void {
  const other = taken.get(name.toLowerCase());
  if (other !== undefined)
    throw new ParseFailure(`Field '${owner}' needs the column '${name}', which ${other} already has — choose another name`);
  taken.set(name.toLowerCase(), `field '${owner}'`);
}
