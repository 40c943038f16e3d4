/** From rows to documents (Lua API 4.4): groups nested, SQL NULL absent, hidden fields left out, localized leaves of one or of all locales. */
import type { Json, JsonObject } from '../domain/json.js';
import type { Dialect, Row, SqlValue } from '../store/db.js';
import type { ContentSettings, Document } from './context.js';
import { readTimestamp } from './date.js';
import { columnValue } from './generation.js';
import { columnOf, type Plan, type PlannedLeaf, sqlName } from './plan.js';
import { addSizes } from './sizes.js';

/** How a call reads: whose locale, which top-level names. */
export interface ReadShape {
  /** undefined = default, "all" = a table of locales for each localized leaf. */
  locale: string | undefined;
  /** undefined = everything. */
  select?: ReadonlySet<string>;
  /** Hidden fields too. Default false. */
  showHidden?: boolean;
}

/** Cuts a read to the listed top-level names; `group__leaf` gives that flat key, `group.leaf` nothing. */
export function shapeOf(locale: string | undefined, select: readonly string[] | undefined): ReadShape {
  return select === undefined ? { locale } : { locale, select: new Set(select) };
}

/**
 * `SELECT … FROM table` with every column that a document or a hook can see. Aliases are data keys (`key@locale` for "all").
 * `extra`: a further column, with its alias.
 */
export function selectSql(
  plan: Plan,
  dialect: Dialect,
  settings: Pick<ContentSettings, 'locale'>,
  locale: string | undefined,
  extra = '',
): string {
  const key = `select ${locale ?? ''} ${settings.locale.fallback} ${extra}`;
  let sql = plan.sql.get(key);
  if (sql === undefined) {
    const columns = columnList(plan, dialect, settings.locale.fallback, locale);
    if (extra !== '') columns.push(extra);
    sql = `SELECT ${columns.join(', ')} FROM ${dialect.ident(plan.table)}`;
    plan.sql.set(key, sql);
  }
  return sql;
}

function columnList(plan: Plan, dialect: Dialect, fallback: boolean, locale: string | undefined): string[] {
  const list = ['id'];
  for (const leaf of plan.columns) {
    if (!leaf.localized || !plan.locales) {
      list.push(sqlName(leaf.key));
    } else if (locale === 'all') {
      for (const each of plan.locales) list.push(`${sqlName(columnOf(plan, leaf, each))} AS ${dialect.ident(`${leaf.key}@${each}`)}`);
    } else {
      const own = sqlName(columnOf(plan, leaf, locale));
      const initial = sqlName(columnOf(plan, leaf, undefined));
      const value = fallback && own !== initial ? `COALESCE(${own}, ${initial})` : own;
      list.push(`${value} AS ${sqlName(leaf.key)}`);
    }
  }
  if (plan.drafts) list.push('_status');
  if (plan.softDelete) list.push('_deleted_at');
  if (plan.timestamps) list.push('created_at', 'updated_at');
  return list;
}

/** A document without side tables. */
export function documentOf(plan: Plan, settings: ContentSettings, row: Row, shape: ReadShape): Document {
  const document: Document = { id: String(row['id']) };
  const { select } = shape;
  for (const { path, field } of plan.groups) {
    if ((!field.hidden || shape.showHidden) && (!select || select.has(path[0]!))) containerAt(document, path);
  }
  for (const leaf of plan.columns) {
    if (leaf.hidden && !shape.showHidden) continue;
    const flat = select !== undefined && !select.has(leaf.path[0]!);
    if (flat && !select.has(leaf.key)) continue;
    const value = leafValue(plan, settings, row, leaf, shape.locale);
    if (value === undefined) continue;
    if (flat || leaf.path.length === 1) document[leaf.key] = value;
    else containerAt(document, leaf.path.slice(0, -1))[leaf.path[leaf.path.length - 1]!] = value;
  }
  systemValues(plan, row, document, select);
  if (plan.hasSizes && (!select || select.has('sizes'))) {
    addSizes(plan, document, (key) => {
      const leaf = plan.byKey.get(key);
      return leaf && leafValue(plan, settings, row, leaf, shape.locale);
    });
  }
  return document;
}

function systemValues(plan: Plan, row: Row, document: JsonObject, select: ReadonlySet<string> | undefined): void {
  const put = (name: string, value: SqlValue | undefined) => {
    if (typeof value === 'string' && (!select || select.has(name))) document[name] = value;
  };
  if (plan.drafts) put('_status', row['_status']);
  if (plan.softDelete) put('_deleted_at', row['_deleted_at']);
  if (!plan.timestamps) return;
  for (const name of ['created_at', 'updated_at']) {
    const value = row[name];
    put(name, typeof value === 'string' ? readTimestamp(value) : value);
  }
}

/** The table of a group inside a document, made where it is missing. */
export function containerAt(document: JsonObject, path: readonly string[]): JsonObject {
  let at = document;
  for (const name of path) {
    const next = at[name];
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) at = next as JsonObject;
    else at = at[name] = {};
  }
  return at;
}

function leafValue(plan: Plan, settings: ContentSettings, row: Row, leaf: PlannedLeaf, locale: string | undefined): Json | undefined {
  const { generation } = settings;
  if (locale !== 'all' || !leaf.localized || !plan.locales) {
    return columnValue(generation, leaf.kind, leaf.json, row[leaf.key] ?? null);
  }
  const byLocale: JsonObject = {};
  for (const each of plan.locales) {
    const value = columnValue(generation, leaf.kind, leaf.json, row[`${leaf.key}@${each}`] ?? null);
    if (value !== undefined) byLocale[each] = value;
  }
  return byLocale;
}

/** The row as after_change hooks see it: flat keys, NULLs absent, no times, hidden fields included. */
export function flatRow(plan: Plan, settings: ContentSettings, row: Row): JsonObject {
  const data: JsonObject = { id: String(row['id']) };
  for (const leaf of plan.columns) {
    const value = columnValue(settings.generation, leaf.kind, leaf.json, row[leaf.key] ?? null);
    if (value !== undefined) data[leaf.key] = value;
  }
  if (plan.drafts && typeof row['_status'] === 'string') data['_status'] = row['_status'];
  return data;
}
