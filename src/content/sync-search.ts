/** Full-text tables: derived from the documents, so they are made anew when their columns change and filled again when rows are missing (Lua API 3.3, 4.6). */
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { TableLayout } from './layout.js';
import { rowNumberName, searchRivals } from './layout-search.js';
import { createSearch, names } from './layout-sql.js';
import type { SyncReport } from './sync.js';
import { existingColumns, existingTables } from './sync-inspect.js';

export function* syncSearch(db: Db, kinds: ReadonlyMap<string, string>, layout: TableLayout, report: SyncReport): Op<void> {
  const { search } = layout;
  if (!search || db.dialect.name !== 'sqlite') return;
  const cleared = yield* clearRivals(db, search.table);
  const exists = (cleared ? yield* existingTables(db) : kinds).has(search.table.toLowerCase());
  if (exists) {
    const columns = (yield* existingColumns(db, search.table)).map(({ name }) => name);
    if (columns.join() === ['id', ...search.columns].join()) {
      if (!(yield* isComplete(db, layout))) yield* refill(db, layout);
      return;
    }
    yield* db.run(`DROP TABLE ${db.dialect.ident(search.table)}`);
  }
  yield* db.run(createSearch(search, db.dialect));
  yield* fillSearch(db, layout);
  (exists ? report.altered : report.created).push(search.table);
}

/**
 * Another collection's search table stands in the way since collections came or went: `_fts_page_content`, made before there was `page`,
 * or `_fts_page`, left of a collection that is gone. It is derived, and made anew under the name that it has now.
 */
function* clearRivals(db: Db, table: string): Op<boolean> {
  let cleared = false;
  for (const rival of searchRivals(table)) {
    const sql =
      "SELECT 1 AS found FROM sqlite_master WHERE lower(name) = lower(?) AND sql LIKE 'CREATE VIRTUAL TABLE%USING fts5(id UNINDEXED%'";
    if (!(yield* db.get(sql, [rival]))) continue;
    yield* db.run(`DROP TABLE ${db.dialect.ident(rival)}`);
    cleared = true;
  }
  return cleared;
}

/** Whether every live document has its row; another program or an earlier version may not have kept them. */
export function* isComplete(db: Db, layout: TableLayout): Op<boolean> {
  const { ident } = db.dialect;
  const row = yield* db.get(
    `SELECT (SELECT COUNT(*) FROM ${ident(layout.search!.table)}) = (SELECT COUNT(*) FROM ${ident(layout.table)}${onlyLive(layout)}) AS same`,
  );
  return Number(row?.['same']) === 1;
}

/** Condition of the documents that are found. */
export function onlyLive({ systemColumns }: TableLayout): string {
  return systemColumns.some(({ name }) => name === '_deleted_at') ? ' WHERE _deleted_at IS NULL' : '';
}

/** Tells nothing in the report: what is stored of the documents does not change. */
function* refill(db: Db, layout: TableLayout): Op<void> {
  yield* db.run(`DELETE FROM ${db.dialect.ident(layout.search!.table)}`);
  yield* fillSearch(db, layout);
}

/** Puts the live documents into an empty search table, under the rowids of their documents (see search.ts). */
export function* fillSearch(db: Db, layout: TableLayout): Op<void> {
  const { table, search } = layout;
  const { ident } = db.dialect;
  const columns = `id, ${names(search!.columns, db.dialect)}`;
  const row = rowNumberName(layout.columns.map(({ name }) => name));
  const [into, from] = row ? ['rowid, ', `${row}, `] : ['', ''];
  yield* db.run(`INSERT INTO ${ident(search!.table)} (${into}${columns}) SELECT ${from}${columns} FROM ${ident(table)}${onlyLive(layout)}`);
}
