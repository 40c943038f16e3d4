/** Access rules of collections and globals (Lua API 6). */
import type { FunctionRef } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import { luaTypeName } from '../lua/type-names.js';
import type { LuaTable, LuaValue } from '../lua/value.js';
import { conditionsOf } from './constraint-names.js';
import type { ContentContext } from './context.js';
import { refused } from './failure.js';
import { parseConditions, parseWhere, type Where } from './filter-parse.js';
import { asksEveryRule, constraintsMayUseOr, emptyConstraintDenies } from './generation.js';
import type { Plan } from './plan.js';
import { callerFacts, callRule, withOptions } from './project-code.js';
import { asTable, type QueryOptions } from './query.js';

/** A rule's answer: no, yes, or yes for the rows that match. */
export type Verdict = 'denied' | 'allowed' | { rows: LuaTable };

export function overrides(ctx: ContentContext, query: Pick<QueryOptions, 'overrideAccess'>): boolean {
  return query.overrideAccess ?? ctx.overrideAccessByDefault;
}

/**
 * Asks a rule about the current user. No rule: denied when [access] default_deny says so. What a rule raises is passed on. `document`: what
 * a field's update rule sees under generation 10.
 */
export function* askRule(ctx: ContentContext, rule: FunctionRef | undefined, id: string | undefined, document?: LuaValue): Op<Verdict> {
  if (!rule) return ctx.settings.defaultDeny ? 'denied' : 'allowed';
  const argument = callerFacts(ctx);
  delete argument['ui_locale'];
  if (id !== undefined) argument['id'] = id;
  if (document !== undefined) argument['document'] = document;
  const { answer, bare } = yield* callRule(ctx, rule, withOptions(argument, rule));
  if (bare) {
    ctx.lua.warn(bareConstraint(rule.ref));
    return 'denied';
  }
  if (answer === true) return 'allowed';
  if (answer === false || answer === undefined || answer === null) return 'denied';
  const rows = asTable(answer);
  if (rows) return { rows };
  ctx.lua.warn(`Access function '${rule.ref}' returned unexpected type '${luaTypeName(answer)}', denying access`);
  return 'denied';
}

/** Why a constraint is no answer: a nil in it would be no condition at all. */
export function bareConstraint(ref: string): string {
  return `Access function '${ref}' read a field of the user that has no value and returned a filter, which may lack a condition: denying access`;
}

/** Asks for access to rows; ends with the constraint that they must meet, undefined for none. Throws "{what} access denied". */
export function* allowRows(
  ctx: ContentContext,
  rule: FunctionRef | undefined,
  what: string,
  id: string | undefined,
): Op<Where | undefined> {
  const verdict = yield* askRule(ctx, rule, id);
  if (verdict === 'denied') throw accessDenied(what);
  if (verdict === 'allowed') return undefined;
  const where = constraintOf(ctx, verdict.rows);
  if (where === undefined) throw accessDenied(what);
  return where;
}

/** Asks where no row exists that a constraint could be held against. Throws `forTable` for a table. */
export function* allowWhole(ctx: ContentContext, rule: FunctionRef | undefined, what: string, forTable: string): Op<void> {
  const verdict = yield* askRule(ctx, rule, undefined);
  if (verdict === 'denied') throw accessDenied(what);
  if (verdict !== 'allowed') throw refused('ACCESS_FILTER_TABLE', forTable);
}

export function accessDenied(what: string): BindingError {
  return refused('ACCESS_DENIED', `${what} access denied`);
}

/** The rows that a rule's table allows; undefined = a value that no filter takes: denied. The texts of parse errors carry one rendering more, as those of the rule itself do. */
export function constraintOf(ctx: Pick<ContentContext, 'settings'>, table: LuaTable): Where | undefined {
  const { generation } = ctx.settings;
  if (table.entries.size === 0) return emptyConstraintDenies(generation) ? undefined : { all: [] };
  for (const value of table.entries.values()) {
    const plain = typeof value === 'string' || typeof value === 'boolean' || asTable(value) || value instanceof Uint8Array;
    if (!plain && !isNumeric(value)) return undefined;
  }
  try {
    if (constraintsMayUseOr(generation) && table.entries.has('or')) return parseWhere(table, generation);
    return { all: parseConditions(table, (value) => (value ? '1' : '0'), generation) };
  } catch (error) {
    if (error instanceof BindingError && error.prefixed) throw refused(error.code, `runtime error: ${error.message}`);
    throw error;
  }
}

function isNumeric(value: unknown): boolean {
  return ['integer', 'number'].includes(luaTypeName(value as never));
}

/** Names that a constraint or a filter uses. */
export function namesOf(where: Where): string[] {
  return conditionsOf(where).map((condition) => condition.field);
}

/** The rule of an update, which under generation 10 has one of its own for drafts. */
export function updateRule(ctx: ContentContext, plan: Plan, draft: boolean): FunctionRef | undefined {
  const own = draft && asksEveryRule(ctx.settings.generation) ? plan.access.draft : undefined;
  return own ?? plan.access.update;
}

/** The rule of listing versions: that of reading, under generation 10 `versions`, else update. */
export function versionsRule(ctx: ContentContext, plan: Plan): { rule: FunctionRef | undefined; what: string } {
  if (!asksEveryRule(ctx.settings.generation)) return { rule: plan.access.read, what: 'Read' };
  return { rule: plan.access.versions ?? plan.access.update, what: 'Versions' };
}

/** The rule of a soft delete: trash, else update. */
export function trashRule(plan: Plan): FunctionRef | undefined {
  return plan.access.trash ?? plan.access.update;
}
