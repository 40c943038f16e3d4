/** Reading side tables into documents: one statement a field, however many documents (Lua API 4.4). */
import { Float, type Json, type JsonObject } from '../domain/json.js';
import { parseJson } from '../domain/json-text.js';
import type { Op } from '../domain/op.js';
import type { Row, SqlValue } from '../store/db.js';
import type { ContentContext, Document } from './context.js';
import { showingSql } from './failure.js';
import { columnValue, type Generation } from './generation.js';
import { type SubColumn, subColumnsOf } from './layout-side.js';
import type { Plan, PlannedLeaf } from './plan.js';
import { containerAt, type ReadShape } from './read.js';

/** SQLite takes 32,766 parameters a statement; a page may be longer. */
const IDS_A_STATEMENT = 1_000;

export function* hydrate(ctx: ContentContext, plan: Plan, documents: readonly Document[], shape: ReadShape): Op<void> {
  if (documents.length === 0) return;
  for (const leaf of plan.sides) {
    if (leaf.hidden && !shape.showHidden) continue;
    const top = leaf.path[0]!;
    const flat = shape.select !== undefined && !shape.select.has(top);
    if (flat && !shape.select?.has(leaf.key)) continue;
    const rows = yield* rowsOfDocuments(ctx, plan, leaf, documents, shape.locale);
    for (const document of documents) {
      const list = rows.get(document.id) ?? [];
      if (flat || leaf.path.length === 1) document[leaf.key] = list;
      else containerAt(document, leaf.path.slice(0, -1))[leaf.path[leaf.path.length - 1]!] = list;
    }
  }
}

/** "all" reads the default locale's rows; with fallback a document without rows in the locale has those of the default. */
function* rowsOfDocuments(
  ctx: ContentContext,
  plan: Plan,
  leaf: PlannedLeaf,
  documents: readonly Document[],
  locale: string | undefined,
): Op<Map<string, Json[]>> {
  const ids = documents.map((document) => document.id);
  const localized = leaf.localized && plan.locales !== undefined;
  if (!localized) return yield* readSideRows(ctx, plan, leaf, ids, undefined);
  const own = locale === undefined || locale === 'all' ? plan.defaultLocale : locale;
  const rows = yield* readSideRows(ctx, plan, leaf, ids, own);
  const missing = ids.filter((id) => !rows.has(id));
  if (own === plan.defaultLocale || !ctx.settings.locale.fallback || missing.length === 0) return rows;
  const initial = yield* readSideRows(ctx, plan, leaf, missing, plan.defaultLocale);
  return new Map([...rows, ...initial]);
}

/** By id of the document; `locale` only where the rows have one. */
export function* readSideRows(
  ctx: ContentContext,
  plan: Plan,
  leaf: PlannedLeaf,
  ids: readonly string[],
  locale: string | undefined,
): Op<Map<string, Json[]>> {
  const table = ctx.db.dialect.ident(`${plan.table}_${leaf.key}`);
  const read = reader(leaf, ctx.settings.generation);
  const byParent = new Map<string, Json[]>();
  for (let from = 0; from < ids.length; from += IDS_A_STATEMENT) {
    const params: SqlValue[] = ids.slice(from, from + IDS_A_STATEMENT);
    let where = `parent_id IN (${params.map(() => '?').join(', ')})`;
    if (locale !== undefined) {
      where += ' AND _locale = ?';
      params.push(locale);
    }
    const sql = `SELECT * FROM ${table} WHERE ${where} ORDER BY parent_id, _order`;
    const rows = yield* showingSql(`Failed to read '${leaf.key}' of '${plan.table}'`, 'prepare', () => ctx.db.all(sql, params));
    for (const row of rows) {
      const parent = String(row['parent_id']);
      const list = byParent.get(parent);
      if (list) list.push(read(row));
      else byParent.set(parent, [read(row)]);
    }
  }
  return byParent;
}

function reader(leaf: PlannedLeaf, generation: Generation): (row: Row) => Json {
  if (leaf.field.type === 'array') {
    const columns = subColumnsOf(leaf.field.fields);
    return (row) => arrayRow(columns, generation, row);
  }
  if (leaf.field.type === 'blocks') return blockRow;
  if (!leaf.field.relationship?.polymorphic) return (row) => String(row['related_id']);
  return (row) => `${row['related_collection']}/${row['related_id']}`;
}

/** Composite and json columns are decoded, also under generation 8; checkboxes are never absent. */
function arrayRow(columns: readonly SubColumn[], generation: Generation, row: Row): Json {
  const out: JsonObject = { id: String(row['id']) };
  for (const column of columns) {
    const stored = row[column.name] ?? (column.kind === 'checkbox' ? 0 : null);
    const value = column.json && typeof stored === 'string' ? decoded(stored) : columnValue(generation, column.kind, false, stored);
    if (value !== undefined) out[column.name] = value;
  }
  return out;
}

function blockRow(row: Row): Json {
  const data = typeof row['data'] === 'string' ? decoded(row['data']) : {};
  const fields = typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof Float) ? data : {};
  return { id: String(row['id']), _block_type: String(row['_block_type']), ...fields };
}

function decoded(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
