/**
 * Makes a table anew with fewer constraints and the same rows, which SQLite's ALTER TABLE cannot do. Works in the caller's transaction and
 * keeps row numbers, other constraints and indexes; what it could not keep it refuses to touch.
 */
import type { Op } from '../domain/op.js';
import type { Db, Dialect } from '../store/db.js';
import { names } from './layout-sql.js';
import { existingColumns, existingIndexes } from './sync-inspect.js';

/** What shall not hold any longer. Column names as the database spells them. */
export interface Relaxation {
  /** Columns whose own inline UNIQUE goes. */
  unique?: readonly string[];
  /** Columns whose NOT NULL goes. */
  notNull?: readonly string[];
  /** The primary key that the table gets. */
  primaryKey?: readonly string[];
}

interface Link {
  table: string;
  from: string[];
  to: string[];
  onUpdate: string;
  onDelete: string;
}

const ROW = 'ml__rowid__';
const LITERAL = /^(?:'(?:[^']|'')*'|[-+]?[\d.]+(?:e[-+]?\d+)?|null|true|false|current_\w+)$/i;
/** What the description by pragmas does not show. */
const UNSEEN = /\b(?:CHECK|COLLATE|AUTOINCREMENT|WITHOUT|STRICT|DEFERRABLE|CONFLICT|GENERATED)\b/i;

/** Why a table must not be made anew, as the end of "… cannot be rebuilt: "; undefined when it may. */
export function* rebuildObstacle(db: Db, table: string): Op<string | undefined> {
  const row = yield* db.get("SELECT sql FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)", [table]);
  const bare = String(row?.['sql'] ?? '').replace(/"(?:[^"]|"")*"|'(?:[^']|'')*'|`[^`]*`|\[[^\]]*\]/g, ' ');
  const word = UNSEEN.exec(bare)?.[0];
  if (word) return `its definition in the database uses ${word.toUpperCase()}`;
  if (yield* db.get('SELECT 1 AS found FROM pragma_table_xinfo(?) WHERE hidden <> 0', [table])) return 'it has generated columns';
  for (const owner of [table, ...(yield* dependentsOf(db, table))]) {
    if (yield* db.get("SELECT 1 AS found FROM pragma_table_list(?) WHERE wr = 1 AND schema = 'main'", [owner])) {
      return `${owner} has no row numbers`;
    }
    const trigger = yield* db.get("SELECT name FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?)", [owner]);
    if (trigger) return `the trigger ${String(trigger['name'])} watches ${owner}`;
  }
  return undefined;
}

/**
 * Rebuilds a table for which `rebuildObstacle` found nothing. Dropping it would delete the rows of the tables that hang on it, so those
 * are set aside with its own and put back.
 */
export function* rebuild(db: Db, table: string, relaxation: Relaxation): Op<void> {
  const { ident } = db.dialect;
  const create = yield* definitionOf(db, table, relaxation);
  const indexes = yield* db.all("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND lower(tbl_name) = lower(?)", [
    table,
  ]);
  const dependents = yield* dependentsOf(db, table);
  const tables = [table, ...dependents];
  for (const [index, name] of tables.entries()) yield* setAside(db, name, `_ml_rebuild_${index}`);
  for (const name of dependents.toReversed()) yield* db.run(`DELETE FROM ${ident(name)}`);
  yield* db.run(`DROP TABLE ${ident(table)}`);
  yield* db.run(create);
  for (const [index, name] of tables.entries()) yield* putBack(db, name, `_ml_rebuild_${index}`);
  for (const { sql } of indexes) yield* db.run(String(sql));
}

/** Tables that refer to this one, or to one that does; each behind those that it refers to. */
function* dependentsOf(db: Db, table: string): Op<string[]> {
  const seen = new Set([table.toLowerCase()]);
  const order: string[] = [];
  const visit = function* (parent: string): Op<void> {
    const rows = yield* db.all(
      'SELECT DISTINCT m.name AS name FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = \'table\' AND lower(f."table") = lower(?)',
      [parent],
    );
    for (const name of rows.map((row) => String(row['name']))) {
      if (seen.has(name.toLowerCase())) continue;
      seen.add(name.toLowerCase());
      yield* visit(name);
      order.push(name);
    }
  };
  yield* visit(table);
  return order.toReversed();
}

/** The name of the row number that no column has taken; undefined when there is none. */
function rowNumber(columns: readonly string[]): string | undefined {
  const taken = new Set(columns.map((name) => name.toLowerCase()));
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
}

function* setAside(db: Db, table: string, aside: string): Op<void> {
  const { ident } = db.dialect;
  const columns = (yield* existingColumns(db, table)).map(({ name }) => name);
  const row = rowNumber(columns);
  const shown = row ? [`${row} AS ${ROW}`, names(columns, db.dialect)] : [names(columns, db.dialect)];
  yield* db.run(`CREATE TABLE ${ident(aside)} AS SELECT ${shown.join(', ')} FROM ${ident(table)}`);
}

function* putBack(db: Db, table: string, aside: string): Op<void> {
  const { ident } = db.dialect;
  const columns = (yield* existingColumns(db, table)).map(({ name }) => name);
  const row = rowNumber(columns);
  const [into, from] = row ? [`${row}, `, `${ROW}, `] : ['', ''];
  const list = names(columns, db.dialect);
  yield* db.run(`INSERT INTO ${ident(table)} (${into}${list}) SELECT ${from}${list} FROM ${ident(aside)} ORDER BY rowid`);
  yield* db.run(`DROP TABLE ${ident(aside)}`);
}

/** The CREATE TABLE of the table as it stands, without what is relaxed. */
function* definitionOf(db: Db, table: string, relaxation: Relaxation): Op<string> {
  const { dialect } = db;
  const rows = yield* db.all('SELECT name, type, "notnull" AS required, dflt_value AS initial, pk FROM pragma_table_info(?)', [table]);
  const key = relaxation.primaryKey ?? keyOf(rows);
  const parts = rows.map((row) => {
    const name = String(row['name']);
    const required = Number(row['required']) === 1 && !relaxation.notNull?.includes(name);
    return [
      `${dialect.ident(name)} ${String(row['type'])}`.trimEnd(),
      ...(key.length === 1 && key[0] === name ? ['PRIMARY KEY'] : []),
      ...(required ? ['NOT NULL'] : []),
      ...(row['initial'] === null ? [] : [`DEFAULT ${defaultText(String(row['initial']))}`]),
    ].join(' ');
  });
  if (key.length > 1) parts.push(`PRIMARY KEY (${names(key, dialect)})`);
  for (const { inline, columns } of yield* existingIndexes(db, table)) {
    const goes = columns.length === 1 && relaxation.unique?.includes(columns[0]!);
    if (inline && !goes) parts.push(`UNIQUE (${names(columns, dialect)})`);
  }
  for (const link of yield* linksOf(db, table)) parts.push(linkText(link, dialect));
  return `CREATE TABLE ${dialect.ident(table)} (${parts.join(', ')})`;
}

function keyOf(rows: readonly { [key: string]: unknown }[]): string[] {
  const members = rows.filter((row) => Number(row['pk']) > 0);
  return members.toSorted((a, b) => Number(a['pk']) - Number(b['pk'])).map((row) => String(row['name']));
}

/** An expression needs parentheses, which the database does not keep. */
function defaultText(text: string): string {
  return LITERAL.test(text) ? text : `(${text})`;
}

function* linksOf(db: Db, table: string): Op<Link[]> {
  const rows = yield* db.all(
    'SELECT id, "table" AS target, "from" AS here, "to" AS there, on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq',
    [table],
  );
  const links = new Map<number, Link>();
  for (const row of rows) {
    const id = Number(row['id']);
    const link = links.get(id) ?? {
      table: String(row['target']),
      from: [],
      to: [],
      onUpdate: String(row['on_update']),
      onDelete: String(row['on_delete']),
    };
    link.from.push(String(row['here']));
    if (row['there'] !== null) link.to.push(String(row['there']));
    links.set(id, link);
  }
  return [...links.values()];
}

function linkText({ table, from, to, onUpdate, onDelete }: Link, dialect: Dialect): string {
  const target = `${dialect.ident(table)}${to.length > 0 ? ` (${names(to, dialect)})` : ''}`;
  const update = onUpdate === 'NO ACTION' ? '' : ` ON UPDATE ${onUpdate}`;
  const remove = onDelete === 'NO ACTION' ? '' : ` ON DELETE ${onDelete}`;
  return `FOREIGN KEY (${names(from, dialect)}) REFERENCES ${target}${update}${remove}`;
}
