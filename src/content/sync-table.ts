/** Brings one table up to its description: creates it, or adds what it lacks. Nothing is dropped, nothing rewritten. */
import { HostError } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { IndexLayout } from './layout.js';
import { addColumn, type ColumnSpec, createIndex, createTable, names, type TableSpec } from './layout-sql.js';
import type { SyncReport } from './sync.js';
import { type ExistingColumn, existingColumns, existingIndexes } from './sync-inspect.js';

/** Columns that belong to the host under some setting; left behind by another setting they do no harm. */
const HARMLESS = /^(?:id|parent_id|related_id|related_collection|data|created_at|updated_at|_.*)$/;

export function* syncTable(db: Db, kinds: ReadonlyMap<string, string>, spec: TableSpec, report: SyncReport): Op<void> {
  const kind = kinds.get(spec.table.toLowerCase());
  if (kind === undefined) {
    yield* db.run(createTable(spec, db.dialect));
    report.created.push(spec.table);
    return;
  }
  if (kind !== 'table') throw mismatch(spec.table, `is a ${kind}`);
  const existing = yield* existingColumns(db, spec.table);
  const byName = new Map(existing.map((column) => [column.name.toLowerCase(), column]));
  for (const column of spec.columns) {
    const found = byName.get(column.name.toLowerCase());
    if (found) {
      compare(spec, column, found, report);
      continue;
    }
    if (column.structural) throw mismatch(spec.table, `has no column '${column.name}'`);
    yield* db.run(addColumn(spec.table, column, db.dialect));
    report.altered.push(`${spec.table}.${column.name}`);
  }
  compareKey(spec, existing, report);
  orphans(spec, existing, report);
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

function compare(spec: TableSpec, column: ColumnSpec, found: ExistingColumn, report: SyncReport): void {
  const name = `${spec.table}.${found.name}`;
  if (found.type !== column.type.toUpperCase()) {
    report.warnings.push(
      `the column ${name} is ${found.type || 'without type'} in the database, but its field is stored as ${column.type}; the column is left as it is`,
    );
  }
  if (found.notNull && !column.filled && !column.structural && found.primaryKey === 0) {
    report.warnings.push(`the column ${name} is NOT NULL in the database, but its field may be empty; writes without it will fail`);
  }
}

/** A column that joined the key later (a locale, a target) cannot be put into it without a rebuild. */
function compareKey(spec: TableSpec, existing: readonly ExistingColumn[], report: SyncReport): void {
  if (!spec.primaryKey) return;
  const key = new Set(existing.filter(({ primaryKey }) => primaryKey > 0).map(({ name }) => name));
  const missing = spec.primaryKey.filter((name) => !key.has(name));
  if (missing.length === 0) return;
  report.warnings.push(
    `the primary key of the table ${spec.table} lacks ${missing.join(', ')}, which its field needs now: the same link cannot be stored twice with different values there`,
  );
}

function orphans(spec: TableSpec, existing: readonly ExistingColumn[], report: SyncReport): void {
  const wanted = new Set(spec.columns.map(({ name }) => name.toLowerCase()));
  for (const { name, notNull, hasDefault } of existing) {
    if (wanted.has(name.toLowerCase()) || (HARMLESS.test(name) && !(notNull && !hasDefault))) continue;
    const blocking =
      notNull && !hasDefault ? '; it is NOT NULL without a default, so every new document will fail until it is dropped' : '';
    report.warnings.push(`the column ${spec.table}.${name} belongs to no field of the project and is left as it is${blocking}`);
  }
}

/**
 * Creates the indexes that are missing, and one for each column that became unique after its table was made.
 * `spec`: whose inline UNIQUE columns are looked at; `rebuilt`: columns that must not be unique over all rows (soft delete).
 */
export function* syncIndexes(
  db: Db,
  table: string,
  wanted: readonly IndexLayout[],
  unique: readonly string[],
  report: SyncReport,
): Op<void> {
  const existing = yield* existingIndexes(db, table);
  for (const index of wanted) {
    const found = existing.find(({ name }) => name === index.name);
    if (!found) {
      yield* makeIndex(db, index, report);
    } else if (found.unique !== index.unique || found.columns.join() !== index.columns.join()) {
      report.warnings.push(
        `the index ${index.name} is not as the project defines it now; drop it (DROP INDEX ${db.dialect.ident(index.name)}) and it is made anew`,
      );
    }
  }
  for (const column of unique) {
    const covered = existing.some((index) => index.unique && !index.partial && index.columns.length === 1 && index.columns[0] === column);
    if (!covered) yield* makeIndex(db, { name: `idx_${table}_${column}_unique`, table, columns: [column], unique: true }, report);
  }
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

/** Under soft delete uniqueness counts live rows only; a UNIQUE from CREATE TABLE cannot be taken away without rebuilding the table. */
export function* refuseInlineUnique(db: Db, table: string, columns: readonly string[]): Op<void> {
  if (columns.length === 0) return;
  const inline = (yield* existingIndexes(db, table)).filter((index) => index.inline && index.columns.length === 1);
  const found = columns.filter((column) => inline.some((index) => index.columns[0] === column));
  if (found.length === 0) return;
  throw new HostError(
    'SCHEMA_REBUILD_NEEDED',
    `soft_delete cannot be switched on for '${table}': its unique column${found.length > 1 ? 's' : ''} ${found.join(', ')} would count deleted documents too, and changing that means rebuilding the table`,
    {
      remedy: 'switch soft_delete off again, remove unique from the field, or let crap-cms rebuild the table once (after a backup)',
      details: { table, columns: found },
    },
  );
}
