/** Whether a field must have a value: `required`, and in generation 10 `required_when` and `required_locales`. */
import type { Json, JsonObject } from '../../domain/json.js';
import type { Op } from '../../domain/op.js';
import { jsonToLua } from '../../lua/json.js';
import type { ContentContext } from '../context.js';
import type { Plan } from '../plan.js';
import { asLua, callerFacts, callRef, withOptions } from '../project-code.js';
import type { FieldDefinition } from '../schema.js';

export interface Asked {
  key: string;
  value: Json;
  /** All data of the write. */
  data: JsonObject;
  /** undefined = the default locale. */
  locale: string | undefined;
  hookDepth: number;
}

/**
 * `required_locales` names the locales in which the field must have a value, by itself; `required_when` is called as a validator is,
 * fn(value, ctx), and demands the field by anything but nil and false. Checkboxes are never demanded.
 */
export function* isDemanded(ctx: ContentContext, plan: Plan, field: FieldDefinition, asked: Asked): Op<boolean> {
  if (field.type === 'checkbox') return false;
  const { requiredLocales, requiredWhen } = field;
  if (requiredLocales && requiredLocales.length > 0 && plan.locales) {
    if (!requiredLocales.includes(asked.locale ?? plan.defaultLocale)) return false;
    if (!requiredWhen) return true;
  }
  if (field.required || !requiredWhen) return field.required;
  const table = { ...callerFacts(ctx), collection: plan.table, field_name: asked.key, data: asLua(asked.data) };
  const verdict = yield* callRef(ctx, requiredWhen, [jsonToLua(asked.value), withOptions(table, requiredWhen)], asked.hookDepth);
  return verdict !== undefined && verdict !== null && verdict !== false;
}
