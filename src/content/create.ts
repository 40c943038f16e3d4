/** crap.collections.create (Lua API 4.8): access, hooks and validation, the row and its side rows, counts, after_change; one savepoint. */
import { nanoid } from 'nanoid';
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaTable } from '../lua/value.js';
import { allowWhole, overrides } from './access.js';
import { noteChange } from './changes.js';
import type { ContentContext, Document } from './context.js';
import { timestamp } from './date.js';
import { prefixed, refused } from './failure.js';
import { deniedFields, strip } from './field-access.js';
import { type HookRun, writeRun } from './hook-context.js';
import { runAfterChange, runBeforeWrite } from './hooks.js';
import { type Input, inputOf, plainInput, withFlatCopies } from './input.js';
import { formInput, readyInput } from './later-input.js';
import { localeOfWrite } from './locale.js';
import { hashGiven, storePassword, withoutPassword } from './password.js';
import { collectionPlan, type Plan } from './plan.js';
import { checkOptions, type QueryOptions } from './query.js';
import { documentOf, flatRow, selectSql } from './read.js';
import { countReferences, referencesOf, touchesReferences } from './references.js';
import { addToSearch } from './search.js';
import { hydrate } from './side-read.js';
import { saveSides } from './side-write.js';
import { validate } from './validate/validate.js';
import { addVersion } from './version-rows.js';
import { columnsToWrite, insertRow } from './write-columns.js';

/** Ends with the document as stored: fields that the caller may not read and hidden ones left out, no after_read. Errors: "create error: …". */
export function* create(ctx: ContentContext, slug: string, data: LuaTable | JsonObject, options: QueryOptions): Op<Document> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'create');
  const readLocale = localeOfWrite(ctx, options.locale);
  const given = inputOf(data);
  return yield* prefixed('create error: ', function* () {
    const override = overrides(ctx, options);
    if (!override) yield* allowWhole(ctx, plan.access.create, 'Create', filterTableText(slug));
    const passwordHash = yield* hashGiven(ctx, plan, given);
    return yield* ctx.db.savepoint(() => createInside(ctx, plan, given, options, { override, readLocale, many: false, passwordHash }));
  });
}

/** What an access function is told whose table has no row to be held against. */
export function filterTableText(slug: string): string {
  return `Access hook for '${slug}.create' returned a filter table; filter-table returns are only valid for update/delete/undelete/unpublish (where a target row exists). Return true/false based on the incoming 'data' in ctx.`;
}

export interface WriteScope {
  override: boolean;
  readLocale: string | undefined;
  /** A *_many call: no flat copies of group leaves for hooks, and without hooks no validation. */
  many: boolean;
  /** Of the password in the data. */
  passwordHash?: string;
}

export function* createInside(ctx: ContentContext, plan: Plan, given: JsonObject, options: QueryOptions, scope: WriteScope): Op<Document> {
  const draft = options.draft && plan.drafts;
  const locale = scope.readLocale === 'all' ? undefined : scope.readLocale;
  const run = writeRun(ctx, plan, 'create', options, draft);
  const data = withoutPassword(plan, given);
  const input = scope.many ? plainInput(data) : withFlatCopies(plan, data);
  if (!scope.override) strip(plan, yield* deniedFields(ctx, plan, 'create'), input.data);
  readyInput(ctx, plan, input, { isUpdate: false, locale });
  yield* runBeforeWrite(ctx, run, 'before_validate', input);
  if (!scope.many || options.hooks) {
    yield* validate(ctx, plan, input, { isUpdate: false, id: undefined, draft, locale, hookDepth: run.depth });
  }
  yield* runBeforeWrite(ctx, run, 'before_change', input);
  const id = nanoid();
  yield* writeNew(ctx, plan, id, input, locale, draft);
  yield* storePassword(ctx, plan, id, scope.passwordHash);
  return yield* finish(ctx, plan, id, run, options, scope);
}

function* writeNew(ctx: ContentContext, plan: Plan, id: string, input: Input, locale: string | undefined, draft: boolean): Op<void> {
  formInput(ctx, plan, input);
  const columns = columnsToWrite(plan, input, locale, 'default');
  columns.names.unshift('id');
  columns.values.unshift(id);
  if (draft) {
    columns.names.push('_status');
    columns.values.push('draft');
  }
  if (plan.timestamps) {
    const now = timestamp(ctx.clock.now());
    columns.names.push('created_at', 'updated_at');
    columns.values.push(now, now);
  }
  yield* insertRow(ctx, plan, columns);
  yield* saveSides(ctx, plan, id, input, locale, false);
  if (touchesReferences(plan, input)) yield* countReferences(ctx, new Map(), yield* referencesOf(ctx, plan, id));
  yield* addToSearch(ctx, plan, id);
  yield* addVersion(ctx, plan, id, draft ? 'draft' : 'published');
}

/** What create and update end with: the row read back, after_change hooks, the document that the caller may see. */
export function* finish(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  run: HookRun,
  options: QueryOptions,
  { override, readLocale }: Pick<WriteScope, 'override' | 'readLocale'>,
): Op<Document> {
  const sql = selectSql(plan, ctx.db.dialect, ctx.settings, readLocale);
  const row = yield* ctx.db.get(`${sql} WHERE id = ?${plan.softDelete ? ' AND _deleted_at IS NULL' : ''}`, [id]);
  if (!row) throw refused('DOCUMENT_NOT_FOUND', 'Document not found after update', { id });
  run.id = id;
  yield* runAfterChange(ctx, run, () => flatRow(plan, ctx.settings, row), false);
  const shape = { locale: readLocale };
  const document = documentOf(plan, ctx.settings, row, shape);
  yield* hydrate(ctx, plan, [document], shape);
  // A draft of a document that exists is a version: what is stored is as before.
  const operation = run.operation === 'create' ? 'create' : 'update';
  if (operation === 'create' || !(options.draft && plan.drafts)) noteChange(ctx, plan, options, operation, document);
  if (!override) strip(plan, yield* deniedFields(ctx, plan, 'read'), document);
  return document;
}
