/** Running hooks in their order: fields, then the collection's (or global's), then registered ones (Lua API 5.1, 5.2). */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import type { ContentContext, Document } from './context.js';
import { runFieldHooks } from './field-hooks.js';
import { sealsAfterRead, showsDocument } from './generation.js';
import { applyReturn, type HookRun, hookTable } from './hook-context.js';
import { copyJson, type Input, plainInput } from './input.js';
import { asLua, callFunction, callRef, registeredFor, withOptions } from './project-code.js';
import type { CollectionHook } from './schema.js';

/** Collection-level and registered hooks of one event; ends with the data that they leave. */
export function* runHooks(ctx: ContentContext, run: HookRun, event: CollectionHook, data: JsonObject): Op<JsonObject> {
  let current = data;
  for (const ref of run.plan.hooks[event]) {
    const result = yield* callRef(ctx, ref, [withOptions(hookTable(ctx, run, current), ref)], run.depth);
    current = applyReturn(
      ctx,
      run,
      current,
      result,
      (type) => `Hook '${ref.ref}' for ${run.plan.slug} returned ${type} instead of a table — ignoring return value`,
    );
  }
  let index = 0;
  for (const fn of registeredFor(ctx, event)) {
    index++;
    const number = index;
    const result = yield* callFunction(ctx, fn, [hookTable(ctx, run, current)], run.depth);
    current = applyReturn(
      ctx,
      run,
      current,
      result,
      (type) => `Registered ${event} hook #${number} for ${run.plan.slug} returned ${type} instead of a table — ignoring`,
    );
  }
  return current;
}

/** before_validate or before_change of a write: what they leave is what is validated or written. */
export function* runBeforeWrite(ctx: ContentContext, run: HookRun, event: 'before_validate' | 'before_change', input: Input): Op<void> {
  if (!run.enabled) return;
  yield* runFieldHooks(ctx, run, event, input, 'input');
  input.data = yield* runHooks(ctx, run, event, input.data);
}

/** after_change: data is the stored row; what hooks return reaches only the hooks behind them. `nested`: the data is a document. */
export function* runAfterChange(ctx: ContentContext, run: HookRun, data: () => JsonObject, nested: boolean): Op<void> {
  if (!run.enabled) return;
  const { hooked, hooks } = run.plan;
  if (hooked.after_change.length === 0 && hooks.after_change.length === 0 && registeredFor(ctx, 'after_change').length === 0) return;
  const input = plainInput(data());
  yield* runFieldHooks(ctx, run, 'after_change', input, nested ? 'document' : 'flat');
  yield* runHooks(ctx, run, 'after_change', input.data);
}

export function hasHooks(ctx: ContentContext, run: HookRun, event: CollectionHook): boolean {
  return run.plan.hooks[event].length > 0 || registeredFor(ctx, event).length > 0;
}

/** Whether something happens to the documents of a read. */
export function readsWithHooks(ctx: ContentContext, run: HookRun): boolean {
  return run.plan.hooked.after_read.length > 0 || hasHooks(ctx, run, 'after_read');
}

/** Once a read; what hooks return is not used. */
export function* runBeforeRead(ctx: ContentContext, run: HookRun): Op<void> {
  yield* runHooks(ctx, run, 'before_read', {});
}

/**
 * after_read of one document. Its data replaces the document; the id stays, and so do the times that are left out.
 * An error is logged and the document returned as it was.
 */
export function* runAfterRead(ctx: ContentContext, run: HookRun, document: Document): Op<Document> {
  run.id = document.id;
  if (!readsWithHooks(ctx, run)) return document;
  const fieldHooks = run.plan.hooked.after_read.length > 0;
  try {
    const input = plainInput(copyJson(document) as JsonObject);
    const data = yield* ctx.within({ withoutCrud: ctx.withoutCrud || sealsAfterRead(ctx.settings.generation) }, function* () {
      if (fieldHooks) {
        if (showsDocument(ctx.settings.generation)) run.document = asLua(document);
        yield* runFieldHooks(ctx, run, 'after_read', input, 'document');
      }
      return yield* runHooks(ctx, run, 'after_read', input.data);
    });
    const result: Document = { ...data, id: document.id };
    for (const name of ['created_at', 'updated_at']) {
      if (!(name in result) && name in document) result[name] = document[name]!;
    }
    return result;
  } catch (error) {
    if (!(error instanceof BindingError || error instanceof LuaError)) throw error;
    ctx.lua.warn(`after_read hook error for ${run.plan.slug}: ${error.message}`);
    return document;
  }
}
