/** Full-text tables: derived from the documents, so they are made anew when their columns change (Lua API 3.3, 4.6). */
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { TableLayout } from './layout.js';
import { createSearch, names } from './layout-sql.js';
import type { SyncReport } from './sync.js';
import { existingColumns } from './sync-inspect.js';

export function* syncSearch(db: Db, kinds: ReadonlyMap<string, string>, layout: TableLayout, report: SyncReport): Op<void> {
  const { search } = layout;
  if (!search || db.dialect.name !== 'sqlite') return;
  const exists = kinds.has(search.table.toLowerCase());
  if (exists) {
    const columns = (yield* existingColumns(db, search.table)).map(({ name }) => name);
    if (columns.join() === ['id', ...search.columns].join()) return;
    yield* db.run(`DROP TABLE ${db.dialect.ident(search.table)}`);
  }
  yield* db.run(createSearch(search, db.dialect));
  yield* fillSearch(db, layout);
  (exists ? report.altered : report.created).push(search.table);
}

/** Puts the live documents into an empty search table, under the rowids of their documents (see search.ts). */
function* fillSearch(db: Db, { table, search, systemColumns }: TableLayout): Op<void> {
  const { ident } = db.dialect;
  const columns = `rowid, id, ${names(search!.columns, db.dialect)}`;
  const live = systemColumns.some(({ name }) => name === '_deleted_at') ? ' WHERE _deleted_at IS NULL' : '';
  yield* db.run(`INSERT INTO ${ident(search!.table)} (${columns}) SELECT ${columns} FROM ${ident(table)}${live}`);
}
