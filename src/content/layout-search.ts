/** The columns of a collection's full-text table (Lua API 3.3, 4.6). */
import { columnName, type LayoutSettings, type Leaf, localesOf, type SearchTable } from './layout.js';
import type { CollectionDefinition, FieldDefinition } from './schema.js';

/** Names that FTS5 keeps for itself, beside that of the table. */
const REFUSED: ReadonlySet<string> = new Set(['rank', 'rowid']);
const SEARCHED: ReadonlySet<string> = new Set(['text', 'textarea', 'richtext', 'email', 'code']);

/**
 * admin.list_searchable_fields in its order, else every text-like field at the top level and in rows and collapsibles
 * (not in tabs and groups); a localized field has one column a locale. Undefined when nothing is searchable.
 */
export function searchTableOf(
  definition: CollectionDefinition,
  leaves: readonly Leaf[],
  settings: LayoutSettings,
): SearchTable | undefined {
  const table = searchTableName(definition.slug, settings);
  const byKey = new Map(leaves.filter((leaf) => leaf.storage === 'column').map((leaf) => [leaf.key, leaf]));
  const keys = [...new Set(searchKeys(definition))].filter(
    (key) => !REFUSED.has(key.toLowerCase()) && key.toLowerCase() !== `_fts_${definition.slug}`,
  );
  const columns = keys.flatMap((key) => {
    const leaf = byKey.get(key);
    return leaf ? localesOf(leaf, settings).map((locale) => columnName(leaf, locale)) : [];
  });
  return columns.length > 0 ? { table, columns } : undefined;
}

/** What FTS5 appends to the name of a table for the tables that it keeps behind it. */
const BEHIND = ['data', 'idx', 'content', 'docsize', 'config'];

/** `_fts_page_content` is a table behind `_fts_page`: beside a collection `page` that of `page_content` is `_fts_page_content+`. */
function searchTableName(slug: string, { collections }: LayoutSettings): string {
  const base = slug.slice(0, slug.lastIndexOf('_'));
  const taken = BEHIND.includes(slug.slice(base.length + 1)) && collections?.has(base);
  return taken ? `_fts_${slug}+` : `_fts_${slug}`;
}

/** Tables that cannot stand beside a search table of this name: one whose name it needs behind it, the one that it would be a table behind of. */
export function searchRivals(table: string): string[] {
  const own = BEHIND.map((suffix) => `${table}_${suffix}`);
  const [, base, suffix] = /^(.+)_([a-z]+)$/.exec(table) ?? [];
  return base !== undefined && BEHIND.includes(suffix!) ? [...own, base] : own;
}

/** The name under which SQLite's row number can be asked for in a table with these columns; undefined when fields have taken all of them. */
export function rowNumberName(columns: readonly string[]): string | undefined {
  const taken = new Set(columns.map((name) => name.toLowerCase()));
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
}

function searchKeys(definition: CollectionDefinition): string[] {
  const listed = definition.admin['list_searchable_fields'];
  if (Array.isArray(listed) && listed.length > 0) return listed.filter((name) => typeof name === 'string');
  return textLike(definition.fields);
}

function textLike(fields: readonly FieldDefinition[]): string[] {
  return fields.flatMap((field) => {
    if (field.type === 'row' || field.type === 'collapsible') return textLike(field.fields);
    return SEARCHED.has(field.type) ? [field.name] : [];
  });
}
