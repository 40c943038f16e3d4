/** Calls from operations into project code: hooks, access functions, validators. */

import type { FunctionRef } from '../domain/job.js';
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { jsonToLua } from '../lua/json.js';
import type { LuaFunction, LuaValue } from '../lua/value.js';
import type { ContentContext, InProjectCode } from './context.js';
import { fromLua, refused } from './failure.js';
import { asTable } from './query.js';
import { unsetOfUser } from './user-fields.js';

/** Each level takes some of the thread's stack, which ends at about twice as many. */
const MAX_NESTING = 60;

function inside(ctx: ContentContext, hookDepth: number): InProjectCode {
  const nesting = ctx.nesting + 1;
  if (nesting > MAX_NESTING) {
    throw refused(
      'HOOK_RECURSION',
      `stack overflow: hooks, access functions and validators have called operations that called them again, ${MAX_NESTING} levels deep`,
    );
  }
  return { hookDepth, overrideAccessByDefault: false, nesting };
}

/** Project code runs without the override of a handler, at the hook depth given. What it raises comes out as fromLua renders it. */
export function* callRef(ctx: ContentContext, ref: FunctionRef, args: readonly LuaValue[], hookDepth: number): Op<LuaValue> {
  try {
    return yield* ctx.within(inside(ctx, hookDepth), () => ctx.lua.callRef(ref.ref, args));
  } catch (error) {
    throw fromLua(error, ctx.lua.relative);
  }
}

/**
 * Calls an access rule as callRef does. `bare`: what it answers is a table, made while a field of the user that it read has no value, so
 * that a condition may be missing. Told under generation 10 only.
 */
export function* callRule(
  ctx: ContentContext,
  ref: FunctionRef,
  argument: { [key: string]: LuaValue },
): Op<{ answer: LuaValue; bare: boolean }> {
  const unset = unsetOfUser(ctx);
  const { callRule: watching } = ctx.lua;
  if (!watching || !unset) return { answer: yield* callRef(ctx, ref, [argument], ctx.hookDepth), bare: false };
  try {
    const { answer, readUnset } = yield* ctx.within(inside(ctx, ctx.hookDepth), () => watching(ref.ref, argument, unset));
    return { answer, bare: readUnset && asTable(answer) !== undefined };
  } catch (error) {
    throw fromLua(error, ctx.lua.relative);
  }
}

export function* callFunction(ctx: ContentContext, fn: LuaFunction, args: readonly LuaValue[], hookDepth: number): Op<LuaValue> {
  try {
    return yield* ctx.within(inside(ctx, hookDepth), () => ctx.lua.callFunction(fn, args));
  } catch (error) {
    throw fromLua(error, ctx.lua.relative);
  }
}

/** The functions registered for an event; an entry that is none fails the operation. */
export function registeredFor(ctx: ContentContext, event: string): LuaFunction[] {
  try {
    return ctx.lua.registered(event);
  } catch (error) {
    throw fromLua(error);
  }
}

/** `user` and `ui_locale`, where set, for the table that project code is given. */
export function callerFacts(ctx: ContentContext): { [key: string]: LuaValue } {
  const facts: { [key: string]: LuaValue } = {};
  if (ctx.user !== undefined) facts['user'] = asLua(ctx.user);
  if (ctx.uiLocale !== undefined) facts['ui_locale'] = ctx.uiLocale;
  return facts;
}

/** Data as Lua gets it: null members vanish. Each value counts its depth by itself. */
export function asLua(json: JsonObject): LuaValue {
  const table: { [key: string]: LuaValue } = {};
  for (const key of Object.keys(json)) if (key !== '__proto__') table[key] = jsonToLua(json[key]!);
  return table;
}

/** The options of a `{ ref, options }` hook, as its `ctx.options`. */
export function withOptions(table: { [key: string]: LuaValue }, ref: FunctionRef): { [key: string]: LuaValue } {
  return ref.options === undefined ? table : { ...table, options: jsonToLua(ref.options) };
}
