/** Access rules of fields inside rows of arrays and blocks, which the later generation asks too (Lua API 10.4). */
import type { FunctionRef } from '../domain/job.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Plan } from './plan.js';
import type { FieldDefinition } from './schema.js';
import { isObject } from './value-text.js';

export type FieldRule = 'read' | 'create' | 'update';

/** One table on the way to the field: a group, or the rows of an array or of one type of block. */
interface Step {
  name: string;
  rows: boolean;
  block?: string;
}

export interface RowRule {
  /** `items.label`, `parts[quote].body`; see `filterName`. */
  key: string;
  rule: FunctionRef;
  steps: readonly Step[];
  field: FieldDefinition;
}

const known = new WeakMap<Plan, Record<FieldRule, readonly RowRule[]>>();

/** Outer fields before inner ones. */
export function rowRulesOf(plan: Plan, rule: FieldRule): readonly RowRule[] {
  let rules = known.get(plan);
  if (!rules) {
    rules = { read: collected(plan, 'read'), create: collected(plan, 'create'), update: collected(plan, 'update') };
    known.set(plan, rules);
  }
  return rules[rule];
}

function collected(plan: Plan, rule: FieldRule): RowRule[] {
  const found: RowRule[] = [];
  collect(plan.definition.fields, [], false, rule, found);
  return found;
}

function collect(fields: readonly FieldDefinition[], steps: readonly Step[], inRows: boolean, rule: FieldRule, into: RowRule[]): void {
  for (const field of fields) {
    if (field.type === 'row' || field.type === 'collapsible') {
      collect(field.fields, steps, inRows, rule, into);
      continue;
    }
    if (field.type === 'tabs') {
      for (const tab of field.tabs) collect(tab.fields, steps, inRows, rule, into);
      continue;
    }
    const own = field.access[rule];
    if (inRows && own) into.push({ key: keyOf(steps, field.name), rule: own, steps, field });
    if (field.type === 'group') collect(field.fields, [...steps, { name: field.name, rows: false }], inRows, rule, into);
    if (field.type === 'array') collect(field.fields, [...steps, { name: field.name, rows: true }], true, rule, into);
    for (const block of field.blocks) {
      collect(block.fields, [...steps, { name: field.name, rows: true, block: block.type }], true, rule, into);
    }
  }
}

/** Groups outside of rows are joined as columns are: `seo__items.label`. */
function keyOf(steps: readonly Step[], name: string): string {
  const first = steps.findIndex(({ rows }) => rows);
  const named = steps.map((step) => (step.block === undefined ? step.name : `${step.name}[${step.block}]`));
  return [named.slice(0, first + 1).join('__'), ...named.slice(first + 1), name].join('.');
}

/** The name by which a filter reaches the field of a key: that of a block stands for all blocks. */
export function filterName(key: string): string {
  return key.replace(/\[[^\]]*\]/g, '');
}

/**
 * Whether a name reaches into a field of rows: the field, what is inside it, the zone beside it, or a column that holds it with others (a
 * group or a list within a row is one JSON text).
 */
export function meansInRows(name: string, path: string): boolean {
  return name === path || name === `${path}_tz` || name.startsWith(`${path}.`) || path.startsWith(`${name}.`);
}

/** Takes the field out of every row of a document or of input, whose groups may also be given as flat keys. */
export function stripRows(data: JsonObject, { steps, field }: RowRule): void {
  stripIn(data, steps, field);
  const first = steps.findIndex(({ rows }) => rows);
  if (first > 0) {
    const flat = steps.slice(0, first + 1).map(({ name }) => name);
    stripIn(data, [{ ...steps[first]!, name: flat.join('__') }, ...steps.slice(first + 1)], field);
  }
}

function stripIn(table: Json | undefined, steps: readonly Step[], field: FieldDefinition): void {
  if (!isObject(table)) return;
  const [step, ...rest] = steps;
  if (!step) {
    delete table[field.name];
    if (field.type === 'date') delete table[`${field.name}_tz`];
    return;
  }
  const inner = table[step.name];
  if (!step.rows) stripIn(inner, rest, field);
  else if (Array.isArray(inner)) {
    for (const row of inner)
      if (step.block === undefined || (isObject(row) && row['_block_type'] === step.block)) stripIn(row, rest, field);
  }
}
