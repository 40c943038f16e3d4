/** crap.collections.update (Lua API 4.9): only the keys that are given change, checkboxes aside (generation.ts); one savepoint. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaTable } from '../lua/value.js';
import { allowRows, overrides } from './access.js';
import type { ContentContext, Document } from './context.js';
import { finish, type WriteScope } from './create.js';
import { timestamp } from './date.js';
import { prefixed, refused } from './failure.js';
import { deniedFields, strip } from './field-access.js';
import type { Where } from './filter-parse.js';
import { resetsAbsentCheckboxes } from './generation.js';
import { writeRun } from './hook-context.js';
import { runBeforeWrite } from './hooks.js';
import { type Input, inputOf, plainInput, withFlatCopies } from './input.js';
import { localeOf } from './locale.js';
import { withoutPassword } from './password.js';
import { collectionPlan, type Plan } from './plan.js';
import { checkOptions, type QueryOptions } from './query.js';
import { flatRow, selectSql } from './read.js';
import { countReferences, referencesOf, touchesReferences } from './references.js';
import { requireRow } from './row-access.js';
import { saveSides } from './side-write.js';
import { validate } from './validate/validate.js';
import { columnsToWrite, updateRow } from './write-columns.js';

/** Ends with the document as stored. Errors: "update error: …", among them "Document not found after update" (hooks have run by then). */
export function* update(ctx: ContentContext, slug: string, id: string, data: LuaTable | JsonObject, options: QueryOptions): Op<Document> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'update');
  const readLocale = localeOf(ctx, options.locale, true);
  const given = inputOf(data);
  return yield* prefixed('update error: ', function* () {
    if (plan.definition.versions && (options.unpublish || (options.draft && plan.drafts))) {
      throw refused('NOT_AVAILABLE', `drafts of an existing document are not available yet: '${slug}' was left as it is`);
    }
    const override = overrides(ctx, options);
    const constraint = override ? undefined : yield* allowRows(ctx, plan.access.update, 'Update', id);
    return yield* ctx.db.savepoint(() => updateInside(ctx, plan, id, given, options, { override, constraint, readLocale, many: false }));
  });
}

export interface UpdateScope extends WriteScope {
  constraint: Where | undefined;
}

export function* updateInside(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  given: JsonObject,
  options: QueryOptions,
  scope: UpdateScope,
): Op<Document> {
  if (scope.constraint) yield* requireRow(ctx, plan, id, scope.constraint, 'Update');
  const locale = scope.readLocale === 'all' ? undefined : scope.readLocale;
  const shown = scope.many ? { hooks: options.hooks } : options;
  const run = writeRun(ctx, plan, 'update', shown, scope.many ? undefined : false);
  run.id = id;
  const data = withoutPassword(ctx, plan, given);
  const input = scope.many ? plainInput(data) : withFlatCopies(plan, data);
  if (!scope.override) strip(plan, yield* deniedFields(ctx, plan, 'update'), input.data);
  yield* runBeforeWrite(ctx, run, 'before_validate', input);
  if (!scope.many || options.hooks) {
    const stored = plan.drafts ? yield* storedDraft(ctx, plan, id, locale) : undefined;
    yield* validate(ctx, plan, input, { isUpdate: true, id, draft: false, stored, locale, hookDepth: run.depth });
  }
  yield* runBeforeWrite(ctx, run, 'before_change', input);
  yield* writeChanges(ctx, plan, id, input, locale, scope.many);
  return yield* finish(ctx, plan, id, run, scope.override, scope.readLocale);
}

/** The row of a draft, which this update publishes; undefined when it is published already. */
function* storedDraft(ctx: ContentContext, plan: Plan, id: string, locale: string | undefined): Op<JsonObject | undefined> {
  const row = yield* ctx.db.get(`${selectSql(plan, ctx.db.dialect, ctx.settings, locale)} WHERE id = ?`, [id]);
  return row?.['_status'] === 'draft' ? flatRow(plan, ctx.settings, row) : undefined;
}

/** Also of globals. `keepsCheckboxes`: absent ones are left alone whatever the generation. Throws when the row is not there. */
export function* writeChanges(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  input: Input,
  locale: string | undefined,
  keepsCheckboxes = false,
): Op<void> {
  const counted = touchesReferences(plan, input);
  const before = counted ? yield* referencesOf(ctx, plan, id) : undefined;
  const absent = keepsCheckboxes ? 'keep' : resetsAbsentCheckboxes(ctx.settings.generation) ? 'reset' : 'keep';
  const columns = columnsToWrite(plan, input, locale, absent);
  if (plan.drafts) {
    columns.names.push('_status');
    columns.values.push('published');
  }
  if (plan.timestamps) {
    columns.names.push('updated_at');
    columns.values.push(timestamp(ctx.clock.now()));
  }
  if (!(yield* updateRow(ctx, plan, id, columns))) throw refused('DOCUMENT_NOT_FOUND', 'Document not found after update', { id });
  yield* saveSides(ctx, plan, id, input, locale, true);
  if (before) yield* countReferences(ctx, before, yield* referencesOf(ctx, plan, id));
}
