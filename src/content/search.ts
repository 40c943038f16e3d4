/**
 * Full-text search (Lua API 4.6): the `_fts_{slug}` table is kept by every write of its documents, and asked by find and count.
 * A row there has the rowid of its document where that was free, so that it is found again without a scan; rows that crap-cms made
 * may have others. On other databases than SQLite there is no such table and search finds by nothing.
 */
import type { Op } from '../domain/op.js';
import type { SqlValue } from '../store/db.js';
import type { ContentContext } from './context.js';
import type { Sql } from './filter.js';
import { hidesFromSearch } from './generation.js';
import { isCollection, layoutOf } from './layout.js';
import { rowNumberName } from './layout-search.js';
import type { Plan } from './plan.js';
import { layoutSettings } from './sync.js';

interface Index {
  /** SQL names. */
  table: string;
  columns: string;
  /** The row number of the main table; undefined when its fields have taken every name for it. */
  row: string | undefined;
  names: ReadonlySet<string>;
}

/** What the definition wants searched and the database has; looked up once a definition. */
const indexes = new WeakMap<Plan, Index | null>();

function* indexOf(ctx: ContentContext, plan: Plan): Op<Index | null> {
  const known = indexes.get(plan);
  if (known !== undefined) return known;
  const index = yield* lookUp(ctx, plan);
  indexes.set(plan, index);
  return index;
}

function* lookUp(ctx: ContentContext, plan: Plan): Op<Index | null> {
  const { dialect } = ctx.db;
  if (dialect.name !== 'sqlite' || !isCollection(plan.definition)) return null;
  const layout = layoutOf(plan.definition, layoutSettings(ctx.settings, ctx.registry));
  const { search } = layout;
  if (!search) return null;
  const rows = yield* ctx.db.all('SELECT name FROM pragma_table_info(?)', [search.table]);
  const existing = new Set(rows.map((row) => String(row['name'])));
  const wanted = search.columns.filter((name) => existing.has(name));
  if (wanted.length === 0) return null;
  const row = rowNumberName(layout.columns.map(({ name }) => name));
  return { table: dialect.ident(search.table), row, columns: wanted.map((name) => dialect.ident(name)).join(', '), names: new Set(wanted) };
}

/** Whether a write of these columns (bare names) changes what is found. */
export function* touchesSearch(ctx: ContentContext, plan: Plan, columns: readonly string[]): Op<boolean> {
  const index = yield* indexOf(ctx, plan);
  return index !== null && columns.some((name) => index.names.has(name.replace(/^"|"$/g, '')));
}

/** Makes a document that is not in the index findable. */
export function* addToSearch(ctx: ContentContext, plan: Plan, id: string): Op<void> {
  const index = yield* indexOf(ctx, plan);
  if (!index) return;
  const { table, columns, row } = index;
  const main = ctx.db.dialect.ident(plan.table);
  const taken = row && (yield* ctx.db.get(`SELECT 1 AS found FROM ${table} WHERE rowid = (SELECT ${row} FROM ${main} WHERE id = ?)`, [id]));
  const [into, from] = row && !taken ? ['rowid, ', `${row}, `] : ['', ''];
  yield* ctx.db.run(`INSERT INTO ${table} (${into}id, ${columns}) SELECT ${from}id, ${columns} FROM ${main} WHERE id = ?`, [id]);
}

/** Call it while the document's row is there. */
export function* removeFromSearch(ctx: ContentContext, plan: Plan, id: string): Op<void> {
  const index = yield* indexOf(ctx, plan);
  if (!index) return;
  const { table, row } = index;
  const main = ctx.db.dialect.ident(plan.table);
  const own = `SELECT rowid FROM ${table} WHERE rowid = (SELECT ${row} FROM ${main} WHERE id = ?) AND id = ?`;
  const direct = row && (yield* ctx.db.get(own, [id, id]));
  if (direct) yield* ctx.db.run(`DELETE FROM ${table} WHERE rowid = ?`, [direct['rowid'] as SqlValue]);
  else yield* ctx.db.run(`DELETE FROM ${table} WHERE id = ?`, [id]);
}

export function* refreshSearch(ctx: ContentContext, plan: Plan, id: string): Op<void> {
  yield* removeFromSearch(ctx, plan, id);
  yield* addToSearch(ctx, plan, id);
}

/** Keys of the fields that the caller may not read; undefined where everything may be. Asked only when a searched column has a rule. */
export type Denied = (() => Op<ReadonlySet<string>>) | undefined;

/** Every word must begin a word of the document, in whichever column; undefined when there is nothing to search for or in. */
export function* searchSql(ctx: ContentContext, plan: Plan, search: string | undefined, denied: Denied): Op<Sql | undefined> {
  const asked = yield* matchOf(ctx, plan, search, denied);
  if (!asked) return undefined;
  if (asked.query === undefined) return { text: '0', params: [] };
  return { text: `id IN (SELECT id FROM ${asked.table} WHERE ${asked.table} MATCH ?)`, params: [asked.query] };
}

/** The same as a join that gives `column`: how well a document matches, lowest best. */
export function* rankJoin(
  ctx: ContentContext,
  plan: Plan,
  search: string | undefined,
  column: string,
  denied: Denied,
): Op<Sql | undefined> {
  const asked = yield* matchOf(ctx, plan, search, denied);
  if (!asked) return undefined;
  const { ident } = ctx.db.dialect;
  const matching = asked.query === undefined ? '0' : `${asked.table} MATCH ?`;
  const ranks = `SELECT id AS ${ident('@match')}, rank AS ${ident(column)} FROM ${asked.table} WHERE ${matching}`;
  return {
    text: `JOIN (${ranks}) ON ${ident('@match')} = ${ident(plan.table)}.id`,
    params: asked.query === undefined ? [] : [asked.query],
  };
}

/** `query` undefined: the caller may read none of the columns, so nothing is found. */
function* matchOf(
  ctx: ContentContext,
  plan: Plan,
  search: string | undefined,
  denied: Denied,
): Op<{ table: string; query: string | undefined } | undefined> {
  // A NUL ends the text of a query inside FTS5, which takes it for a separator in documents.
  const words = (search ?? '').split(/[\s\0]+/u).filter((word) => word !== '');
  if (words.length === 0) return undefined;
  const index = yield* indexOf(ctx, plan);
  if (!index) return undefined;
  const query = words.map((word) => `${quoted(word)} *`).join(' ');
  const readable = yield* readableColumns(ctx, plan, index, denied);
  if (readable.length === index.names.size) return { table: index.table, query };
  const columns = `{${readable.map(quoted).join(' ')}}`;
  return { table: index.table, query: readable.length === 0 ? undefined : `${columns} : (${query})` };
}

/** What stands in an unreadable field could be guessed by searching for it; generation 10 keeps hidden ones from everybody, as its filters do. */
function* readableColumns(ctx: ContentContext, plan: Plan, index: Index, denied: Denied): Op<string[]> {
  let names = [...index.names];
  const owned = (keys: Iterable<string>) => {
    const list = [...keys];
    return (name: string) => list.some((key) => name === key || name.startsWith(`${key}__`));
  };
  if (hidesFromSearch(ctx.settings.generation)) {
    const never = owned(plan.columns.filter((leaf) => leaf.hidden).map(({ key }) => key));
    names = names.filter((name) => !never(name));
  }
  if (!denied || !names.some(owned(plan.ruled.read.map(({ key }) => key)))) return names;
  const hidden = owned(yield* denied());
  return names.filter((name) => !hidden(name));
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
