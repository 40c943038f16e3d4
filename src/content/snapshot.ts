/**
 * All of a document in every locale, apart from the host's own columns: read from its row and side rows, turned into the JSON text of a
 * version and back (Lua API 4.12). In that JSON the default locale's values stand as a document has them, those of another locale beside
 * them under the flat name of their column (`title__de`); NULL is null, a key that is absent says nothing.
 */
import { Float, type Json, type JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { Row, SqlValue } from '../store/db.js';
import { columnInput } from './coerce.js';
import type { ContentContext, Document } from './context.js';
import { ABSENT, type Input, valueOfLeaf } from './input.js';
import { columnOf, type Plan, type PlannedLeaf, sqlName } from './plan.js';
import { containerAt, type ReadShape } from './read.js';
import { readSideRows } from './side-read.js';
import { saveSide } from './side-write.js';
import { type ColumnValues, columnsToWrite, updateRow } from './write-columns.js';

export interface DocumentState {
  /** By column. */
  columns: Map<string, SqlValue>;
  /** Rows of arrays and blocks, ids of has-many relations: by column-like name (`lines`, `lines__de`). */
  sides: Map<string, Json[]>;
  /**
   * What a version has for a field that cannot hold it, since its type is another one by now: by column, which `columns` has as what is left
   * of it, or by the name of its rows, which `sides` has not.
   */
  misfits?: Map<string, Json>;
}

/** The locales in which a leaf has values; undefined = its only or its default one. */
function localesOf(plan: Plan, leaf: PlannedLeaf): readonly (string | undefined)[] {
  if (!leaf.localized || !plan.locales) return [undefined];
  return [undefined, ...plan.locales.filter((locale) => locale !== plan.defaultLocale)];
}

/** What stands in `_locale` of a leaf's rows; undefined when they have no such column. */
function sideLocale(plan: Plan, leaf: PlannedLeaf, locale: string | undefined): string | undefined {
  return leaf.localized && plan.locales ? (locale ?? plan.defaultLocale) : undefined;
}

/** Undefined when the row is not there; a trashed one is. */
export function* readState(ctx: ContentContext, plan: Plan, id: string): Op<DocumentState | undefined> {
  const names = plan.columns.flatMap((leaf) => localesOf(plan, leaf).map((locale) => columnOf(plan, leaf, locale)));
  const list = ['id', ...names.map(sqlName)].join(', ');
  const row = yield* ctx.db.get(`SELECT ${list} FROM ${ctx.db.dialect.ident(plan.table)} WHERE id = ?`, [id]);
  if (!row) return undefined;
  const sides = new Map<string, Json[]>();
  for (const leaf of plan.sides) {
    for (const locale of localesOf(plan, leaf)) {
      const rows = yield* readSideRows(ctx, plan, leaf, [id], sideLocale(plan, leaf, locale));
      sides.set(columnOf(plan, leaf, locale), rows.get(id) ?? []);
    }
  }
  return { columns: new Map(names.map((name) => [name, row[name] ?? null])), sides };
}

/** What a write would leave: absent keys change nothing. Rows are kept as they were given. */
export function overlay(plan: Plan, state: DocumentState, input: Input, locale: string | undefined): void {
  const { names, values } = columnsToWrite(plan, input, locale, 'keep');
  const bare = new Map(plan.columns.map((leaf) => columnOf(plan, leaf, locale)).map((name) => [sqlName(name), name]));
  for (const [i, name] of names.entries()) state.columns.set(bare.get(name) ?? name, values[i]!);
  for (const leaf of plan.sides) {
    const value = valueOfLeaf(input, leaf);
    if (value !== ABSENT) state.sides.set(columnOf(plan, leaf, locale), listGiven(leaf, value));
  }
}

function listGiven(leaf: PlannedLeaf, value: Json): Json[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string' || !leaf.field.relationship) return [];
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

export function encodeState(plan: Plan, state: DocumentState): JsonObject {
  const json: JsonObject = {};
  const put = (leaf: PlannedLeaf, locale: string | undefined, name: string, value: Json) => {
    if (locale !== undefined || leaf.path.length === 1) json[locale === undefined ? leaf.key : name] = value;
    else containerAt(json, leaf.path.slice(0, -1))[leaf.path[leaf.path.length - 1]!] = value;
  };
  for (const leaf of [...plan.columns, ...plan.sides]) {
    for (const locale of localesOf(plan, leaf)) {
      const name = columnOf(plan, leaf, locale);
      const value = leaf.storage === 'side' ? state.sides.get(name) : state.columns.get(name);
      if (value !== undefined) put(leaf, locale, name, Array.isArray(value) ? value : encodeColumn(leaf, value as SqlValue));
    }
  }
  return json;
}

function encodeColumn(leaf: PlannedLeaf, value: SqlValue): Json {
  if (value instanceof Uint8Array) return null;
  return leaf.kind === 'number' && typeof value === 'number' ? new Float(value) : value;
}

/** The list of a scalar has-many field stands as its JSON text. */
function decodeColumn(leaf: PlannedLeaf, value: Json): SqlValue {
  return leaf.field.hasMany && typeof value === 'string' && value !== '' ? value : columnInput(leaf, value);
}

/** Also of versions that crap-cms wrote. What does not fit the definition (any more) is left out. */
export function decodeState(plan: Plan, json: JsonObject): DocumentState {
  const misfits = new Map<string, Json>();
  const state: DocumentState = { columns: new Map(), sides: new Map(), misfits };
  for (const leaf of [...plan.columns, ...plan.sides]) {
    for (const locale of localesOf(plan, leaf)) {
      const name = columnOf(plan, leaf, locale);
      const value =
        locale === undefined ? valueOfLeaf({ data: json, copies: new Map() }, leaf) : Object.hasOwn(json, name) ? json[name]! : ABSENT;
      if (value === ABSENT) continue;
      if (leaf.storage === 'column') {
        const stored = decodeColumn(leaf, value);
        state.columns.set(name, stored);
        const bent = stored === null || (leaf.kind === 'checkbox' && typeof value === 'string');
        if (bent && value !== null && value !== '') misfits.set(name, value);
      } else if (Array.isArray(value) || (typeof value === 'string' && leaf.field.relationship)) {
        state.sides.set(name, listGiven(leaf, value));
      } else if (value !== null && value !== '') misfits.set(name, value);
    }
  }
  return state;
}

/**
 * The values of the default locale (undefined) as the data of a write, or of the localized fields in another one, under flat keys; misfits as
 * the version has them.
 */
export function inputOfState(plan: Plan, state: DocumentState, locale: string | undefined): JsonObject {
  const data: JsonObject = {};
  for (const leaf of [...plan.columns, ...plan.sides]) {
    if (locale !== undefined && !leaf.localized) continue;
    const name = columnOf(plan, leaf, locale);
    const value = state.misfits?.get(name) ?? (leaf.storage === 'side' ? state.sides.get(name) : state.columns.get(name));
    if (value !== undefined) data[leaf.key] = Array.isArray(value) ? value : encodeColumn(leaf, value as SqlValue);
  }
  return data;
}

/** Writes a state over the row and its side rows, in every locale; what it does not have is left as it is. Ends with whether the row was there. */
export function* writeState(ctx: ContentContext, plan: Plan, id: string, state: DocumentState, system: ColumnValues): Op<boolean> {
  const names = [...[...state.columns.keys()].map(sqlName), ...system.names];
  const found = yield* updateRow(ctx, plan, id, { names, values: [...state.columns.values(), ...system.values] });
  if (!found) return false;
  for (const leaf of plan.sides) {
    for (const locale of localesOf(plan, leaf)) {
      const rows = state.sides.get(columnOf(plan, leaf, locale));
      if (rows) yield* saveSide(ctx, plan, leaf, id, rows, sideLocale(plan, leaf, locale), true);
    }
  }
  return true;
}

/** The values of `over` where it has some, those of `under` elsewhere. */
export function merged(under: DocumentState, over: DocumentState): DocumentState {
  return { columns: new Map([...under.columns, ...over.columns]), sides: new Map([...under.sides, ...over.sides]) };
}

/** The state as `selectSql` would have read it in a locale, without the host's columns. */
export function rowOfState(plan: Plan, state: DocumentState, fallback: boolean, locale: string | undefined): Row {
  const row: Row = {};
  for (const leaf of plan.columns) {
    const read = (each: string | undefined) => state.columns.get(columnOf(plan, leaf, each)) ?? null;
    if (locale === 'all' && leaf.localized && plan.locales) {
      for (const each of plan.locales) row[`${leaf.key}@${each}`] = read(each);
    } else {
      const own = read(locale === 'all' ? undefined : locale);
      row[leaf.key] = own === null && fallback ? read(undefined) : own;
    }
  }
  return row;
}

/** Puts the state's rows into a document, as `hydrate` puts stored ones. */
export function putSides(ctx: ContentContext, plan: Plan, state: DocumentState, document: Document, shape: ReadShape): void {
  for (const leaf of plan.sides) {
    if (leaf.hidden) continue;
    const flat = shape.select !== undefined && !shape.select.has(leaf.path[0]!);
    if (flat && !shape.select?.has(leaf.key)) continue;
    const locale = shape.locale === 'all' ? undefined : shape.locale;
    const own = state.sides.get(columnOf(plan, leaf, locale)) ?? [];
    const rows = own.length === 0 && ctx.settings.locale.fallback ? (state.sides.get(columnOf(plan, leaf, undefined)) ?? []) : own;
    if (flat || leaf.path.length === 1) document[leaf.key] = rows;
    else containerAt(document, leaf.path.slice(0, -1))[leaf.path[leaf.path.length - 1]!] = rows;
  }
}
