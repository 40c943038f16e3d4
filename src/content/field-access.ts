/** Access rules of fields (Lua API 6): read strips results, create and update drop input. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import { askRule } from './access.js';
import type { ContentContext } from './context.js';
import type { Plan, PlannedField } from './plan.js';
import { isObject } from './value-text.js';

const NONE: ReadonlySet<string> = new Set();

/** Data keys of the fields that the rule refuses. A raising rule refuses; a table allows; children of a refused field are not asked. */
export function* deniedFields(ctx: ContentContext, plan: Plan, rule: 'read' | 'create' | 'update'): Op<ReadonlySet<string>> {
  const ruled = plan.ruled[rule];
  if (ruled.length === 0) return NONE;
  const denied = new Set<string>();
  for (const { key, field } of ruled) {
    if ([...denied].some((parent) => key.startsWith(`${parent}__`))) continue;
    if (!(yield* allows(ctx, field.access[rule]!))) denied.add(key);
  }
  return denied;
}

function* allows(ctx: ContentContext, rule: { ref: string }): Op<boolean> {
  try {
    return (yield* askRule(ctx, rule, undefined)) !== 'denied';
  } catch (error) {
    if (error instanceof BindingError || error instanceof LuaError) return false;
    throw error;
  }
}

/** Takes refused fields out of a document or of input: as nested values, as flat keys, and the zone beside a date. */
export function strip(plan: Plan, denied: ReadonlySet<string>, data: JsonObject): void {
  if (denied.size === 0) return;
  for (const field of plan.fields) {
    if (denied.has(field.key)) stripField(field, data);
  }
}

function stripField({ key, path, field }: PlannedField, data: JsonObject): void {
  const names = field.type === 'date' ? ['', '_tz'] : [''];
  for (const suffix of names) {
    delete data[key + suffix];
    const container = containerOf(data, path);
    if (container) delete container[path[path.length - 1]! + suffix];
  }
  for (const flat of Object.keys(data)) if (flat.startsWith(`${key}__`)) delete data[flat];
}

function containerOf(data: JsonObject, path: readonly string[]): JsonObject | undefined {
  let at: JsonObject = data;
  for (const name of path.slice(0, -1)) {
    const next = at[name];
    if (!isObject(next)) return undefined;
    at = next;
  }
  return at;
}
