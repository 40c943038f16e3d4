/** Validators of the project: `fn(value, ctx)` (Lua API 3.6). */
import type { Json, JsonObject } from '../../domain/json.js';
import type { Op } from '../../domain/op.js';
import { BindingError, LuaError } from '../../lua/errors.js';
import { jsonToLua } from '../../lua/json.js';
import type { ContentContext } from '../context.js';
import type { Plan } from '../plan.js';
import { asLua, callerFacts, callRef, withOptions } from '../project-code.js';
import type { FieldDefinition } from '../schema.js';
import { type Issue, ValidationFailure } from './report.js';

/**
 * A text is the message, false "validation failed", anything else fine. crap.validation_error gives the messages of the fields it names;
 * a validator that raises anything else fails its field and is logged.
 */
export function* custom(
  ctx: ContentContext,
  plan: Plan,
  field: FieldDefinition,
  key: string,
  value: Json,
  data: JsonObject,
  hookDepth: number,
): Op<readonly Issue[]> {
  const ref = field.validate;
  if (!ref) return [];
  const table = { ...callerFacts(ctx), collection: plan.table, field_name: key, data: asLua(data) };
  try {
    const result = yield* callRef(ctx, ref, [jsonToLua(value), withOptions(table, ref)], hookDepth);
    if (typeof result === 'string') return [{ key, message: result }];
    return result === false ? [{ key, message: 'validation failed' }] : [];
  } catch (error) {
    if (error instanceof ValidationFailure) return error.issues;
    if (!(error instanceof BindingError || error instanceof LuaError)) throw error;
    ctx.lua.warn(`Validator '${ref.ref}' for ${plan.slug}.${key} failed: ${error.message}`);
    return [{ key, message: `Validation failed (internal error in '${ref.ref}')` }];
  }
}
