/** Brings one table up to its description: creates it, adds what it lacks, takes away constraints that refuse what it now allows. No data is dropped. */
import { HostError } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { IndexLayout } from './layout.js';
import { ownIndexName } from './layout-indexes.js';
import { addColumn, type ColumnSpec, createIndex, createTable, names, type TableSpec } from './layout-sql.js';
import type { SyncReport } from './sync.js';
import { type ExistingColumn, type ExistingIndex, existingColumns, existingIndexes, isNameTaken } from './sync-inspect.js';
import { relax } from './sync-relax.js';

/** Columns that belong to the host under some setting; left behind by another setting they do no harm. */
const HARMLESS = /^(?:id|parent_id|related_id|related_collection|data|created_at|updated_at|_.*)$/;

/** Ends with the names of the columns that were added to a table that was there before. */
export function* syncTable(db: Db, kinds: ReadonlyMap<string, string>, spec: TableSpec, report: SyncReport): Op<string[]> {
  const kind = kinds.get(spec.table.toLowerCase());
  if (kind === undefined) {
    yield* db.run(createTable(spec, db.dialect));
    report.created.push(spec.table);
    return [];
  }
  if (kind !== 'table') throw mismatch(spec.table, `is a ${kind}`);
  const existing = yield* existingColumns(db, spec.table);
  const byName = new Map(existing.map((column) => [column.name.toLowerCase(), column]));
  const added: string[] = [];
  for (const column of spec.columns) {
    const found = byName.get(column.name.toLowerCase());
    if (found) {
      compareType(spec, column, found, report);
      continue;
    }
    if (column.structural) throw mismatch(spec.table, `has no column '${column.name}'`);
    yield* db.run(addColumn(spec.table, column, db.dialect));
    report.altered.push(`${spec.table}.${column.name}`);
    added.push(column.name);
  }
  orphans(spec, existing, report);
  yield* relax(db, spec, report);
  return added;
}

function mismatch(table: string, what: string): HostError {
  return new HostError(
    'SCHEMA_MISMATCH',
    `the table '${table}' ${what}: it was not made for what the project now defines under that name`,
    {
      remedy: `rename the collection or field, or move the table '${table}' out of the way after a backup`,
      details: { table },
    },
  );
}

function compareType(spec: TableSpec, column: ColumnSpec, found: ExistingColumn, report: SyncReport): void {
  if (found.type === column.type.toUpperCase()) return;
  report.warnings.push(
    `the column ${spec.table}.${found.name} is ${found.type || 'without type'} in the database, but its field is stored as ${column.type}; the column is left as it is`,
  );
}

function orphans(spec: TableSpec, existing: readonly ExistingColumn[], report: SyncReport): void {
  const wanted = new Set(spec.columns.map(({ name }) => name.toLowerCase()));
  for (const { name } of existing) {
    if (wanted.has(name.toLowerCase()) || HARMLESS.test(name)) continue;
    report.warnings.push(`the column ${spec.table}.${name} belongs to no field of the project and is left as it is`);
  }
}

/**
 * Creates the indexes that are missing or differ, and one for each of the columns `unique` that became unique after its table was made.
 * Takes away those of the host's that refuse values which nothing forbids any more.
 */
export function* syncIndexes(
  db: Db,
  table: string,
  layout: readonly IndexLayout[],
  unique: readonly string[],
  report: SyncReport,
): Op<void> {
  const wanted = yield* freelyNamed(db, table, layout);
  const uniques = unique.map((column) => ({ name: `idx_${table}_${column}_unique`, table, columns: [column], unique: true }));
  const late = yield* freelyNamed(db, table, uniques);
  for (const index of yield* existingIndexes(db, table)) {
    const same = wanted.find(({ name }) => name === index.name);
    if (same ? equals(same, index) : !isStale(index, table, late)) continue;
    yield* db.run(`DROP INDEX ${db.dialect.ident(index.name)}`);
    if (!same) report.altered.push(index.name);
  }
  const existing = yield* existingIndexes(db, table);
  for (const index of wanted) if (!existing.some(({ name }) => name === index.name)) yield* makeIndex(db, index, report);
  for (const index of late) {
    const covered = existing.some(({ unique, partial, columns }) => unique && !partial && columns.join() === index.columns.join());
    if (!covered) yield* makeIndex(db, index, report);
  }
}

/** `blog_post` with an index of `title` and `blog` with one of `post_title` ask for the same name: who comes second has another. */
function* freelyNamed(db: Db, table: string, indexes: readonly IndexLayout[]): Op<IndexLayout[]> {
  const named: IndexLayout[] = [];
  for (const index of indexes) {
    const taken = yield* isNameTaken(db, index.name, table);
    named.push(taken ? { ...index, name: ownIndexName(index) } : index);
  }
  return named;
}

function equals(wanted: IndexLayout, found: ExistingIndex): boolean {
  const partial = wanted.where !== undefined;
  // Conditions of the reference's own differ by its versions in how they are written.
  if (wanted.name.startsWith('_ml_') && found.where !== wanted.where) return false;
  return found.unique === wanted.unique && found.partial === partial && found.columns.join() === wanted.columns.join();
}

/** A unique index under a name of the host's that no definition asks for. Others only cost time, and may be somebody's own. */
function isStale(index: ExistingIndex, table: string, late: readonly IndexLayout[]): boolean {
  const ours = index.name.startsWith(`idx_${table}_`) || index.name.startsWith(`_ml_idx_${table}_`);
  return index.unique && !index.inline && ours && !late.some(({ name }) => name === index.name);
}

function* makeIndex(db: Db, index: IndexLayout, report: SyncReport): Op<void> {
  if (index.unique && (yield* hasDuplicates(db, index))) {
    report.warnings.push(
      `${index.table} has several documents with the same ${index.columns.join(', ')}, so the unique index ${index.name} is not made; make them differ and run the migration again`,
    );
    return;
  }
  yield* db.run(createIndex(index, db.dialect));
  report.altered.push(index.name);
}

function* hasDuplicates(db: Db, { table, columns, where }: IndexLayout): Op<boolean> {
  const conditions = columns.map((column) => `${db.dialect.ident(column)} IS NOT NULL`);
  if (where !== undefined) conditions.push(where);
  const sql = `SELECT 1 AS found FROM ${db.dialect.ident(table)} WHERE ${conditions.join(' AND ')} GROUP BY ${names(columns, db.dialect)} HAVING count(*) > 1 LIMIT 1`;
  return (yield* db.get(sql)) !== undefined;
}
