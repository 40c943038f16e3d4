/**
 * From definitions to their SQL, as plain descriptions: which leaf owns which column, which fields own side tables,
 * which columns the host adds. Lua API 3.3. DDL text stands in layout-sql.ts, synchronisation in sync.ts.
 */
import { formatFloat } from '../domain/json.js';
import { indexesOf } from './layout-indexes.js';
import { searchTableOf } from './layout-search.js';
import { type SideTable, sideTableOf } from './layout-side.js';
import type { CollectionDefinition, FieldDefinition, GlobalDefinition } from './schema.js';

export type Definition = CollectionDefinition | GlobalDefinition;
export type ColumnKind = 'text' | 'number' | 'checkbox';

/** What the layout depends on besides the definition. `locales` empty = localisation is off. */
export interface LayoutSettings {
  locales: readonly string[];
  defaultLocale: string;
  /** Default 8. Under 10 the columns of fields carry no NOT NULL (required is validation's alone). */
  generation?: 8 | 10;
  /** Slugs of all collections: their search tables must not take one another's names. */
  collections?: { has(slug: string): boolean };
}

/** One field that holds a value, containers flattened. */
export interface Leaf {
  /** Data key: `title`, `seo__title`. */
  key: string;
  /** `['seo', 'title']`: groups only, since row, collapsible and tabs are transparent. */
  path: string[];
  field: FieldDefinition;
  /** side: arrays, blocks and has-many relations; virtual: join. */
  storage: 'column' | 'side' | 'virtual';
  kind: ColumnKind;
  /** Its own `localized` or that of a group around it, whether or not locales are on. */
  localized: boolean;
}

/** A column of the main table that belongs to a field. */
export interface ColumnLayout {
  name: string;
  leaf: Leaf;
  kind: ColumnKind;
  /** Only on columns of localized leaves with locales on. */
  locale?: string;
  /** The host never stores NULL in it: required, no drafts, the default locale. */
  filled: boolean;
  /** `{name}_tz` beside a date with timezone, `{name}_lang` beside a code field with admin.languages. */
  companion?: 'tz' | 'lang';
  notNull: boolean;
  unique: boolean;
  /** SQL literal. */
  default?: string;
}

export interface SystemColumn {
  name: string;
  type: 'TEXT' | 'INTEGER';
  notNull: boolean;
  /** SQL literal; `now` = the text of the current time in UTC, as SQLite's datetime('now') has it. */
  default?: string;
}

export interface IndexLayout {
  name: string;
  table: string;
  columns: string[];
  unique: boolean;
  /** SQL condition of a partial index. */
  where?: string;
}

export interface SearchTable {
  table: string;
  columns: string[];
}

export interface TableLayout {
  table: string;
  slug: string;
  isGlobal: boolean;
  columns: ColumnLayout[];
  systemColumns: SystemColumn[];
  sideTables: SideTable[];
  indexes: IndexLayout[];
  /** `_versions_{table}` when the definition keeps versions. */
  versionsTable?: string;
  /** `_fts_{slug}` (see layout-search.ts) when something of the collection is searchable. */
  search?: SearchTable;
}

export function isCollection(definition: Definition): definition is CollectionDefinition {
  return 'timestamps' in definition;
}

/** The slug of a collection, `_global_{slug}` of a global. */
export function tableName(definition: Definition): string {
  return isCollection(definition) ? definition.slug : `_global_${definition.slug}`;
}

/** The leaves in definition order: groups prefix (`a__b`), row, collapsible and tabs are looked through. */
export function leavesOf(fields: readonly FieldDefinition[]): Leaf[] {
  const leaves: Leaf[] = [];
  collect(fields, [], false, leaves);
  return leaves;
}

function collect(fields: readonly FieldDefinition[], path: readonly string[], localized: boolean, into: Leaf[]): void {
  for (const field of fields) {
    switch (field.type) {
      case 'group':
        collect(field.fields, [...path, field.name], localized || field.localized, into);
        break;
      case 'row':
      case 'collapsible':
        collect(field.fields, path, localized, into);
        break;
      case 'tabs':
        for (const tab of field.tabs) collect(tab.fields, path, localized, into);
        break;
      default: {
        const own = [...path, field.name];
        into.push({
          key: own.join('__'),
          path: own,
          field,
          storage: storageOf(field),
          kind: kindOf(field),
          localized: localized || field.localized,
        });
      }
    }
  }
}

/** Where the value of a field that is no container stands at the top level of a document. */
export function storageOf(field: FieldDefinition): Leaf['storage'] {
  if (field.type === 'join') return 'virtual';
  if (field.type === 'array' || field.type === 'blocks') return 'side';
  return field.relationship?.hasMany ? 'side' : 'column';
}

export function kindOf(field: FieldDefinition): ColumnKind {
  return field.type === 'number' ? 'number' : field.type === 'checkbox' ? 'checkbox' : 'text';
}

/** A locale code inside a column name: `pt-BR` -> `pt_BR`. */
export function localeSuffix(locale: string): string {
  return locale.replaceAll('-', '_');
}

/** `title`, or `title__de` for a localized leaf. `locale` undefined = locales are off; of no meaning for leaves that are not localized. */
export function columnName(leaf: Leaf, locale: string | undefined): string {
  return leaf.localized && locale !== undefined ? `${leaf.key}__${localeSuffix(locale)}` : leaf.key;
}

/** The name of a leaf's companion column, `zoned_tz` or `zoned_tz__de`; undefined when it has none. */
export function companionOf(leaf: Leaf, locale: string | undefined): { name: string; companion: 'tz' | 'lang' } | undefined {
  const companion = companionKind(leaf.field);
  if (!companion || leaf.storage !== 'column') return undefined;
  const suffix = leaf.localized && locale !== undefined ? `__${localeSuffix(locale)}` : '';
  return { name: `${leaf.key}_${companion}${suffix}`, companion };
}

export function companionKind(field: FieldDefinition): 'tz' | 'lang' | undefined {
  if (field.type === 'date' && field.timezone) return 'tz';
  const languages = field.admin['languages'];
  return field.type === 'code' && Array.isArray(languages) && languages.length > 0 ? 'lang' : undefined;
}

const TEXT = (name: string): SystemColumn => ({ name, type: 'TEXT', notNull: false });
const INTEGER = (name: string, initial?: string): SystemColumn => ({ name, type: 'INTEGER', notNull: false, default: initial });

/** The columns that the host adds behind `id` and the fields', in the order of the reference. */
export function systemColumnsOf(definition: Definition): SystemColumn[] {
  const columns: SystemColumn[] = [];
  const collection = isCollection(definition) ? definition : undefined;
  if (definition.versions?.drafts) columns.push({ name: '_status', type: 'TEXT', notNull: true, default: "'published'" });
  if (collection?.softDelete) columns.push(TEXT('_deleted_at'));
  columns.push({ name: '_ref_count', type: 'INTEGER', notNull: true, default: '0' });
  if (collection?.auth) {
    columns.push(TEXT('_password_hash'), TEXT('_reset_token'), INTEGER('_reset_token_exp'), INTEGER('_locked', '0'));
    columns.push(TEXT('_settings'), INTEGER('_session_version', '0'));
    if (collection.auth['verify_email'] === true) {
      columns.push(INTEGER('_verified', '0'), TEXT('_verification_token'), INTEGER('_verification_token_exp'));
    }
  }
  if (!collection || collection.timestamps) {
    for (const name of ['created_at', 'updated_at']) columns.push({ name, type: 'TEXT', notNull: false, default: 'now' });
  }
  return columns;
}

/** The locales in which a leaf has columns: the project's, or one `undefined` where it has a single column. */
export function localesOf(leaf: Leaf, settings: LayoutSettings): readonly (string | undefined)[] {
  return leaf.localized && settings.locales.length > 0 ? settings.locales : [undefined];
}

/** Everything that the database holds for one definition. */
export function layoutOf(definition: Definition, settings: LayoutSettings): TableLayout {
  const table = tableName(definition);
  const isGlobal = !isCollection(definition);
  const leaves = leavesOf(definition.fields);
  return {
    table,
    slug: definition.slug,
    isGlobal,
    columns: leaves.filter((leaf) => leaf.storage === 'column').flatMap((leaf) => columnsOf(leaf, definition, settings)),
    systemColumns: systemColumnsOf(definition),
    sideTables: leaves.filter((leaf) => leaf.storage === 'side').map((leaf) => sideTableOf(table, leaf, settings)),
    indexes: isCollection(definition) ? indexesOf(definition, leaves, settings) : [],
    versionsTable: definition.versions ? `_versions_${table}` : undefined,
    search: isCollection(definition) ? searchTableOf(definition, leaves, settings) : undefined,
  };
}

function columnsOf(leaf: Leaf, definition: Definition, settings: LayoutSettings): ColumnLayout[] {
  const collection = isCollection(definition) ? definition : undefined;
  const mayBeFilled = collection !== undefined && !collection.versions?.drafts;
  const locales = localesOf(leaf, settings);
  const columns = locales.map((locale): ColumnLayout => {
    const isDefault = locale === undefined || locale === settings.defaultLocale;
    const filled = leaf.field.required && mayBeFilled && isDefault;
    return {
      name: columnName(leaf, locale),
      leaf,
      kind: leaf.kind,
      locale,
      filled,
      notNull: filled && settings.generation !== 10,
      unique: leaf.field.unique && collection !== undefined && !collection.softDelete,
      default: defaultLiteral(leaf.field),
    };
  });
  for (const locale of locales) {
    const companion = companionOf(leaf, locale);
    if (companion) columns.push({ ...companion, leaf, kind: 'text', locale, filled: false, notNull: false, unique: false });
  }
  return columns;
}

/** `default_value` as an SQL literal; a checkbox without one is 0. */
function defaultLiteral(field: FieldDefinition): string | undefined {
  const value = field.defaultValue;
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value !== null && value !== undefined && !Array.isArray(value) && 'value' in value && typeof value.value === 'number') {
    return formatFloat(value.value);
  }
  return field.type === 'checkbox' ? '0' : undefined;
}
