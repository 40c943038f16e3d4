/** Fields as members of classes: what is written, and what reads give back (Lua API 4.4, 4.8, 10.5). */
import { companionKind } from '../content/layout.js';
import type { BlockDefinition, FieldDefinition } from '../content/schema.js';
import type { Json } from '../domain/json.js';
import {
  ANY,
  BOOLEAN,
  type Declaration,
  INTEGER,
  listOf,
  literal,
  type Member,
  member,
  type Names,
  NUMBER,
  named,
  pascal,
  STRING,
  type Type,
  unionOf,
} from './types-model.js';

/** Which values are described: those given to writes, or those of documents. */
export type Side = 'write' | 'read';

/** Where a value stands in a document: a column of its own, a column of a row, or inside stored JSON. */
type Level = 'column' | 'row' | 'stored';

export interface FieldTyping {
  generation: 8 | 10;
  /** Empty = localisation is off. */
  locales: readonly string[];
  defaultLocale: string;
  /** Class of a collection's documents, by slug. */
  documents: ReadonlyMap<string, string>;
  /** In front of the names of rows, groups and blocks. */
  owner: string;
  side: Side;
  names: Names;
  /** Classes of rows, groups and blocks are added here, inner ones first. */
  into: Declaration[];
}

const CLASSES = {
  write: { row: 'array_row', group: 'group', block: 'block' },
  read: { row: 'doc_row', group: 'doc_group', block: 'doc_block' },
} as const;

/** The members of a document or of a write's data; row, collapsible and tabs are looked through. */
export function fieldMembers(typing: FieldTyping, fields: readonly FieldDefinition[]): Member[] {
  return membersOf(typing, fields, '', 'column', false);
}

function membersOf(typing: FieldTyping, fields: readonly FieldDefinition[], path: string, level: Level, localized: boolean): Member[] {
  return fields.flatMap((field) => {
    if (field.type === 'row' || field.type === 'collapsible') return membersOf(typing, field.fields, path, level, localized);
    if (field.type === 'tabs') return field.tabs.flatMap((tab) => membersOf(typing, tab.fields, path, level, localized));
    if (field.hidden && typing.side === 'read' && level === 'column') return [];
    if (field.type === 'join') return joinMember(typing, field);
    const type = fieldType(typing, field, path, level, localized || field.localized);
    const own = member(field.name, type, isOptional(typing, field, level), noteOf(typing, field, level, localized || field.localized));
    return companionKind(field) === 'tz' ? [own, member(`${field.name}_tz`, STRING, true, 'IANA name of the zone')] : [own];
  });
}

function joinMember(typing: FieldTyping, field: FieldDefinition): Member[] {
  if (typing.side === 'write' || !field.join) return [];
  return [member(field.name, listOf(documentOf(typing, field.join.collection)), true, 'With depth above 0')];
}

/**
 * Of documents: NULL is absent; checkboxes, groups and lists are always there. Of writes: what is required has to be, but for
 * checkboxes and, in generation 10, fields with a default.
 */
function isOptional(typing: FieldTyping, field: FieldDefinition, level: Level): boolean {
  const defaulted = typing.generation === 10 && field.defaultValue !== undefined;
  if (field.required && !(typing.side === 'write' && (field.type === 'checkbox' || defaulted))) return false;
  if (typing.side === 'write' || level === 'stored') return true;
  if (field.type === 'checkbox') return false;
  const container = field.type === 'group' || field.type === 'array' || field.type === 'blocks' || field.relationship?.hasMany === true;
  return !(level === 'column' && container);
}

function fieldType(typing: FieldTyping, field: FieldDefinition, path: string, level: Level, localized: boolean): Type {
  const { side, generation } = typing;
  const inner = path + pascal(field.name);
  switch (field.type) {
    case 'checkbox':
      if (side === 'write' || level === 'stored') return unionOf([BOOLEAN, literal(0), literal(1)]);
      return generation === 10 ? BOOLEAN : unionOf([literal(0), literal(1)]);
    case 'json':
      return side === 'read' && level === 'column' && generation === 8 ? STRING : ANY;
    case 'relationship':
    case 'upload':
      return referenceType(typing, field);
    case 'group':
      return named(
        declare(typing, 'group', inner, membersOf(typing, field.fields, inner, level === 'column' ? 'column' : 'stored', localized)),
      );
    case 'array':
      return listOf(named(declare(typing, 'row', inner, rowMembers(typing, field, inner, level))));
    case 'blocks':
      return listOf(unionOf(field.blocks.map((block) => named(blockClass(typing, block, inner, level)))));
    default: {
      const one = scalarType(field);
      if (!field.hasMany) return one;
      if (level === 'column' && generation === 8) return side === 'read' ? STRING : unionOf([listOf(one), STRING]);
      return listOf(one);
    }
  }
}

export function scalarType(field: FieldDefinition): Type {
  if (field.type === 'number') return field.integer ? INTEGER : NUMBER;
  const choice = field.type === 'select' || field.type === 'radio';
  return choice && field.options.length > 0 ? unionOf(field.options.map(({ value }) => literal(value))) : STRING;
}

/** Written: ids, `collection/id` where several collections may be meant. Read: those, or documents in their place. */
function referenceType(typing: FieldTyping, field: FieldDefinition): Type {
  const { relationship } = field;
  if (!relationship) return STRING;
  const one = typing.side === 'write' ? STRING : unionOf([STRING, ...relationship.collections.map((slug) => documentOf(typing, slug))]);
  return relationship.hasMany ? listOf(one) : one;
}

function documentOf(typing: FieldTyping, slug: string): Type {
  return named(typing.documents.get(slug) ?? 'crap.Document');
}

/** Rows of a document have ids; rows inside stored JSON may have none. Written ids keep rows what they are. */
function rowMembers(typing: FieldTyping, field: FieldDefinition, path: string, level: Level): Member[] {
  const id = member('id', STRING, typing.side === 'write' || level !== 'column');
  return [id, ...membersOf(typing, field.fields, path, level === 'column' ? 'row' : 'stored', false)];
}

function blockClass(typing: FieldTyping, block: BlockDefinition, path: string, level: Level): string {
  const inner = path + pascal(block.type);
  const id = member('id', STRING, typing.side === 'write' || level !== 'column');
  const tag = member('_block_type', literal(block.type));
  return declare(typing, 'block', inner, [tag, id, ...membersOf(typing, block.fields, inner, 'stored', false)]);
}

function declare(typing: FieldTyping, kind: 'row' | 'group' | 'block', path: string, members: Member[]): string {
  const name = typing.names.unique(`crap.${CLASSES[typing.side][kind]}.${typing.owner}${path}`);
  typing.into.push({ kind: 'class', name, parents: [], members });
  return name;
}

function noteOf(typing: FieldTyping, field: FieldDefinition, level: Level, localized: boolean): string | undefined {
  const text = labelText(field.admin['description'], typing.defaultLocale) ?? labelText(field.admin['label'], typing.defaultLocale);
  const parts = [text?.replace(/\s+/g, ' ').trim().replace(/\.$/, '')];
  if (localized && level === 'column' && typing.locales.length > 0) parts.push('Localized');
  if (typing.side === 'read' && field.type === 'json' && level === 'column' && typing.generation === 8) parts.push('JSON text');
  else if (typing.side === 'read' && field.hasMany && level === 'column' && typing.generation === 8) parts.push('JSON text of a list');
  const said = parts.filter((part) => part !== undefined && part !== '');
  return said.length > 0 ? said.join('. ') : undefined;
}

/** A label in one language. */
function labelText(label: Json | undefined, locale: string): string | undefined {
  if (typeof label === 'string') return label;
  if (typeof label !== 'object' || label === null || Array.isArray(label)) return undefined;
  const texts = label as Record<string, Json>;
  const text = texts[locale] ?? texts[Object.keys(texts).sort()[0] ?? ''];
  return typeof text === 'string' ? text : undefined;
}
