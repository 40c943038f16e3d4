/** crap.globals.update (Lua API 4.13): as update of a document, on the global's only row; one savepoint. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaTable } from '../lua/value.js';
import { allowWhole, overrides } from './access.js';
import { noteChange } from './changes.js';
import type { ContentContext, Document } from './context.js';
import { saveDraft } from './draft.js';
import { prefixed } from './failure.js';
import { deniedFields, strip } from './field-access.js';
import { showDocument } from './field-hooks.js';
import { draftsGlobals, publishesPendingDraft } from './generation.js';
import { GLOBAL_ID, globalTableText, readGlobal } from './global-get.js';
import { writeRun } from './hook-context.js';
import { runAfterChange, runBeforeWrite } from './hooks.js';
import { copyJson, inputOf, plainInput } from './input.js';
import { fillRows, formInput, readyInput } from './later-input.js';
import { localeOfWrite } from './locale.js';
import { globalPlan, type Plan } from './plan.js';
import { whatIsPublished } from './published.js';
import { checkOptions, type QueryOptions } from './query.js';
import { writeChanges } from './update.js';
import { validateWith } from './validate-state.js';
import { pendingDraft } from './version-rows.js';

/** Errors: "update_global error: …". */
export function* updateGlobal(ctx: ContentContext, slug: string, data: LuaTable | JsonObject, options: QueryOptions): Op<Document> {
  const plan = globalPlan(ctx, slug);
  checkOptions(ctx, options, 'update');
  const readLocale = localeOfWrite(ctx, options.locale);
  const given = inputOf(data);
  return yield* prefixed('update_global error: ', function* () {
    const override = overrides(ctx, options);
    if (!override) yield* allowWhole(ctx, plan.access.update, 'Update', globalTableText(slug));
    return yield* ctx.db.savepoint(() => updateInside(ctx, plan, given, options, override, readLocale));
  });
}

function* updateInside(
  ctx: ContentContext,
  plan: Plan,
  given: JsonObject,
  options: QueryOptions,
  override: boolean,
  readLocale: string | undefined,
): Op<Document> {
  const locale = readLocale === 'all' ? undefined : readLocale;
  const draft = options.draft && plan.drafts && draftsGlobals(ctx.settings.generation);
  const run = writeRun(ctx, plan, 'update', options, draft);
  yield* showDocument(ctx, run, GLOBAL_ID);
  const input = plainInput(given);
  if (!override) strip(plan, yield* deniedFields(ctx, plan, 'update', GLOBAL_ID), input.data);
  yield* fillRows(ctx, plan, GLOBAL_ID, input, locale);
  readyInput(ctx, plan, input, { isUpdate: true, locale });
  yield* runBeforeWrite(ctx, run, 'before_validate', input);
  const pending = !draft && publishesPendingDraft(ctx.settings.generation) ? yield* pendingDraft(ctx, plan, GLOBAL_ID) : undefined;
  const stored = pending && (yield* whatIsPublished(ctx, plan, GLOBAL_ID, pending, locale));
  const scope = { isUpdate: true, id: GLOBAL_ID, draft, stored, locale, hookDepth: run.depth };
  yield* validateWith(ctx, plan, input, scope, pending);
  yield* runBeforeWrite(ctx, run, 'before_change', input);
  formInput(ctx, plan, input);
  if (draft) {
    yield* saveDraft(ctx, plan, GLOBAL_ID, input, locale);
  } else {
    yield* writeChanges(ctx, plan, GLOBAL_ID, input, locale, { pending });
  }
  const document = yield* readGlobal(ctx, plan, readLocale);
  yield* runAfterChange(ctx, run, () => withoutTimes(document), true);
  if (!draft) noteChange(ctx, plan, options, 'update', document);
  if (!override) strip(plan, yield* deniedFields(ctx, plan, 'read'), document);
  return document;
}

function withoutTimes(document: Document): JsonObject {
  const { created_at: _created, updated_at: _updated, ...data } = copyJson(document) as JsonObject;
  return data;
}
