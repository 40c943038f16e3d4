/** crap.collections.delete (Lua API 4.10): soft where the collection says so and no force is asked for; one savepoint. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { allowRows, overrides, trashRule } from './access.js';
import { noteChange } from './changes.js';
import type { ContentContext } from './context.js';
import { sqlTime } from './date.js';
import { prefixed, refused, showingSql } from './failure.js';
import type { Where } from './filter-parse.js';
import { writeRun } from './hook-context.js';
import { runHooks } from './hooks.js';
import { collectionPlan, type Plan } from './plan.js';
import { ALL_BUT_LOCALE, checkOptions, type QueryOptions } from './query.js';
import { countReferences, referenceCount, referencesOf, refersAtAll } from './references.js';
import { requireRow } from './row-access.js';
import { removeFromSearch } from './search.js';

/** Errors: "delete error: …". A document that others refer to is refused before any hook; one that is not there after before_delete. */
export function* remove(ctx: ContentContext, slug: string, id: string, options: QueryOptions): Op<true> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'delete', ALL_BUT_LOCALE);
  return yield* prefixed('delete error: ', function* () {
    const soft = plan.softDelete && !options.forceHardDelete;
    const what = soft ? 'Trash' : 'Delete';
    const rule = soft ? trashRule(plan) : plan.access.delete;
    const constraint = overrides(ctx, options) ? undefined : yield* allowRows(ctx, rule, what, id);
    return yield* ctx.db.savepoint(() => removeInside(ctx, plan, id, options, { soft, what, constraint }));
  });
}

export interface RemoveScope {
  soft: boolean;
  what: string;
  constraint: Where | undefined;
}

export function* removeInside(ctx: ContentContext, plan: Plan, id: string, options: QueryOptions, scope: RemoveScope): Op<true> {
  if (scope.constraint) yield* requireRow(ctx, plan, id, scope.constraint, scope.what);
  if (!scope.soft) yield* refuseReferenced(ctx, plan, id);
  const run = { ...writeRun(ctx, plan, 'delete', options, undefined), id };
  const data = (): JsonObject => (scope.soft ? { id, soft_delete: true } : { id });
  if (run.enabled) yield* runHooks(ctx, run, 'before_delete', data());
  if (scope.soft) yield* trashRow(ctx, plan, id);
  else yield* deleteRow(ctx, plan, id);
  if (run.enabled) yield* runHooks(ctx, run, 'after_delete', data());
  noteChange(ctx, plan, options, 'delete', { id, ...data() });
  return true;
}

function* refuseReferenced(ctx: ContentContext, plan: Plan, id: string): Op<void> {
  const count = yield* referenceCount(ctx, plan, id);
  if (count > 0) throw refused('DOCUMENT_REFERENCED', `Cannot delete '${id}': referenced by ${count} document(s)`, { count });
}

function* trashRow(ctx: ContentContext, plan: Plan, id: string): Op<void> {
  const sql = `UPDATE ${ctx.db.dialect.ident(plan.table)} SET _deleted_at = ? WHERE id = ? AND _deleted_at IS NULL`;
  if ((yield* ctx.db.run(sql, [sqlTime(ctx.clock.now()), id])) === 0) {
    throw refused('DOCUMENT_NOT_FOUND', `Document '${id}' not found in '${plan.slug}' (or already deleted)`, { id });
  }
  yield* removeFromSearch(ctx, plan, id);
}

/** Side rows and versions go with the row, by its foreign keys. */
export function* deleteRow(ctx: ContentContext, plan: Plan, id: string): Op<void> {
  if (refersAtAll(plan)) yield* countReferences(ctx, yield* referencesOf(ctx, plan, id), new Map());
  yield* removeFromSearch(ctx, plan, id);
  const sql = `DELETE FROM ${ctx.db.dialect.ident(plan.table)} WHERE id = ?`;
  const deleted = yield* showingSql(`Failed to delete from '${plan.table}'`, 'execute', () => ctx.db.run(sql, [id]));
  if (deleted === 0) throw refused('DOCUMENT_NOT_FOUND', `Document '${id}' not found in '${plan.slug}'`, { id });
}
