/** crap.access (Lua API 2.15): what the access rules say about the current user, without doing anything. */
import { constraintOf } from '../content/access.js';
import { conditionsOf, refuseBeyondColumns } from '../content/constraint-names.js';
import type { ContentContext } from '../content/context.js';
import { constraintsAreLimited } from '../content/generation.js';
import { collectionPlan } from '../content/plan.js';
import type { AccessRules, FieldDefinition } from '../content/schema.js';
import type { FunctionRef } from '../domain/job.js';
import { Float, formatPlain } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { askRule, checkFailed, checkRule, verdictAllows } from './access-rule.js';
import { binding } from './binding.js';
import type { Session } from './session.js';

const COLLECTION_OPERATIONS = ['read', 'create', 'update', 'delete', 'trash'];
const GLOBAL_OPERATIONS = ['read', 'update'];

export function accessBindings(session: Session): Record<string, Binding> {
  return {
    check: binding(['string', 'string'], (slug, operation) => check(session, slug, operation)),
    field_read_denied: binding(['string'], (slug) => deniedFields(session, slug, 'read')),
    field_write_denied: binding(['string', 'string'], (slug, operation) => {
      if (operation !== 'create' && operation !== 'update') {
        throw new BindingError('ACCESS_OPERATION', `field_write_denied operation must be 'create' or 'update', got '${operation}'`);
      }
      return deniedFields(session, slug, operation);
    }),
  };
}

function definitionOf(session: Session, slug: string): { access: AccessRules; fields: FieldDefinition[]; global: boolean } {
  const { collections, globals } = session.registry;
  const collection = collections.get(slug);
  if (collection) return { access: collection.access, fields: collection.fields, global: false };
  const global = globals.get(slug);
  if (global) return { access: global.access, fields: global.fields, global: true };
  throw new BindingError('DEFINITION_NOT_FOUND', `Collection or global '${slug}' not found`);
}

function* check(session: Session, slug: string, operation: string): Op<LuaValue> {
  const content = session.contentContext();
  if (!COLLECTION_OPERATIONS.includes(operation)) {
    throw new BindingError('ACCESS_OPERATION', `Unknown operation '${operation}'`);
  }
  const { access, global } = definitionOf(session, slug);
  if (global && !GLOBAL_OPERATIONS.includes(operation)) {
    throw new BindingError('ACCESS_OPERATION', `Operation '${operation}' not valid for global '${slug}'`);
  }
  const rule = operation === 'trash' ? (access.trash ?? access.update) : access[operation as keyof AccessRules];
  if (!rule) return content.settings.defaultDeny ? 'denied' : 'allowed';
  const verdict = yield* checkRule(session, rule);
  if (verdict instanceof LuaTable) return holds(content, verdict, global ? undefined : slug) ? constraints(verdict) : 'denied';
  return verdictAllows(session, rule, verdict) ? 'allowed' : 'denied';
}

/** Whether a read would take the table for a constraint; what it would refuse is raised here too. */
function holds(content: ContentContext, table: LuaTable, collection: string | undefined): boolean {
  try {
    const where = constraintOf(content, table);
    if (where === undefined) return false;
    if (collection !== undefined && constraintsAreLimited(content.settings.generation)) {
      const plan = collectionPlan(content, collection);
      for (const condition of conditionsOf(where)) refuseBeyondColumns(plan, condition);
    }
    return true;
  } catch (error) {
    if (error instanceof BindingError) throw checkFailed(error);
    throw error;
  }
}

/** A constraint table with every value as text; all operators of a field are kept, under names that a filter accepts, and all groups of `or`. */
function constraints(table: LuaTable): LuaValue {
  const out: { [field: string]: LuaValue } = {};
  for (const [field, condition] of table.entries) {
    if (!(condition instanceof LuaTable)) out[String(field)] = text(condition);
    else if (field === 'or' && condition.length > 0) out[field] = groups(condition);
    else out[String(field)] = operators(condition);
  }
  return out;
}

function groups(list: LuaTable): LuaValue {
  return Array.from({ length: list.length }, (_, i) => {
    const group = list.get(i + 1);
    return group instanceof LuaTable ? constraints(group) : text(group);
  });
}

function operators(table: LuaTable): LuaValue {
  const names = [...table.entries.keys()];
  if (names.length === 1 && names[0] === 'equals') return text(table.get('equals'));
  const out: { [operator: string]: LuaValue } = {};
  for (const [operator, value] of table.entries) {
    const name = String(operator);
    if (name === 'exists' || name === 'not_exists') out[value === false ? opposite(name) : name] = true;
    else if (value instanceof LuaTable) out[name] = Array.from({ length: value.length }, (_, i) => text(value.get(i + 1)));
    else out[name] = text(value);
  }
  return out;
}

function opposite(name: 'exists' | 'not_exists'): string {
  return name === 'exists' ? 'not_exists' : 'exists';
}

function text(value: LuaValue): LuaValue {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return formatPlain(value);
  if (value instanceof Float) return formatPlain(value.value);
  if (typeof value === 'bigint') return String(value);
  return value;
}

/** Keys of the fields whose rule refuses; a raising rule refuses too. A denied group hides its leaves. */
function* deniedFields(session: Session, slug: string, operation: 'read' | 'create' | 'update'): Op<LuaValue> {
  session.contentContext();
  const { fields } = definitionOf(session, slug);
  const denied: string[] = [];
  yield* collectDenied(session, fields, operation, '', denied);
  return denied;
}

function* collectDenied(
  session: Session,
  fields: readonly FieldDefinition[],
  operation: 'read' | 'create' | 'update',
  prefix: string,
  denied: string[],
): Op<void> {
  for (const field of fields) {
    const key = prefix + field.name;
    const rule = field.access[operation];
    if (rule && !(yield* allows(session, rule))) {
      denied.push(key);
      continue;
    }
    if (field.type === 'group') yield* collectDenied(session, field.fields, operation, `${key}__`, denied);
    else if (field.type === 'row' || field.type === 'collapsible') yield* collectDenied(session, field.fields, operation, prefix, denied);
    else if (field.type === 'tabs') for (const tab of field.tabs) yield* collectDenied(session, tab.fields, operation, prefix, denied);
  }
}

function* allows(session: Session, rule: FunctionRef): Op<boolean> {
  try {
    return verdictAllows(session, rule, yield* askRule(session, rule));
  } catch (error) {
    if (error instanceof LuaError || error instanceof BindingError) return false;
    throw error;
  }
}
