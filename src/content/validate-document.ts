/** crap.collections.validate (Lua API 4.10): the hooks and checks of a create, or of an update when `id` is given, without a write. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaTable } from '../lua/value.js';
import { allowRows, allowWhole, overrides } from './access.js';
import type { ContentContext } from './context.js';
import { filterTableText } from './create.js';
import { prefixed } from './failure.js';
import { deniedFields, strip } from './field-access.js';
import { asksEveryRule, publishesPendingDraft } from './generation.js';
import { writeRun } from './hook-context.js';
import { runBeforeWrite } from './hooks.js';
import { inputOf, plainInput, withFlatCopies } from './input.js';
import { fillRows, readyInput } from './later-input.js';
import { localeOf } from './locale.js';
import { passwordIssues, withoutPassword } from './password.js';
import { collectionPlan, type Plan } from './plan.js';
import { whatIsPublished } from './published.js';
import { checkOptions, type QueryOptions } from './query.js';
import { requireRow } from './row-access.js';
import { type Issue, ValidationFailure } from './validate/report.js';
import { validateWith } from './validate-state.js';
import { pendingDraft } from './version-rows.js';

export type Verdict = { valid: true } | { valid: false; errors: Record<string, string> };

/** No collection rule is asked before generation 10, and the id need not exist; what hooks write stays. Other failures: "validate error: …". */
export function* validateDocument(ctx: ContentContext, slug: string, data: LuaTable | JsonObject, options: QueryOptions): Op<Verdict> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'validate');
  const locale = localeOf(ctx, options.locale, false);
  const given = inputOf(data);
  return yield* prefixed('validate error: ', function* () {
    if (asksEveryRule(ctx.settings.generation) && !overrides(ctx, options)) yield* askRules(ctx, plan, options);
    return yield* judge(ctx, plan, given, options, locale);
  });
}

/** Also of globals. `options.id`: what is updated; undefined for a create. */
export function* judge(ctx: ContentContext, plan: Plan, given: JsonObject, options: QueryOptions, locale: string | undefined): Op<Verdict> {
  const isUpdate = options.id !== undefined;
  const operation = isUpdate ? 'update' : 'create';
  const draft = options.draft && plan.drafts;
  const run = writeRun(ctx, plan, operation, options, draft);
  const input = plan.isGlobal ? plainInput(given) : withFlatCopies(plan, withoutPassword(plan, given));
  if (!overrides(ctx, options)) strip(plan, yield* deniedFields(ctx, plan, operation, options.id), input.data);
  const password = passwordIssues(ctx, plan, given);
  try {
    if (options.id !== undefined) yield* fillRows(ctx, plan, options.id, input, locale);
    readyInput(ctx, plan, input, { isUpdate, locale });
    yield* runBeforeWrite(ctx, run, 'before_validate', input);
    const { id } = options;
    const publishing = id !== undefined && !draft;
    const pending = publishing && publishesPendingDraft(ctx.settings.generation) ? yield* pendingDraft(ctx, plan, id) : undefined;
    const stored = publishing ? yield* whatIsPublished(ctx, plan, id, pending, locale) : undefined;
    yield* validateWith(ctx, plan, input, { isUpdate, id, draft, stored, locale, hookDepth: run.depth }, pending);
    yield* runBeforeWrite(ctx, run, 'before_change', input);
  } catch (error) {
    if (!(error instanceof ValidationFailure)) throw error;
    return invalid([...password, ...error.issues]);
  }
  return password.length > 0 ? invalid(password) : { valid: true };
}

/** Of several messages for one key the last stays, as in the reference. */
function invalid(issues: readonly Issue[]): Verdict {
  return { valid: false, errors: Object.fromEntries(issues.map(({ key, message }) => [key, message])) };
}

function* askRules(ctx: ContentContext, plan: Plan, options: QueryOptions): Op<void> {
  if (options.id === undefined) return yield* allowWhole(ctx, plan.access.create, 'Create', filterTableText(plan.slug));
  const constraint = yield* allowRows(ctx, plan.access.update, 'Update', options.id);
  if (constraint) yield* requireRow(ctx, plan, options.id, constraint, 'Update');
}
