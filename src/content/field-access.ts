/** Access rules of fields (Lua API 6): read strips results, create and update drop input. */
import type { FunctionRef } from '../domain/job.js';
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import type { LuaValue } from '../lua/value.js';
import { askRule } from './access.js';
import type { ContentContext } from './context.js';
import { judgesRows } from './generation.js';
import type { Plan, PlannedField } from './plan.js';
import { asLua } from './project-code.js';
import { documentOf, selectSql, shapeOf } from './read.js';
import { type FieldRule, filterName, meansInRows, rowRulesOf, stripRows } from './row-field-access.js';
import { hydrate } from './side-read.js';
import { isObject } from './value-text.js';

const NONE: ReadonlySet<string> = new Set();

/**
 * Data keys of the fields that the rule refuses; under generation 10 also keys of fields in rows. A raising rule refuses; a table allows;
 * children of a refused field are not asked. `id`: of the document that is updated, which such rules see there as `ctx.document`.
 */
export function* deniedFields(ctx: ContentContext, plan: Plan, rule: FieldRule, id?: string): Op<ReadonlySet<string>> {
  const later = judgesRows(ctx.settings.generation);
  const inRows = later ? rowRulesOf(plan, rule) : [];
  const ruled = plan.ruled[rule];
  if (ruled.length + inRows.length === 0) return NONE;
  const document = later && rule === 'update' && id !== undefined ? yield* storedDocument(ctx, plan, id) : undefined;
  const denied = new Set<string>();
  const refused = (key: string) => [...denied].some((parent) => key.startsWith(`${parent}__`) || key.startsWith(`${parent}.`));
  for (const { key, field } of ruled) {
    if (!refused(key) && !(yield* allows(ctx, field.access[rule]!, document))) denied.add(key);
  }
  for (const { key, rule: own } of inRows) {
    if (!refused(filterName(key)) && !refused(key) && !(yield* allows(ctx, own, document))) denied.add(key);
  }
  return denied;
}

/** Whether a name that a filter uses could be that of a field with a read rule. */
export function hasReadRule(ctx: ContentContext, plan: Plan, name: string): boolean {
  const inRows = judgesRows(ctx.settings.generation) ? rowRulesOf(plan, 'read').map(({ key }) => filterName(key)) : [];
  const keys = plan.ruled.read.map(({ key }) => key);
  return (
    keys.some((key) => name === key || name.startsWith(`${key}__`) || name.startsWith(`${key}.`)) ||
    inRows.some((path) => meansInRows(name, path))
  );
}

/** The document as it is stored, as Lua gets it: what rules and field hooks of generation 10 see as `ctx.document`. */
export function* storedDocument(ctx: ContentContext, plan: Plan, id: string): Op<LuaValue> {
  const row = yield* ctx.db.get(`${selectSql(plan, ctx.db.dialect, ctx.settings, undefined)} WHERE id = ?`, [id]);
  if (!row) return undefined;
  const shape = shapeOf(undefined, undefined);
  const document = documentOf(plan, ctx.settings, row, shape);
  yield* hydrate(ctx, plan, [document], shape);
  return asLua(document);
}

function* allows(ctx: ContentContext, rule: FunctionRef, document: LuaValue): Op<boolean> {
  try {
    return (yield* askRule(ctx, rule, undefined, document)) !== 'denied';
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
  for (const rule of ['read', 'create', 'update'] as const) {
    for (const row of rowRulesOf(plan, rule)) if (denied.has(row.key)) stripRows(data, row);
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
