/** Constraints of a table that refuse what its definition now allows: they are taken away, by making the table anew. */
import { HostError } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { TableSpec } from './layout-sql.js';
import type { SyncReport } from './sync.js';
import { type ExistingColumn, existingColumns, existingIndexes } from './sync-inspect.js';
import { rebuild, rebuildObstacle } from './sync-rebuild.js';

/** What of one table stands in the way, each with the reason as a sentence. */
interface Findings {
  unique: string[];
  notNull: string[];
  primaryKey: readonly string[] | undefined;
  reasons: string[];
}

/**
 * Call it when every column of `spec` is there. A table that cannot be rebuilt stays as it is, with a warning for each constraint; but
 * throws SCHEMA_REBUILD_NEEDED where a UNIQUE would count deleted documents.
 */
export function* relax(db: Db, spec: TableSpec, report: SyncReport): Op<void> {
  const found = yield* findings(db, spec);
  if (found.reasons.length === 0) return;
  const obstacle = yield* rebuildObstacle(db, spec.table);
  if (obstacle === undefined) {
    yield* rebuild(db, spec.table, found);
    report.altered.push(spec.table);
    return;
  }
  const trashed = spec.columns.some(({ name }) => name === '_deleted_at');
  if (trashed && found.unique.length > 0) throw refused(spec.table, found.unique, obstacle);
  for (const reason of found.reasons) report.warnings.push(`${reason}; the table cannot be rebuilt: ${obstacle}`);
}

function* findings(db: Db, spec: TableSpec): Op<Findings> {
  const existing = yield* existingColumns(db, spec.table);
  const reasons: string[] = [];
  const notNull = existing.filter((column) => {
    const reason = emptyRefused(spec, column);
    if (reason !== undefined) reasons.push(reason);
    return reason !== undefined;
  });
  const unique = yield* needlessUnique(db, spec);
  for (const name of unique) {
    reasons.push(`the column ${spec.table}.${name} is UNIQUE in the database, but its field is not; writes of an equal value will fail`);
  }
  const missing = missingOfKey(spec, existing);
  if (missing.length > 0) {
    reasons.push(
      `the primary key of the table ${spec.table} lacks ${missing.join(', ')}, which its field needs now: the same link cannot be stored twice with different values there`,
    );
  }
  return { unique, notNull: notNull.map(({ name }) => name), primaryKey: missing.length > 0 ? spec.primaryKey : undefined, reasons };
}

function emptyRefused(spec: TableSpec, { name, notNull, hasDefault, primaryKey }: ExistingColumn): string | undefined {
  if (!notNull || primaryKey > 0) return undefined;
  const column = spec.columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (!column && !hasDefault) {
    return `the column ${spec.table}.${name} belongs to no field of the project and is NOT NULL without a default; every new document will fail`;
  }
  if (!column || column.filled || column.structural) return undefined;
  return `the column ${spec.table}.${name} is NOT NULL in the database, but its field may be empty; writes without it will fail`;
}

/** Under soft delete uniqueness counts live rows only: an index does that, the UNIQUE of CREATE TABLE must go. */
function* needlessUnique(db: Db, spec: TableSpec): Op<string[]> {
  const plain = new Set(spec.columns.filter(({ unique }) => !unique).map(({ name }) => name.toLowerCase()));
  const inline = (yield* existingIndexes(db, spec.table)).filter((index) => index.inline && index.columns.length === 1);
  return inline.map(({ columns }) => columns[0]!).filter((name) => plain.has(name.toLowerCase()));
}

/** A column that joined the key later: a locale, the collection of a link. */
function missingOfKey(spec: TableSpec, existing: readonly ExistingColumn[]): string[] {
  const key = new Set(existing.filter(({ primaryKey }) => primaryKey > 0).map(({ name }) => name));
  return (spec.primaryKey ?? []).filter((name) => !key.has(name));
}

function refused(table: string, columns: readonly string[], obstacle: string): HostError {
  return new HostError(
    'SCHEMA_REBUILD_NEEDED',
    `soft_delete cannot be switched on for '${table}': its unique column${columns.length > 1 ? 's' : ''} ${columns.join(', ')} would count deleted documents too, and the table cannot be rebuilt: ${obstacle}`,
    {
      remedy: 'switch soft_delete off again, remove unique from the field, or make the table a plain one (after a backup)',
      details: { table, columns: [...columns] },
    },
  );
}
