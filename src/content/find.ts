/** crap.collections.find (Lua API 4.2): documents and pagination. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { Row } from '../store/db.js';
import type { ContentContext, Document } from './context.js';
import { countRows } from './count.js';
import { encodeCursor, keysetRanges } from './cursor.js';
import { refused, showingSql } from './failure.js';
import { strip } from './field-access.js';
import type { Sql } from './filter.js';
import { checkSelect } from './filter-names.js';
import { depthOf } from './generation.js';
import { readRun } from './hook-context.js';
import { hasHooks, readsWithHooks, runAfterRead, runBeforeRead } from './hooks.js';
import { localeOf } from './locale.js';
import { type Order, orderOf, orderSql, RANK } from './order.js';
import { checkCursor, cursorPagination, pagePagination, type Window, windowOf } from './pagination.js';
import { collectionPlan } from './plan.js';
import { populate } from './populate.js';
import { checkOptions, type QueryOptions } from './query.js';
import { documentOf, selectSql, shapeOf } from './read.js';
import { type ReadScope, readScope, refuseNames, whereClause } from './read-access.js';
import { rankJoin } from './search.js';
import { hydrate } from './side-read.js';

export interface FindResult {
  documents: Document[];
  /** Keys in both spellings: totalDocs and total_docs … */
  pagination: JsonObject;
}

export function* find(ctx: ContentContext, slug: string, query: QueryOptions): Op<FindResult> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, query, 'find');
  checkSelect(ctx, plan, query.select);
  const locale = localeOf(ctx, query.locale, true);
  const window = windowOf(ctx, query);
  const scope = yield* readScope(ctx, plan, query, locale);
  const order = orderOf(plan, query.orderBy, locale, scope.trash, ctx.settings.generation === 10);
  if (query.orderBy !== undefined && !scope.override) yield* refuseNames(ctx, scope, [order.column]);
  checkCursor(order, window);
  const run = readRun(ctx, plan, 'find', query.locale);
  if (hasHooks(ctx, run, 'before_read')) yield* ctx.db.savepoint(() => runBeforeRead(ctx, run), 'read');
  const ranks = order.column === RANK ? yield* ranksOf(ctx, scope, query.search) : undefined;
  const { rows, more } = yield* select(ctx, scope, order, window, ranks);
  const total = yield* totalOf(ctx, scope, window, rows.length);
  const shape = shapeOf(locale, query.select);
  const documents = rows.map((row) => documentOf(plan, ctx.settings, row, shape));
  yield* hydrate(ctx, plan, documents, shape);
  yield* populate(ctx, plan, documents, depthOf(ctx.settings.generation, query.depth, ctx.settings.depth), shape, scope.override);
  const denied = yield* scope.denied();
  if (denied.size > 0) for (const document of documents) strip(plan, denied, document);
  if (readsWithHooks(ctx, run)) {
    for (let i = 0; i < documents.length; i++) documents[i] = yield* runAfterRead(ctx, run, documents[i]!);
  }
  return { documents, pagination: paginationOf(ctx, order, window, rows, more, total) };
}

function* select(
  ctx: ContentContext,
  scope: ReadScope,
  order: Order,
  window: Window,
  ranks: Sql | undefined,
): Op<{ rows: Row[]; more: boolean }> {
  const { plan } = scope;
  const { cursor } = window;
  const reversed = cursor?.before ?? false;
  // With a cursor one row more tells whether there are others.
  const wanted = cursor ? window.limit + 1 : window.limit;
  const ranges = cursor ? keysetRanges(order, cursor.at, reversed, scope.published) : [undefined];
  const rows: Row[] = [];
  for (const range of ranges) {
    if (rows.length >= wanted) break;
    const where = whereClause(ctx, range ? [...scope.parts, range] : scope.parts);
    const sql = `${selectSql(plan, ctx.db.dialect, ctx.settings, scope.locale, sortColumn(ctx, order))} ${ranks?.text ?? ''} ${where.text} ORDER BY ${orderSql(order, reversed)} LIMIT ?`;
    const params = [...(ranks?.params ?? []), ...where.params, wanted - rows.length];
    const skipping = window.offset > 0;
    const found = yield* showingSql(`Failed to execute query on '${plan.slug}'`, 'prepare', () =>
      ctx.db.all(skipping ? `${sql} OFFSET ?` : sql, skipping ? [...params, window.offset] : params),
    );
    rows.push(...found);
  }
  const more = rows.length > window.limit;
  if (more) rows.pop();
  if (reversed) rows.reverse();
  return { rows, more };
}

function* ranksOf(ctx: ContentContext, scope: ReadScope, search: string | undefined): Op<Sql> {
  const ranks = yield* rankJoin(ctx, scope.plan, search, RANK, scope.denied);
  if (ranks) return ranks;
  throw refused('FIELD_INVALID', `order_by '${RANK}' needs a search in a collection that has searchable fields`, { field: RANK });
}

/** The stored value of the sorted column, which a cursor needs as it is, also where a localized one falls back. */
function sortColumn(ctx: ContentContext, order: Order): string {
  if (ctx.settings.pagination.mode !== 'cursor') return '';
  const term = order.terms.find(({ alias }) => alias === order.column);
  return `${term?.sql ?? 'id'} AS ${ctx.db.dialect.ident('@sort')}`;
}

/** A first or last page that is not full tells the total by itself. */
function* totalOf(ctx: ContentContext, scope: ReadScope, window: Window, count: number): Op<number> {
  if (!window.cursor && count < window.limit && (count > 0 || window.offset === 0)) return window.offset + count;
  return yield* countRows(ctx, scope.plan, scope.parts);
}

function paginationOf(ctx: ContentContext, order: Order, window: Window, rows: readonly Row[], more: boolean, total: number): JsonObject {
  if (ctx.settings.pagination.mode !== 'cursor') return pagePagination(window, total);
  const [first, last] = [rows[0], rows[rows.length - 1]];
  return cursorPagination(window, total, window.cursor ? more : window.offset + rows.length < total, {
    start: first && encodeCursor(order, first),
    end: last && encodeCursor(order, last),
  });
}
