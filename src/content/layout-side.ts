/** Side tables: rows of arrays and blocks, links of has-many relations (Lua API 3.3). */
import { type ColumnKind, companionKind, kindOf, type LayoutSettings, type Leaf } from './layout.js';
import type { FieldDefinition } from './schema.js';

/** A column of an array's rows; `json` values stand as JSON text. */
export interface SubColumn {
  name: string;
  /** The sub-field; row, collapsible and tabs around it are transparent. */
  field: FieldDefinition;
  kind: ColumnKind;
  /** group, array, blocks, json and has-many sub-fields. */
  json: boolean;
  companion?: 'tz';
}

export interface SideTable {
  /** `{table}_{key}`. */
  table: string;
  /** The table whose rows own these. */
  parent: string;
  leaf: Leaf;
  type: 'array' | 'blocks' | 'relation';
  /** Default of the `_locale` column; undefined = there is no such column. */
  locale?: string;
  /** relation: whether a `related_collection` column tells where an id points. */
  polymorphic: boolean;
  /** array: the columns of a row behind id, parent_id, _order [, _locale]. */
  columns: SubColumn[];
}

export function sideTableOf(table: string, leaf: Leaf, settings: LayoutSettings): SideTable {
  const { field } = leaf;
  return {
    table: `${table}_${leaf.key}`,
    parent: table,
    leaf,
    type: field.type === 'array' ? 'array' : field.type === 'blocks' ? 'blocks' : 'relation',
    locale: leaf.localized && settings.locales.length > 0 ? settings.defaultLocale : undefined,
    polymorphic: field.relationship?.polymorphic ?? false,
    columns: field.type === 'array' ? subColumnsOf(field.fields) : [],
  };
}

const JSON_TYPES: ReadonlySet<string> = new Set(['group', 'array', 'blocks', 'json']);

/** One column a sub-field of an array, in definition order, without constraints or defaults. */
export function subColumnsOf(fields: readonly FieldDefinition[]): SubColumn[] {
  const columns: SubColumn[] = [];
  for (const field of fields) {
    if (field.type === 'row' || field.type === 'collapsible') columns.push(...subColumnsOf(field.fields));
    else if (field.type === 'tabs') columns.push(...field.tabs.flatMap((tab) => subColumnsOf(tab.fields)));
    else if (field.type !== 'join') {
      const json = JSON_TYPES.has(field.type) || field.hasMany || (field.relationship?.hasMany ?? false);
      columns.push({ name: field.name, field, kind: kindOf(field), json });
      if (companionKind(field) === 'tz') columns.push({ name: `${field.name}_tz`, field, kind: 'text', json: false, companion: 'tz' });
    }
  }
  return columns;
}
