/** Search tables against their documents (Lua API 4.6), for the doctor: which are out of step, and making them anew. */
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import { layoutOf, type TableLayout } from './layout.js';
import { rowNumberName } from './layout-search.js';
import { createSearch } from './layout-sql.js';
import { layoutSettings, type SchemaRegistry, type SchemaSettings } from './sync.js';
import { existingTables } from './sync-inspect.js';
import { fillSearch, isComplete, onlyLive } from './sync-search.js';

/** Slugs of collections whose search table has not a row for each live document; `texts`: or has other texts than they, which reads all of them. */
export function* staleSearch(db: Db, registry: SchemaRegistry, settings: SchemaSettings, texts: boolean): Op<string[]> {
  const kinds = yield* existingTables(db);
  const stale: string[] = [];
  for (const layout of searched(registry, settings)) {
    if (!kinds.has(layout.table.toLowerCase()) || !kinds.has(layout.search!.table.toLowerCase())) continue;
    if (!(yield* isComplete(db, layout)) || (texts && (yield* differs(db, layout)))) stale.push(layout.slug);
  }
  return stale;
}

/** Also where the table is so broken that nothing can be deleted from it. */
export function* remakeSearch(db: Db, registry: SchemaRegistry, settings: SchemaSettings, slugs: readonly string[]): Op<void> {
  for (const layout of searched(registry, settings)) {
    if (!slugs.includes(layout.slug)) continue;
    yield* db.run(`DROP TABLE IF EXISTS ${db.dialect.ident(layout.search!.table)}`);
    yield* db.run(createSearch(layout.search!, db.dialect));
    yield* fillSearch(db, layout);
  }
}

function searched(registry: SchemaRegistry, settings: SchemaSettings): TableLayout[] {
  return [...registry.collections.values()]
    .map((one) => layoutOf(one, layoutSettings(settings, registry)))
    .filter(({ search }) => search !== undefined);
}

/** Of as many rows as there are documents. By row numbers, which ours share; rows that crap-cms made may have others, and are compared as sets. */
function* differs(db: Db, layout: TableLayout): Op<boolean> {
  const { ident } = db.dialect;
  const columns = ['id', ...layout.search!.columns];
  const [main, index] = [ident(layout.table), ident(layout.search!.table)];
  const row = rowNumberName(layout.columns.map(({ name }) => name));
  if (row !== undefined) {
    const other = columns.map((name) => `s.${ident(name)} IS NOT m.${ident(name)}`).join(' OR ');
    const found = yield* db.get(
      `SELECT 1 AS found FROM (SELECT ${row} AS "@row", * FROM ${main}${onlyLive(layout)}) m LEFT JOIN ${index} s ON s.rowid = m."@row" WHERE ${other} LIMIT 1`,
    );
    if (!found) return false;
  }
  const list = columns.map(ident).join(', ');
  const difference = `SELECT ${list} FROM ${main}${onlyLive(layout)} EXCEPT SELECT ${list} FROM ${index}`;
  return (yield* db.get(`SELECT 1 AS found FROM (${difference}) LIMIT 1`)) !== undefined;
}
