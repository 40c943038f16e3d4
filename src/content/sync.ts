/**
 * Synchronises the database with the definitions (Lua API 3.3): creates tables, adds columns and indexes, takes away constraints that
 * refuse what is allowed now, warns of what belongs to nothing. Never drops data; what does not fit is refused with a clear text.
 */
import { createHash } from 'node:crypto';
import type { Op } from '../domain/op.js';
import type { Db, Dialect } from '../store/db.js';
import type { ContentRegistry, ContentSettings } from './context.js';
import { type LayoutSettings, layoutOf, type TableLayout } from './layout.js';
import { createIndex, createSearch, createTable, mainSpec, sideIndexes, sideSpec, versionsIndexes, versionsSpec } from './layout-sql.js';
import { carryValues, warnOfShownRows } from './sync-carry.js';
import { existingTables, sideTablesOf } from './sync-inspect.js';
import { syncSearch } from './sync-search.js';
import { syncIndexes, syncTable } from './sync-table.js';

export type SchemaRegistry = Pick<ContentRegistry, 'collections' | 'globals'>;
export type SchemaSettings = Pick<ContentSettings, 'generation' | 'locale'>;

export interface SyncReport {
  /** Tables. */
  created: string[];
  /** `table.column` of added columns, names of indexes, tables made anew with fewer constraints, search tables made anew. */
  altered: string[];
  warnings: string[];
}

/** Raised when the same definitions lead to another layout than before. */
const LAYOUT_VERSION = 3;

export function layoutSettings(
  { generation, locale }: SchemaSettings,
  { collections }: Pick<SchemaRegistry, 'collections'>,
): LayoutSettings {
  return { generation, locales: locale.locales, defaultLocale: locale.default, collections };
}

/** Layouts of everything defined: collections in order of definition, then globals. */
function layoutsOf(registry: SchemaRegistry, settings: SchemaSettings): TableLayout[] {
  const all = [...registry.collections.values(), ...registry.globals.values()];
  return all.map((definition) => layoutOf(definition, layoutSettings(settings, registry)));
}

/**
 * Works in the caller's transaction, which should be an immediate one; without changes it only reads. Throws HostError
 * SCHEMA_MISMATCH, SCHEMA_REBUILD_NEEDED, and then leaves nothing behind.
 */
export function syncSchema(db: Db, registry: SchemaRegistry, settings: SchemaSettings): Op<SyncReport> {
  return db.savepoint(function* () {
    const report: SyncReport = { created: [], altered: [], warnings: [] };
    const kinds = yield* existingTables(db);
    for (const layout of layoutsOf(registry, settings)) yield* syncLayout(db, kinds, layout, layoutSettings(settings, registry), report);
    return report;
  });
}

/** Main, side, versions and search tables that are not there. */
export function* absentTables(db: Db, registry: SchemaRegistry, settings: SchemaSettings): Op<string[]> {
  const kinds = yield* existingTables(db);
  const wanted = layoutsOf(registry, settings).flatMap(({ table, sideTables, versionsTable, search }) => [
    table,
    ...sideTables.map((side) => side.table),
    ...(versionsTable === undefined ? [] : [versionsTable]),
    ...(search && db.dialect.name === 'sqlite' ? [search.table] : []),
  ]);
  return wanted.filter((table) => !kinds.has(table.toLowerCase()));
}

function* syncLayout(
  db: Db,
  kinds: ReadonlyMap<string, string>,
  layout: TableLayout,
  settings: LayoutSettings,
  report: SyncReport,
): Op<void> {
  const isNew = !kinds.has(layout.table.toLowerCase());
  const added = yield* syncTable(db, kinds, mainSpec(layout, db.dialect), report);
  yield* carryValues(db, layout, added, settings);
  const unique = isNew ? [] : layout.columns.filter((column) => column.unique).map(({ name }) => name);
  yield* syncIndexes(db, layout.table, layout.indexes, unique, report);
  for (const side of layout.sideTables) {
    yield* syncTable(db, kinds, sideSpec(side, db.dialect), report);
    yield* syncIndexes(db, side.table, sideIndexes(side), [], report);
  }
  const versions = versionsSpec(layout, db.dialect);
  if (versions) {
    yield* syncTable(db, kinds, versions, report);
    yield* syncIndexes(db, versions.table, versionsIndexes(layout), [], report);
  }
  yield* syncSearch(db, kinds, layout, report);
  if (layout.isGlobal) yield* ensureGlobalRow(db, layout.table);
  if (isNew) return;
  yield* warnOfSideTables(db, layout, report);
  yield* warnOfShownRows(db, layout, report);
}

/** A global is one row, which is there from the start. */
function* ensureGlobalRow(db: Db, table: string): Op<void> {
  const name = db.dialect.ident(table);
  if (yield* db.get(`SELECT 1 AS found FROM ${name} WHERE id = 'default'`)) return;
  yield* db.run(`INSERT INTO ${name} (id) VALUES ('default')`);
}

function* warnOfSideTables(db: Db, layout: TableLayout, report: SyncReport): Op<void> {
  const wanted = new Set(layout.sideTables.map(({ table }) => table.toLowerCase()));
  for (const name of yield* sideTablesOf(db, layout.table)) {
    if (!wanted.has(name.toLowerCase())) report.warnings.push(`the table ${name} belongs to no field of the project and is left as it is`);
  }
}

/** Of no database: what the hash is made of must not depend on one. */
const ABSTRACT: Dialect = { name: 'sqlite', ident: (name) => JSON.stringify(name), columnType: (kind) => kind };

/** Hex SHA-256 of everything that `syncSchema` looks at; equal hashes mean that it would change nothing on a database it has seen. */
export function schemaHash(registry: SchemaRegistry, settings: SchemaSettings): string {
  const statements = layoutsOf(registry, settings).flatMap(ddlOf).sort();
  return createHash('sha256')
    .update(JSON.stringify([LAYOUT_VERSION, statements]))
    .digest('hex');
}

/** Every statement that makes a definition's tables in an empty database. */
function ddlOf(layout: TableLayout): string[] {
  const versions = versionsSpec(layout, ABSTRACT);
  const tables = [
    mainSpec(layout, ABSTRACT),
    ...layout.sideTables.map((side) => sideSpec(side, ABSTRACT)),
    ...(versions ? [versions] : []),
  ];
  return [
    ...tables.map((table) => createTable(table, ABSTRACT)),
    ...[...layout.indexes, ...layout.sideTables.flatMap(sideIndexes), ...versionsIndexes(layout)].map((index) =>
      createIndex(index, ABSTRACT),
    ),
    ...(layout.search ? [createSearch(layout.search, ABSTRACT)] : []),
  ];
}
