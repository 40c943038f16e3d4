/** Validation of what a version holds before it becomes what is stored: in every locale, all problems together (Lua API 4.9, 4.12). */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { ContentContext } from './context.js';
import { ABSENT, type Input, plainInput, valueOfLeaf } from './input.js';
import type { Plan } from './plan.js';
import { type DocumentState, inputOfState } from './snapshot.js';
import { type Issue, ValidationFailure, validationError } from './validate/report.js';
import { type ValidationScope, validate } from './validate/validate.js';

export interface StateWrite {
  id: string;
  /** Skips `required` and numbers of rows. */
  draft: boolean;
  /** What the document has in the default locale, where the version says nothing; undefined = it is not asked for. */
  stored?: JsonObject;
}

/** Of a version that is restored. Other locales than the default one need no values; what they have must fit. */
export function* validateState(ctx: ContentContext, plan: Plan, state: DocumentState, { id, draft, stored }: StateWrite): Op<void> {
  const scope = { isUpdate: true, id, draft, hookDepth: ctx.hookDepth };
  const whole = plainInput(inputOfState(plan, state, undefined));
  const issues = yield* issuesOf(() => validate(ctx, plan, whole, { ...scope, stored, locale: undefined }));
  for (const locale of otherLocales(plan)) {
    const input = valuesOnly(inputOfState(plan, state, locale));
    issues.push(...inLocale(locale, yield* issuesOf(() => validate(ctx, plan, input, { ...scope, locale }))));
  }
  if (issues.length > 0) throw validationError(issues);
}

/**
 * Of the data of a write, and where that publishes a pending draft underneath of what the draft has besides, each problem once. `scope.stored`
 * has what is missing by then.
 */
export function* validateWith(
  ctx: ContentContext,
  plan: Plan,
  input: Input,
  scope: ValidationScope,
  pending: { state: DocumentState } | undefined,
): Op<void> {
  if (!pending) return yield* validate(ctx, plan, input, scope);
  const issues = yield* issuesOf(() => validate(ctx, plan, input, scope));
  const given = scope.locale ?? plan.defaultLocale;
  for (const locale of [undefined, ...otherLocales(plan)]) {
    const rest = valuesOnly(inputOfState(plan, pending.state, locale));
    for (const leaf of plan.leaves) {
      const shared = !leaf.localized || !plan.locales;
      if ((shared || given === (locale ?? plan.defaultLocale)) && valueOfLeaf(input, leaf) !== ABSENT) delete rest.data[leaf.key];
    }
    const found = yield* issuesOf(() => validate(ctx, plan, rest, { ...scope, stored: undefined, locale }));
    for (const issue of inLocale(locale, found)) {
      if (!issues.some(({ key, message }) => key === issue.key && message === issue.message)) issues.push(issue);
    }
  }
  if (issues.length > 0) throw validationError(issues);
}

function* issuesOf(check: () => Op<void>): Op<Issue[]> {
  try {
    yield* check();
    return [];
  } catch (error) {
    if (!(error instanceof ValidationFailure)) throw error;
    return [...error.issues];
  }
}

function otherLocales(plan: Plan): string[] {
  return (plan.locales ?? []).filter((locale) => locale !== plan.defaultLocale);
}

function inLocale(locale: string | undefined, issues: readonly Issue[]): readonly Issue[] {
  return locale === undefined ? issues : issues.map(({ key, message }) => ({ key, message: `${message} (locale '${locale}')` }));
}

function valuesOnly(data: JsonObject): Input {
  const given = Object.entries(data).filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0));
  return plainInput(Object.fromEntries(given));
}
