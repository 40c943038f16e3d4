/** Field hooks: `fn(value, ctx) -> value`, also for absent fields, not inside rows (Lua API 5.4). */
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import { jsonToLua, luaToJson } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import type { ContentContext } from './context.js';
import { refused } from './failure.js';
import { storedDocument } from './field-access.js';
import { showsDocument } from './generation.js';
import type { HookRun } from './hook-context.js';
import { ABSENT, type Input, valueOfLeaf } from './input.js';
import type { PlannedField } from './plan.js';
import { asLua, callerFacts, callRef, withOptions } from './project-code.js';
import { containerAt } from './read.js';
import type { FieldHooks } from './schema.js';

/** Where the values stand: input of a write (flat keys and group tables), a row with flat keys, a document with nested groups. */
export type FieldDataForm = 'input' | 'flat' | 'document';

/** Changes `input.data`: each later hook sees what the earlier ones left. */
export function* runFieldHooks(ctx: ContentContext, run: HookRun, event: keyof FieldHooks, input: Input, form: FieldDataForm): Op<void> {
  for (const planned of run.plan.hooked[event]) {
    let value = fieldValue(input, planned, form);
    for (const ref of planned.field.hooks[event]) {
      const context = withOptions(fieldTable(ctx, run, planned.key, input.data), ref);
      const given = value === ABSENT ? undefined : jsonToLua(value);
      const json = jsonOf(ref.ref, yield* callRef(ctx, ref, [given, context], run.depth));
      if (value === ABSENT && json === null) continue;
      value = json;
      setValue(input.data, planned, json, form);
    }
  }
}

/** Before an update: lets its field hooks see the document as it is stored, where there are any (generation 10). */
export function* showDocument(ctx: ContentContext, run: HookRun, id: string): Op<void> {
  const { before_validate, before_change, after_change } = run.plan.hooked;
  if (!run.enabled || !showsDocument(ctx.settings.generation)) return;
  if (before_validate.length + before_change.length + after_change.length > 0) run.document = yield* storedDocument(ctx, run.plan, id);
}

function fieldTable(ctx: ContentContext, run: HookRun, key: string, data: JsonObject): { [key: string]: LuaValue } {
  const table = { ...callerFacts(ctx), field_name: key, collection: run.plan.slug, operation: run.operation, data: asLua(data) };
  if (!showsDocument(ctx.settings.generation)) return table;
  const { id, locale, document } = run;
  return {
    ...table,
    ...(id !== undefined && { id }),
    ...(locale !== undefined && { locale }),
    ...(document !== undefined && { document }),
  };
}

function jsonOf(ref: string, result: LuaValue): Json {
  try {
    return luaToJson(result);
  } catch (error) {
    if (!(error instanceof BindingError)) throw error;
    const text = error.prefixed ? `runtime error: ${error.message}` : error.message;
    throw refused('HOOK_VALUE', `Field hook '${ref}' returned invalid value: ${text}`);
  }
}

function fieldValue(input: Input, { key, path }: PlannedField, form: FieldDataForm): Json | typeof ABSENT {
  if (form === 'input') return valueOfLeaf(input, { key, path: [...path] });
  if (form === 'flat') return input.data[key] ?? ABSENT;
  let at: Json | undefined = input.data;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return ABSENT;
    at = (at as JsonObject)[name];
  }
  return at ?? ABSENT;
}

/** In input the flat key overrides the group's table. */
function setValue(data: JsonObject, { key, path }: PlannedField, value: Json, form: FieldDataForm): void {
  if (form !== 'document' || path.length === 1) data[key] = value;
  else containerAt(data, path.slice(0, -1))[path[path.length - 1]!] = value;
}
