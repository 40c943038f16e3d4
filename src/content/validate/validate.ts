/** Validation of a write: every leaf in definition order, each check in the reference's order, all problems raised together (Lua API 3.6). */
import type { Json, JsonObject } from '../../domain/json.js';
import type { Op } from '../../domain/op.js';
import type { ContentContext } from '../context.js';
import { ABSENT, type Input, valueOfLeaf } from '../input.js';
import type { Plan, PlannedLeaf } from '../plan.js';
import { isObject, textOf } from '../value-text.js';
import { custom } from './custom.js';
import { date } from './date.js';
import { isDemanded } from './demanded.js';
import { manyBounds, manyOptions } from './has-many.js';
import { group, kind } from './kind.js';
import { polymorphic } from './reference.js';
import { type Issue, validationError } from './report.js';
import { isPresent, rowCount } from './required.js';
import { rows } from './rows.js';
import { email, length, number, option } from './scalar.js';
import { unique } from './unique.js';

export interface ValidationScope {
  isUpdate: boolean;
  /** The document that is updated: its own values are no duplicates. */
  id: string | undefined;
  /** Skips `required` and numbers of rows. */
  draft: boolean;
  /** Publishing a draft: the document as it is, which must have what is required where the data does not give it. Flat keys. */
  stored?: JsonObject;
  /** undefined = the default locale. */
  locale: string | undefined;
  /** Depth at which validators run. */
  hookDepth: number;
}

export function* validate(ctx: ContentContext, plan: Plan, input: Input, scope: ValidationScope): Op<void> {
  const issues: Issue[] = [];
  for (const { key, path, field } of plan.groups) {
    for (const message of group(field.name, givenFor(input.data, path), ctx.settings.generation)) issues.push({ key, message });
  }
  for (const leaf of plan.leaves) yield* checkLeaf(ctx, plan, input, scope, leaf, issues);
  if (issues.length > 0) throw validationError(issues);
}

/** The value given for a group; undefined where none is, or where a group around it is no table. */
function givenFor(data: JsonObject, path: readonly string[]): Json | undefined {
  let at: Json | undefined = data;
  for (const name of path) at = isObject(at) ? at[name] : undefined;
  return at;
}

function* checkLeaf(ctx: ContentContext, plan: Plan, input: Input, scope: ValidationScope, leaf: PlannedLeaf, issues: Issue[]): Op<void> {
  const { field, key } = leaf;
  const report = (messages: Iterable<string>) => {
    for (const message of messages) issues.push({ key, message });
  };
  const given = valueOfLeaf(input, leaf);
  const absent = given === ABSENT;
  const value: Json = absent ? null : given;
  if (!scope.draft && !(scope.isUpdate && absent)) {
    const { locale, hookDepth } = scope;
    if (yield* isDemanded(ctx, plan, field, { key, value, data: input.data, locale, hookDepth }))
      report(presence(ctx, plan, scope, leaf, value));
    report(rowCount(field, value));
  } else if (scope.stored && absent && leaf.storage !== 'virtual') {
    const { stored, locale, hookDepth } = scope;
    const asked = { key, value: stored[key] ?? null, data: { ...stored, ...input.data }, locale, hookDepth };
    if (yield* isDemanded(ctx, plan, field, asked)) report(presence(ctx, plan, scope, leaf, asked.value));
    report(rowCount(field, asked.value));
  }
  if (absent) return;
  report(polymorphic(field, value));
  if (value !== null) report(kind(field, value, ctx.settings.generation));
  if (leaf.storage === 'side') {
    yield* rows(ctx, plan, input.data, scope, leaf, value, issues);
  } else if (value !== null) {
    const zone = zoneOf(input, leaf);
    if (field.unique) {
      const message = yield* unique(ctx, plan, leaf, value, { id: scope.id, locale: scope.locale, zone });
      if (message !== undefined) report([message]);
    }
    report(length(field, value));
    report(number(field, value, ctx.settings.generation));
    report(email(field, value));
    report(option(field, value));
    report(manyOptions(field, value));
    report(manyBounds(field, value));
    report(date(field, value, zone));
  }
  issues.push(...(yield* custom(ctx, plan, field, key, value, input.data, scope.hookDepth)));
}

function* presence(ctx: ContentContext, plan: Plan, scope: ValidationScope, leaf: PlannedLeaf, value: Json): Generator<string> {
  const { field } = leaf;
  if (!isPresent(field, value)) {
    yield `${field.name} is required`;
    return;
  }
  // The column of the default locale is NOT NULL in a collection without drafts: a document cannot begin in another locale.
  const elsewhere = !scope.isUpdate && scope.locale !== undefined && leaf.localized && leaf.storage === 'column';
  if (elsewhere && !plan.isGlobal && !plan.drafts && ctx.settings.generation === 8) {
    yield `${field.name} is required in the default locale '${plan.defaultLocale}': create the document there first`;
  }
}

/** The zone given beside a date. */
export function zoneOf(input: Input, leaf: PlannedLeaf): string | undefined {
  if (leaf.zoneKey === undefined) return undefined;
  const name = `${leaf.path[leaf.path.length - 1]}_tz`;
  const zone = valueOfLeaf(input, { key: leaf.zoneKey, path: [...leaf.path.slice(0, -1), name] });
  const text = zone === ABSENT ? undefined : textOf(zone);
  return text === '' ? undefined : text;
}
