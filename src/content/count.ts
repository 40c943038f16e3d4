/** crap.collections.count (Lua API 4.7): the filters and the access of find, no hooks. */
import type { Op } from '../domain/op.js';
import type { ContentContext } from './context.js';
import { showingSql } from './failure.js';
import type { Sql } from './filter.js';
import { localeOf } from './locale.js';
import { collectionPlan, type Plan } from './plan.js';
import { checkOptions, type QueryOptions } from './query.js';
import { readScope, whereClause } from './read-access.js';

/** `trash`, limit and order are not read. */
export function* count(ctx: ContentContext, slug: string, query: QueryOptions): Op<number> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, query, 'count');
  const locale = localeOf(ctx, query.locale, true);
  const scope = yield* readScope(ctx, plan, { ...query, trash: false }, locale);
  return yield* countRows(ctx, plan, scope.parts);
}

export function* countRows(ctx: ContentContext, plan: Plan, parts: readonly Sql[]): Op<number> {
  const where = whereClause(ctx, parts);
  const sql = `SELECT COUNT(*) AS total FROM ${ctx.db.dialect.ident(plan.table)} ${where.text}`;
  const row = yield* showingSql(`Failed to count '${plan.slug}'`, 'prepare', () => ctx.db.get(sql, where.params));
  return Number(row?.['total'] ?? 0);
}
