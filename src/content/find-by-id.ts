/** crap.collections.find_by_id (Lua API 4.7): one document or nil; trashed ones are not found, drafts are; with `draft` a pending draft stands for its row. */
import type { Op } from '../domain/op.js';
import type { Row } from '../store/db.js';
import type { ContentContext, Document } from './context.js';
import { draftDocument } from './draft.js';
import { showingSql } from './failure.js';
import { strip } from './field-access.js';
import type { Sql } from './filter.js';
import { checkSelect } from './filter-names.js';
import { depthOf } from './generation.js';
import { readRun } from './hook-context.js';
import { hasHooks, readsWithHooks, runAfterRead, runBeforeRead } from './hooks.js';
import { localeOf } from './locale.js';
import { collectionPlan, type Plan } from './plan.js';
import { populate } from './populate.js';
import { checkOptions, type QueryOptions } from './query.js';
import { documentOf, type ReadShape, selectSql, shapeOf } from './read.js';
import { type ReadScope, readScope } from './read-access.js';
import { hydrate } from './side-read.js';

export function* findById(ctx: ContentContext, slug: string, id: string, query: QueryOptions): Op<Document | undefined> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, query, 'find_by_id');
  checkSelect(ctx, plan, query.select);
  const locale = localeOf(ctx, query.locale, true);
  const scope = yield* readScope(ctx, plan, query, locale, id);
  const run = readRun(ctx, plan, 'find_by_id', query.locale);
  if (hasHooks(ctx, run, 'before_read')) yield* ctx.db.savepoint(() => runBeforeRead(ctx, run), 'read');
  const { text: sql, params } = selection(ctx, scope, id);
  const row = yield* showingSql(`Failed to execute query on '${slug}'`, 'prepare', () => ctx.db.get(sql, params));
  const denied = scope.override ? undefined : yield* scope.denied();
  if (!row) return undefined;
  const shape = shapeOf(locale, query.select);
  const document =
    (query.draft ? yield* draftDocument(ctx, plan, row, shape) : undefined) ?? (yield* storedDocument(ctx, plan, row, shape));
  const depth = depthOf(ctx.settings.generation, query.depth, ctx.settings.depth);
  if (depth > 0) yield* populate(ctx, plan, [document], depth, shape, scope.override);
  if (denied) strip(plan, denied, document);
  return readsWithHooks(ctx, run) ? yield* runAfterRead(ctx, run, document) : document;
}

/** The statement of a read without further conditions is kept with the plan. */
function selection(ctx: ContentContext, { plan, parts, locale }: ReadScope, id: string): Sql {
  if (parts.length === 0) {
    const key = locale ?? '';
    let text = plan.byId.get(key);
    if (text === undefined) {
      text = `${selectSql(plan, ctx.db.dialect, ctx.settings, locale)} WHERE id = ?`;
      plan.byId.set(key, text);
    }
    return { text, params: [id] };
  }
  const conditions = ['id = ?', ...parts.map((part) => part.text)].join(' AND ');
  const text = `${selectSql(plan, ctx.db.dialect, ctx.settings, locale)} WHERE ${conditions}`;
  return { text, params: [id, ...parts.flatMap((part) => part.params)] };
}

function* storedDocument(ctx: ContentContext, plan: Plan, row: Row, shape: ReadShape): Op<Document> {
  const document = documentOf(plan, ctx.settings, row, shape);
  if (plan.sides.length > 0) yield* hydrate(ctx, plan, [document], shape);
  return document;
}
