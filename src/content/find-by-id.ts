/** crap.collections.find_by_id (Lua API 4.7): one document or nil; trashed ones are not found, drafts are; with `draft` a pending draft stands for its row. */
import type { Op } from '../domain/op.js';
import type { Row } from '../store/db.js';
import type { ContentContext, Document } from './context.js';
import { draftDocument } from './draft.js';
import { showingSql } from './failure.js';
import { strip } from './field-access.js';
import { depthOf } from './generation.js';
import { readRun } from './hook-context.js';
import { hasHooks, runAfterRead, runBeforeRead } from './hooks.js';
import { localeOf } from './locale.js';
import { collectionPlan, type Plan } from './plan.js';
import { populate } from './populate.js';
import { checkOptions, type QueryOptions } from './query.js';
import { documentOf, type ReadShape, selectSql, shapeOf } from './read.js';
import { readScope } from './read-access.js';
import { hydrate } from './side-read.js';

export function* findById(ctx: ContentContext, slug: string, id: string, query: QueryOptions): Op<Document | undefined> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, query, 'find_by_id');
  const locale = localeOf(ctx, query.locale, true);
  const scope = yield* readScope(ctx, plan, { ...query, where: undefined, search: undefined }, locale, id);
  const run = readRun(ctx, plan, 'find_by_id', query.locale);
  if (hasHooks(ctx, run, 'before_read')) yield* ctx.db.savepoint(() => runBeforeRead(ctx, run), 'read');
  const conditions = ['id = ?', ...scope.parts.map((part) => part.text)].join(' AND ');
  const params = [id, ...scope.parts.flatMap((part) => part.params)];
  const sql = `${selectSql(plan, ctx.db.dialect, ctx.settings, locale)} WHERE ${conditions}`;
  const row = yield* showingSql(`Failed to execute query on '${slug}'`, 'prepare', () => ctx.db.get(sql, params));
  const denied = yield* scope.denied();
  if (!row) return undefined;
  const shape = shapeOf(locale, query.select);
  const document =
    (query.draft ? yield* draftDocument(ctx, plan, row, shape) : undefined) ?? (yield* storedDocument(ctx, plan, row, shape));
  yield* populate(ctx, plan, [document], depthOf(ctx.settings.generation, query.depth, ctx.settings.depth), shape, scope.override);
  strip(plan, denied, document);
  return yield* runAfterRead(ctx, run, document);
}

function* storedDocument(ctx: ContentContext, plan: Plan, row: Row, shape: ReadShape): Op<Document> {
  const document = documentOf(plan, ctx.settings, row, shape);
  yield* hydrate(ctx, plan, [document], shape);
  return document;
}
