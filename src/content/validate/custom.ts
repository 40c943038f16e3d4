/** Validators of the project: `fn(value, ctx)` (Lua API 3.6). */
import type { Json, JsonObject } from '../../domain/json.js';
import type { Op } from '../../domain/op.js';
import { BindingError, LuaError } from '../../lua/errors.js';
import { jsonToLua } from '../../lua/json.js';
import type { ContentContext } from '../context.js';
import type { Plan } from '../plan.js';
import { asLua, callerFacts, callRef, withOptions } from '../project-code.js';
import type { FieldDefinition } from '../schema.js';

/** A text is the message, false "validation failed", anything else fine; a validator that raises fails the field and is logged. */
export function* custom(
  ctx: ContentContext,
  plan: Plan,
  field: FieldDefinition,
  key: string,
  value: Json,
  data: JsonObject,
  hookDepth: number,
): Op<string | undefined> {
  const ref = field.validate;
  if (!ref) return undefined;
  const table = { ...callerFacts(ctx), collection: plan.table, field_name: key, data: asLua(data) };
  try {
    const result = yield* callRef(ctx, ref, [jsonToLua(value), withOptions(table, ref)], hookDepth);
    if (typeof result === 'string') return result;
    return result === false ? 'validation failed' : undefined;
  } catch (error) {
    if (!(error instanceof BindingError || error instanceof LuaError)) throw error;
    ctx.lua.warn(`Validator '${ref.ref}' for ${plan.slug}.${key} failed: ${error.message}`);
    return `Validation failed (internal error in '${ref.ref}')`;
  }
}
