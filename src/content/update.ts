/** crap.collections.update (Lua API 4.9): only the keys that are given change, checkboxes aside (generation.ts); one savepoint. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaTable } from '../lua/value.js';
import { allowRows, overrides, updateRule } from './access.js';
import type { ContentContext, Document } from './context.js';
import { finish, type WriteScope } from './create.js';
import { timestamp } from './date.js';
import { saveDraft } from './draft.js';
import { prefixed, refused } from './failure.js';
import { deniedFields, strip } from './field-access.js';
import { showDocument } from './field-hooks.js';
import type { Where } from './filter-parse.js';
import { publishesPendingDraft, resetsAbsentCheckboxes } from './generation.js';
import { writeRun } from './hook-context.js';
import { runBeforeWrite } from './hooks.js';
import { type Input, inputOf, plainInput, withFlatCopies } from './input.js';
import { fillRows, formInput, readyInput } from './later-input.js';
import { localeOfWrite } from './locale.js';
import { hashGiven, storePassword, withoutPassword } from './password.js';
import { collectionPlan, type Plan, sqlName } from './plan.js';
import { whatIsPublished } from './published.js';
import { checkOptions, type QueryOptions } from './query.js';
import { countReferences, referencesOf, refersAtAll, touchesReferences } from './references.js';
import { requireRow } from './row-access.js';
import { refreshSearch, touchesSearch } from './search.js';
import { saveSides } from './side-write.js';
import { type DocumentState, writeState } from './snapshot.js';
import { unpublishByUpdate } from './unpublish.js';
import { validateWith } from './validate-state.js';
import { addVersion, pendingDraft, type Version } from './version-rows.js';
import { columnsToWrite, updateRow } from './write-columns.js';

/** Ends with the document as stored. Errors: "update error: …", among them "Document not found after update" (hooks have run by then). */
export function* update(ctx: ContentContext, slug: string, id: string, data: LuaTable | JsonObject, options: QueryOptions): Op<Document> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'update');
  const readLocale = localeOfWrite(ctx, options.locale);
  if (options.unpublish && plan.definition.versions) return yield* unpublishByUpdate(ctx, plan, id, options, readLocale);
  const given = inputOf(data);
  return yield* prefixed('update error: ', function* () {
    const override = overrides(ctx, options);
    const constraint = override ? undefined : yield* allowRows(ctx, updateRule(ctx, plan, options.draft && plan.drafts), 'Update', id);
    const passwordHash = yield* hashGiven(ctx, plan, given);
    const scope = { override, constraint, readLocale, many: false, passwordHash };
    return yield* ctx.db.savepoint(() => updateInside(ctx, plan, id, given, options, scope));
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
  const draft = options.draft && plan.drafts;
  const run = writeRun(ctx, plan, 'update', shown, scope.many ? undefined : draft);
  run.id = id;
  yield* showDocument(ctx, run, id);
  const data = withoutPassword(plan, given);
  const input = scope.many ? plainInput(data) : withFlatCopies(plan, data);
  if (!scope.override) strip(plan, yield* deniedFields(ctx, plan, 'update', id), input.data);
  yield* fillRows(ctx, plan, id, input, locale);
  readyInput(ctx, plan, input, { isUpdate: true, locale });
  yield* runBeforeWrite(ctx, run, 'before_validate', input);
  const pending = !draft && publishesPendingDraft(ctx.settings.generation) ? yield* pendingDraft(ctx, plan, id) : undefined;
  if (!scope.many || options.hooks) {
    const stored = draft ? undefined : yield* whatIsPublished(ctx, plan, id, pending, locale);
    yield* validateWith(ctx, plan, input, { isUpdate: true, id, draft, stored, locale, hookDepth: run.depth }, pending);
  }
  yield* runBeforeWrite(ctx, run, 'before_change', input);
  formInput(ctx, plan, input);
  if (draft) {
    yield* saveDraft(ctx, plan, id, input, locale);
    if (scope.passwordHash !== undefined) ctx.lua.warn(`a draft holds no password: the one given for '${plan.slug}' ${id} was not stored`);
  } else {
    yield* writeChanges(ctx, plan, id, input, locale, { keepsCheckboxes: scope.many, pending });
    yield* storePassword(ctx, plan, id, scope.passwordHash);
  }
  return yield* finish(ctx, plan, id, run, options, scope);
}

export interface Changes {
  /** Absent ones are left alone whatever the generation. */
  keepsCheckboxes?: boolean;
  /** A draft that becomes public underneath the data given. */
  pending?: Version;
}

/** Also of globals. Throws when the row is not there. */
export function* writeChanges(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  input: Input,
  locale: string | undefined,
  { keepsCheckboxes = false, pending }: Changes = {},
): Op<void> {
  const counted = touchesReferences(plan, input) || (pending !== undefined && refersAtAll(plan));
  const before = counted ? yield* referencesOf(ctx, plan, id) : undefined;
  const absent = keepsCheckboxes ? 'keep' : resetsAbsentCheckboxes(ctx.settings.generation) ? 'reset' : 'keep';
  const columns = columnsToWrite(plan, input, locale, absent);
  if (pending) yield* writeState(ctx, plan, id, without(pending.state, columns.names), { names: [], values: [] });
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
  if (pending || (yield* touchesSearch(ctx, plan, columns.names))) yield* refreshSearch(ctx, plan, id);
  yield* addVersion(ctx, plan, id, 'published');
}

/** A value that is written over anyway may be another document's by now. `names`: of columns, in SQL. */
function without(state: DocumentState, names: readonly string[]): DocumentState {
  return { ...state, columns: new Map([...state.columns].filter(([name]) => !names.includes(sqlName(name)))) };
}
