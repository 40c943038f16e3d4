/**
 * Before a change is told to listeners: the definition's `live` filter, its before_broadcast hooks, the registered ones. Each is asked after the
 * commit, without a database; one that returns false or nil keeps the event back, and so does one that raises, since it may hide what it is told.
 */
import type { FunctionRef } from '../domain/job.js';
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import { luaToJson } from '../lua/json.js';
import { luaTypeName } from '../lua/type-names.js';
import type { LuaValue } from '../lua/value.js';
import type { Change } from './changes.js';
import type { ContentContext } from './context.js';
import { showsDocument } from './generation.js';
import { asLua, callerFacts, callFunction, callRef, registeredFor, withOptions } from './project-code.js';
import { asTable } from './query.js';
import { isObject } from './value-text.js';

/** Ends with the change as hooks leave it; undefined = nobody is told. */
export function* beforeBroadcast(ctx: ContentContext, change: Change): Op<Change | undefined> {
  const { collections, globals } = ctx.registry;
  const definition = change.isGlobal ? globals.get(change.collection) : collections.get(change.collection);
  if (!definition) return undefined;
  const { live } = definition;
  const settings: JsonObject = isObject(live) ? live : { filter: live ?? null };
  const told: Change = { ...change, data: change.data ?? {} };
  try {
    return yield* ctx.within({ withoutCrud: 'broadcast', overrideAccessByDefault: false, hookDepth: 0 }, function* () {
      const filter = settings['filter'];
      if (typeof filter === 'string') {
        const ref: FunctionRef = { ref: filter, ...('options' in settings && { options: settings['options']! }) };
        if (!isYes(yield* callRef(ctx, ref, [withOptions(eventTable(ctx, told), ref)], 0))) return undefined;
      }
      for (const ref of definition.hooks.before_broadcast) {
        const answer = yield* callRef(ctx, ref, [withOptions(eventTable(ctx, told), ref)], 0);
        if (!apply(ctx, told, answer, `Hook '${ref.ref}'`)) return undefined;
      }
      for (const [i, fn] of registeredFor(ctx, 'before_broadcast').entries()) {
        const answer = yield* callFunction(ctx, fn, [eventTable(ctx, told)], 0);
        if (!apply(ctx, told, answer, `Registered before_broadcast hook #${i + 1}`)) return undefined;
      }
      return settings['mode'] === 'metadata' ? { ...told, data: undefined } : told;
    });
  } catch (error) {
    if (!(error instanceof BindingError || error instanceof LuaError)) throw error;
    ctx.lua.warn(`before_broadcast error for ${change.collection}, the event is not sent: ${error.message}`);
    return undefined;
  }
}

function eventTable(ctx: ContentContext, change: Change): { [key: string]: LuaValue } {
  const table: { [key: string]: LuaValue } = {
    ...callerFacts(ctx),
    collection: change.collection,
    operation: change.operation,
    data: asLua(change.data ?? {}),
    context: {},
    hook_depth: 0,
  };
  if (showsDocument(ctx.settings.generation)) table['id'] = change.id;
  return table;
}

/** A table goes on, with its `data` when that is a table; false and nil keep the event back; anything else is a warning. */
function apply(ctx: ContentContext, change: Change, answer: LuaValue, who: string): boolean {
  if (!isYes(answer)) return false;
  const table = asTable(answer);
  if (!table) {
    if (answer !== true) ctx.lua.warn(`${who} for ${change.collection} returned ${luaTypeName(answer)} instead of a table — ignoring`);
    return true;
  }
  const data = asTable(table.get('data'));
  if (data) {
    const json = luaToJson(data);
    change.data = isObject(json) ? (json as JsonObject) : {};
  }
  return true;
}

function isYes(answer: LuaValue): boolean {
  return answer !== undefined && answer !== null && answer !== false;
}
