/** The table that collection-level and registered hooks get, and what their return value means (Lua API 5.2). */
import type { JsonObject } from '../domain/json.js';
import { BindingError } from '../lua/errors.js';
import { luaToJson } from '../lua/json.js';
import { luaTypeName } from '../lua/type-names.js';
import type { LuaTable, LuaValue } from '../lua/value.js';
import type { ContentContext } from './context.js';
import { refused } from './failure.js';
import { showsDocument } from './generation.js';
import type { Plan } from './plan.js';
import { asLua, callerFacts } from './project-code.js';
import { asTable } from './query.js';
import { isObject } from './value-text.js';

export type Operation = 'create' | 'update' | 'delete' | 'find' | 'find_by_id' | 'get';

/** The hooks of one operation: what they are told, and the table that they share. */
export interface HookRun {
  plan: Plan;
  operation: Operation;
  /** false: no hook is called (validators still are). */
  enabled: boolean;
  /** Shown as hook_depth and in force while project code of this operation runs. */
  depth: number;
  /** Only when the caller passed one. */
  locale: string | undefined;
  /** Only on create and update. */
  draft: boolean | undefined;
  shared: JsonObject;
  /** The document, where there is one; shown to projects of generation 10. */
  id?: string;
  /** That document as it was before an update, or as it is read: shown to field hooks of generation 10. */
  document?: LuaValue;
}

/** Reads run hooks at the depth they are called at. */
export function readRun(ctx: ContentContext, plan: Plan, operation: Operation, locale: string | undefined): HookRun {
  return { plan, operation, enabled: true, depth: ctx.hookDepth, locale: shownLocale(ctx, locale), draft: undefined, shared: {} };
}

/** Writes are one deeper, up to the limit: there they go on without hooks, with a warning. `draft` undefined where there is none to show. */
export function writeRun(
  ctx: ContentContext,
  plan: Plan,
  operation: Operation,
  options: { hooks: boolean; locale?: string },
  draft: boolean | undefined,
): HookRun {
  const { maxHookDepth } = ctx.settings;
  const enabled = options.hooks && ctx.hookDepth < maxHookDepth;
  if (options.hooks && !enabled) {
    ctx.lua.warn(`Hook depth ${ctx.hookDepth} reached max ${maxHookDepth}, skipping hooks for ${operation} on ${plan.slug}`);
  }
  const depth = enabled ? ctx.hookDepth + 1 : ctx.hookDepth;
  return { plan, operation, enabled, depth, locale: shownLocale(ctx, options.locale), draft, shared: {} };
}

/** Generation 10 always shows a resolved locale. */
function shownLocale(ctx: ContentContext, locale: string | undefined): string | undefined {
  const { locales, default: initial } = ctx.settings.locale;
  if (locales.length === 0) return undefined;
  return locale ?? (showsDocument(ctx.settings.generation) ? initial : undefined);
}

export function hookTable(ctx: ContentContext, run: HookRun, data: JsonObject): { [key: string]: LuaValue } {
  const table: { [key: string]: LuaValue } = {
    ...callerFacts(ctx),
    collection: run.plan.slug,
    operation: run.operation,
    data: asLua(data),
    context: asLua(run.shared),
    hook_depth: run.depth,
  };
  if (run.locale !== undefined) table['locale'] = run.locale;
  if (run.draft !== undefined) table['draft'] = run.draft;
  if (run.id !== undefined && showsDocument(ctx.settings.generation)) table['id'] = run.id;
  return table;
}

/**
 * The data that goes on after a hook: a table's `data` replaces it wholesale, its `context` replaces what hooks share; nil changes nothing;
 * anything else is a warning. Data without a JSON form is an error.
 */
export function applyReturn(
  ctx: ContentContext,
  run: HookRun,
  data: JsonObject,
  result: LuaValue,
  what: (type: string) => string,
): JsonObject {
  if (result === undefined || result === null) return data;
  const table = asTable(result);
  if (!table) {
    ctx.lua.warn(what(luaTypeName(result)));
    return data;
  }
  const context = asTable(table.get('context'));
  if (context) run.shared = sharedTable(context);
  const replaced = asTable(table.get('data'));
  return replaced ? withCleared(data, dataOf(replaced)) : data;
}

/** Hooks see no cleared fields (null is nil to them), so leaving one out does not take the clearing back. */
function withCleared(before: JsonObject, after: JsonObject): JsonObject {
  for (const key of Object.keys(before)) {
    const [cleared, kept] = [before[key], after[key]];
    if (cleared === null && !(key in after)) after[key] = null;
    else if (isObject(cleared) && isObject(kept)) withCleared(cleared, kept);
  }
  return after;
}

function dataOf(table: LuaTable): JsonObject {
  try {
    const json = luaToJson(table);
    return isObject(json) ? json : {};
  } catch (error) {
    if (error instanceof BindingError && error.prefixed) throw refused(error.code, `runtime error: ${error.message}`);
    throw error;
  }
}

/** Functions vanish, and so does a whole entry that holds something without a JSON form. */
function sharedTable(table: LuaTable): JsonObject {
  const shared: JsonObject = {};
  for (const [key, value] of table.entries) {
    const type = luaTypeName(value);
    if (typeof key !== 'string' || type === 'function' || type === 'userdata' || type === 'thread') continue;
    try {
      shared[key] = luaToJson(value);
    } catch (error) {
      if (!(error instanceof BindingError)) throw error;
    }
  }
  return shared;
}
