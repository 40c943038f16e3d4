/** What a SQLite database holds now: tables, columns, indexes, as its schema tables tell it. */
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';

export interface ExistingColumn {
  name: string;
  /** Upper case. */
  type: string;
  notNull: boolean;
  hasDefault: boolean;
  /** Position in the primary key from 1; 0 = not in it. */
  primaryKey: number;
}

export interface ExistingIndex {
  name: string;
  columns: string[];
  unique: boolean;
  partial: boolean;
  /** The condition of a partial one, as it was written. */
  where: string | undefined;
  /** Made by UNIQUE in CREATE TABLE: it cannot be dropped. */
  inline: boolean;
}

/** Kinds by lower-case name: "table" (virtual ones too) or "view". */
export function* existingTables(db: Db): Op<Map<string, string>> {
  const rows = yield* db.all("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')");
  return new Map(rows.map((row) => [String(row['name']).toLowerCase(), String(row['type'])]));
}

export function* existingColumns(db: Db, table: string): Op<ExistingColumn[]> {
  const rows = yield* db.all('SELECT name, type, "notnull" AS required, dflt_value, pk FROM pragma_table_info(?)', [table]);
  return rows.map((row) => ({
    name: String(row['name']),
    type: String(row['type']).toUpperCase(),
    notNull: Number(row['required']) === 1,
    hasDefault: row['dflt_value'] !== null,
    primaryKey: Number(row['pk']),
  }));
}

export function* existingIndexes(db: Db, table: string): Op<ExistingIndex[]> {
  const rows = yield* db.all(
    'SELECT l.name AS name, l."unique" AS uniq, l.origin AS origin, l.partial AS part, i.name AS member, m.sql AS sql ' +
      'FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i LEFT JOIN sqlite_master m ON m.name = l.name ' +
      'ORDER BY l.seq, i.seqno',
    [table],
  );
  const indexes = new Map<string, ExistingIndex>();
  for (const row of rows) {
    const name = String(row['name']);
    const index = indexes.get(name) ?? {
      name,
      columns: [],
      unique: Number(row['uniq']) === 1,
      partial: Number(row['part']) === 1,
      where: Number(row['part']) === 1 ? /\) WHERE (.*)$/s.exec(String(row['sql']))?.[1] : undefined,
      inline: row['origin'] === 'u',
    };
    index.columns.push(String(row['member']));
    indexes.set(name, index);
  }
  return [...indexes.values()];
}

/** Tables whose rows hang on another's by `parent_id`: name -> parent. */
export function* sideTablesOf(db: Db, parent: string): Op<string[]> {
  const rows = yield* db.all(
    'SELECT m.name AS name FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = \'table\' AND f."from" = \'parent_id\' AND lower(f."table") = lower(?)',
    [parent],
  );
  return rows.map((row) => String(row['name']));
}

/** Whether something else of the database has this name: a table, or an index of another table. */
export function* isNameTaken(db: Db, name: string, table: string): Op<boolean> {
  const sql = "SELECT 1 AS found FROM sqlite_master WHERE lower(name) = lower(?) AND NOT (type = 'index' AND lower(tbl_name) = lower(?))";
  return (yield* db.get(sql, [name, table])) !== undefined;
}
