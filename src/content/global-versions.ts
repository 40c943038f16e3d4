/** What the later generation offers on globals beside get and update: validate, unpublish, and their versions (Lua API 10.1). */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaTable } from '../lua/value.js';
import { allowWhole, overrides, versionsRule } from './access.js';
import { noteChange } from './changes.js';
import type { ContentContext, Document } from './context.js';
import { sqlTime } from './date.js';
import { keepDraft } from './draft.js';
import { prefixed, refused } from './failure.js';
import { deniedFields, strip } from './field-access.js';
import { GLOBAL_ID, globalTableText, readGlobal } from './global-get.js';
import { inputOf } from './input.js';
import { versionsOf } from './list-versions.js';
import { localeOf } from './locale.js';
import { globalPlan, type Plan } from './plan.js';
import { checkOptions, type QueryOptions } from './query.js';
import { restoreInside } from './restore-version.js';
import { judge, type Verdict } from './validate-document.js';
import { requireVersions } from './version-rows.js';

/** Newest first, as list_versions of a document. */
export function* listGlobalVersions(ctx: ContentContext, slug: string, options: QueryOptions): Op<JsonObject> {
  const plan = globalPlan(ctx, slug);
  checkOptions(ctx, options, 'list_versions');
  requireVersions(plan);
  const { rule, what } = versionsRule(ctx, plan);
  if (!overrides(ctx, options)) yield* allowWhole(ctx, rule, what, globalTableText(slug));
  return yield* versionsOf(ctx, plan, GLOBAL_ID, options);
}

/** Ends with the global as it is by then. */
export function* restoreGlobalVersion(ctx: ContentContext, slug: string, versionId: string, options: QueryOptions): Op<Document> {
  const plan = globalPlan(ctx, slug);
  checkOptions(ctx, options, 'restore_version');
  requireVersions(plan);
  return yield* changing(ctx, plan, options, () => restoreInside(ctx, plan, GLOBAL_ID, versionId));
}

/** The global becomes a draft; no hooks. */
export function* unpublishGlobal(ctx: ContentContext, slug: string, options: QueryOptions): Op<Document> {
  const plan = globalPlan(ctx, slug);
  checkOptions(ctx, options, 'unpublish');
  requireVersions(plan);
  if (!plan.drafts) throw refused('DRAFTS_OFF', `Global '${slug}' keeps versions without drafts: it is always published`);
  return yield* changing(ctx, plan, options, function* () {
    const sql = `UPDATE ${ctx.db.dialect.ident(plan.table)} SET _status = 'draft', updated_at = ? WHERE id = ?`;
    yield* ctx.db.run(sql, [sqlTime(ctx.clock.now()), GLOBAL_ID]);
    yield* keepDraft(ctx, plan, GLOBAL_ID);
  });
}

/** The hooks and checks of an update without a write. */
export function* validateGlobal(ctx: ContentContext, slug: string, data: LuaTable | JsonObject, options: QueryOptions): Op<Verdict> {
  const plan = globalPlan(ctx, slug);
  checkOptions(ctx, options, 'validate');
  if (!overrides(ctx, options)) yield* allowWhole(ctx, plan.access.update, 'Update', globalTableText(slug));
  const locale = localeOf(ctx, options.locale, false);
  const given = inputOf(data);
  return yield* prefixed('validate error: ', () => judge(ctx, plan, given, { ...options, id: GLOBAL_ID }, locale));
}

function* changing(ctx: ContentContext, plan: Plan, options: QueryOptions, change: () => Op<void>): Op<Document> {
  const override = overrides(ctx, options);
  if (!override) yield* allowWhole(ctx, plan.access.update, 'Update', globalTableText(plan.slug));
  return yield* ctx.db.savepoint(function* () {
    yield* change();
    const document = yield* readGlobal(ctx, plan, undefined);
    noteChange(ctx, plan, options, 'update', document);
    if (!override) strip(plan, yield* deniedFields(ctx, plan, 'read'), document);
    return document;
  });
}
