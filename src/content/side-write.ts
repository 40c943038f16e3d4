/** Writing side tables: a key that is given replaces all of its rows (Lua API 4.8, 4.9). */
import { nanoid } from 'nanoid';
import type { Json, JsonObject } from '../domain/json.js';
import { stringifyJson } from '../domain/json-text.js';
import type { Op } from '../domain/op.js';
import type { SqlValue } from '../store/db.js';
import { columnInput } from './coerce.js';
import type { ContentContext } from './context.js';
import { refused, showingSql } from './failure.js';
import { keepsRowIds } from './generation.js';
import { ABSENT, type Input, valueOfLeaf } from './input.js';
import { type SubColumn, subColumnsOf } from './layout-side.js';
import { type Plan, type PlannedLeaf, sqlName } from './plan.js';
import { isObject, textOf } from './value-text.js';

/** SQLite takes 32,766 parameters a statement. */
const MAX_PARAMETERS = 30_000;

export function* saveSides(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  input: Input,
  locale: string | undefined,
  isUpdate: boolean,
): Op<void> {
  for (const leaf of plan.sides) {
    const value = valueOfLeaf(input, leaf);
    if (value === ABSENT) continue;
    const localized = leaf.localized && plan.locales !== undefined ? (locale ?? plan.defaultLocale) : undefined;
    yield* saveSide(ctx, plan, leaf, id, value, localized, isUpdate);
  }
}

/** The rows of one leaf in one locale (undefined where rows have none). */
export function* saveSide(
  ctx: ContentContext,
  plan: Plan,
  leaf: PlannedLeaf,
  id: string,
  value: Json,
  locale: string | undefined,
  isUpdate: boolean,
): Op<void> {
  const table = ctx.db.dialect.ident(`${plan.table}_${leaf.key}`);
  const kept = new Set<string>();
  if (isUpdate) {
    const own = locale === undefined ? [id] : [id, locale];
    const where = `WHERE parent_id = ?${locale === undefined ? '' : ' AND _locale = ?'}`;
    if (keepsRowIds(ctx.settings.generation) && namesRows(leaf, value)) {
      for (const row of yield* ctx.db.all(`SELECT id FROM ${table} ${where}`, own)) kept.add(String(row['id']));
    }
    yield* ctx.db.run(`DELETE FROM ${table} ${where}`, own);
  }
  const { names, rows } = rowsOf(leaf, value, kept);
  if (rows.length === 0) return;
  const columns = [...names, 'parent_id', '_order', ...(locale === undefined ? [] : ['_locale'])];
  const complete = rows.map((row, i) => [...row, id, i, ...(locale === undefined ? [] : [locale])]);
  const marks = `(${columns.map(() => '?').join(', ')})`;
  const step = Math.max(1, Math.floor(MAX_PARAMETERS / columns.length));
  for (let from = 0; from < complete.length; from += step) {
    const batch = complete.slice(from, from + step);
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${batch.map(() => marks).join(', ')}`;
    yield* showingSql(`Failed to save '${leaf.key}' of '${plan.table}'`, 'execute', () => ctx.db.run(sql, batch.flat()));
  }
}

interface SideRows {
  names: string[];
  rows: SqlValue[][];
}

/** `kept`: ids of rows that were there, taken out as they are used. */
function rowsOf(leaf: PlannedLeaf, value: Json, kept: Set<string>): SideRows {
  if (leaf.field.type === 'array') return arrayRows(leaf, value, kept);
  return leaf.field.type === 'blocks' ? blockRows(value, kept) : relationRows(leaf, value);
}

/** Whether rows are given with ids. */
export function namesRows(leaf: PlannedLeaf, value: Json): value is Json[] {
  const { type } = leaf.field;
  return (
    (type === 'array' || type === 'blocks') && Array.isArray(value) && value.some((row) => isObject(row) && typeof row['id'] === 'string')
  );
}

/** The id that a row was given, where it is that of a row of this list; else a fresh one. */
function rowId(given: Json | undefined, kept: Set<string>): string {
  return typeof given === 'string' && kept.delete(given) ? given : nanoid();
}

/** Objects only. */
function arrayRows(leaf: PlannedLeaf, value: Json, kept: Set<string>): SideRows {
  const columns = subColumnsOf(leaf.field.fields);
  const list = Array.isArray(value) ? value.filter(isObject) : [];
  return {
    names: ['id', ...columns.map((column) => sqlName(column.name))],
    rows: list.map((row) => [rowId(row['id'], kept), ...columns.map((column) => subValue(leaf, column, row))]),
  };
}

function subValue(leaf: PlannedLeaf, column: SubColumn, row: JsonObject): SqlValue {
  const given = row[column.name] ?? null;
  if (column.companion === 'tz') return row[column.field.name] === undefined ? null : textOf(given) || null;
  if (column.json) {
    const text = textOf(given);
    return text === undefined || text === '' ? null : text;
  }
  const zone = column.field.timezone ? textOf(row[`${column.name}_tz`]) : undefined;
  const subLeaf = { ...leaf, key: column.name, field: column.field, kind: column.kind };
  return columnInput(subLeaf, given, zone === '' ? undefined : zone);
}

/** Everything but id and type is kept as JSON, unknown keys too. */
function blockRows(value: Json, kept: Set<string>): SideRows {
  const rows: SqlValue[][] = [];
  for (const [i, block] of (Array.isArray(value) ? value : []).entries()) {
    if (!isObject(block)) continue;
    const { id, _block_type: type, ...data } = block;
    if (typeof type !== 'string') throw refused('BLOCK_TYPE_MISSING', `Block row at index ${i} is missing '_block_type'`);
    rows.push([rowId(id, kept), type, stringifyJson(data)]);
  }
  return { names: ['id', '_block_type', 'data'], rows };
}

/** A list of texts, or a comma list; `coll/id` where the relation is polymorphic. What is said twice is kept once. */
function relationRows(leaf: PlannedLeaf, value: Json): SideRows {
  const given = Array.isArray(value)
    ? value.filter((entry) => typeof entry === 'string')
    : typeof value === 'string'
      ? value.split(',').map((entry) => entry.trim())
      : [];
  const entries = [...new Set(given.filter((entry) => entry !== ''))];
  if (!leaf.field.relationship?.polymorphic) return { names: ['related_id'], rows: entries.map((id) => [id]) };
  const rows = entries.filter((entry) => entry.includes('/')).map((entry) => splitReference(entry));
  return { names: ['related_id', 'related_collection'], rows: rows.map(({ id, collection }) => [id, collection]) };
}

export function splitReference(text: string): { collection: string; id: string } {
  const slash = text.indexOf('/');
  return { collection: text.slice(0, slash), id: text.slice(slash + 1) };
}
