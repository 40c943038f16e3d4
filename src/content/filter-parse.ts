/** From a `where` table to conditions (Lua API 4.3), independent of a definition: names are checked in filter.ts. */
import { BindingError, conversionError } from '../lua/errors.js';
import { luaToJson } from '../lua/json.js';
import { luaTypeName } from '../lua/type-names.js';
import { type LuaTable, type LuaValue, NULL } from '../lua/value.js';
import { refused } from './failure.js';
import type { Generation } from './generation.js';
import { asTable } from './query.js';
import { isNumber, plainNumberText } from './value-text.js';

export const OPERATORS = [
  'equals',
  'not_equals',
  'like',
  'contains',
  'greater_than',
  'less_than',
  'greater_than_or_equal',
  'less_than_or_equal',
  'in',
  'not_in',
  'exists',
  'not_exists',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** One comparison. Values are texts, coerced later by the type of what they meet. */
export interface Condition {
  field: string;
  operator: Operator;
  /** Empty for exists and not_exists; any number of values for in and not_in; else one. */
  values: string[];
  /** As generation 10 compares: values of the field's kind, whole days, lists element by element. */
  later?: boolean;
  /** exists or not_exists that was written with something else than true. */
  loose?: string;
}

export interface Where {
  /** All must hold. */
  all: Condition[];
  /** One of the groups must hold, all of its conditions. */
  any?: Condition[][];
}

/** Empty conditions (a nil, a function, an empty table) add nothing. Throws the texts of the reference for what has no meaning. */
export function parseWhere(table: LuaTable, generation: Generation = 8): Where {
  const where: Where = { all: [] };
  for (const [key, value] of table.entries) {
    const field = fieldName(key);
    if (field === 'or') where.any = groupsOf(value);
    else addConditions(field, value, where.all);
  }
  if (generation === 10) [...where.all, ...(where.any ?? []).flat()].forEach(asLater);
  return where;
}

/** The same, and every entry must say something: for calls that change whatever is not excluded. */
export function parseEveryCondition(table: LuaTable, generation: Generation): Where {
  for (const [key, value] of table.entries) {
    const operators = asTable(value);
    if (operators ? operators.entries.size > 0 : key !== 'or' && (isScalar(value) || value === NULL)) continue;
    const given = operators ? 'an empty table' : `a ${luaTypeName(value)}`;
    throw refused('FILTER_INVALID', `the condition '${fieldName(key)}' is ${given}: it excludes nothing, so all documents would be meant`);
  }
  return parseWhere(table, generation);
}

function isScalar(value: LuaValue): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || isNumber(value) || value instanceof Uint8Array;
}

/** A flat table: every entry is a condition, `or` is a name like any other. */
export function parseConditions(table: LuaTable, booleanText?: (value: boolean) => string, generation: Generation = 8): Condition[] {
  const conditions: Condition[] = [];
  for (const [key, value] of table.entries) addConditions(fieldName(key), value, conditions, booleanText);
  if (generation === 10) conditions.forEach(asLater);
  return conditions;
}

function asLater(condition: Condition): void {
  condition.later = true;
  if (condition.loose === undefined) return;
  throw refused(
    'FILTER_VALUE',
    `'${condition.loose}' accepts only true (field '${condition.field}'); write the other operator for the opposite`,
  );
}

function groupsOf(value: LuaValue): Condition[][] | undefined {
  const list = asTable(value);
  if (!list) return undefined;
  const groups: Condition[][] = [];
  for (let i = 1; i <= list.length; i++) {
    const entry = list.get(i);
    const group = asTable(entry);
    if (!group) throw conversionError(`error converting Lua ${luaTypeName(entry)} to table`);
    groups.push(parseConditions(group));
  }
  if (groups.length === 0 || groups.some((group) => group.length === 0)) {
    throw refused('FILTER_INVALID', "'or' needs a list of groups with at least one condition in each");
  }
  return groups;
}

function fieldName(key: unknown): string {
  if (typeof key === 'string') return key;
  if (isNumber(key)) return plainNumberText(key);
  if (key instanceof Uint8Array) luaToJson(key);
  return String(key);
}

function addConditions(field: string, value: LuaValue, into: Condition[], booleanText = plainBoolean): void {
  const operators = asTable(value);
  if (operators) {
    for (const [key, operand] of operators.entries) into.push(conditionOf(field, fieldName(key), operand, booleanText));
    return;
  }
  // A cleared condition would mean every document.
  if (value === NULL) throw noFilterValue();
  const text = scalarText(value, booleanText);
  if (text !== undefined) into.push({ field, operator: 'equals', values: [text] });
}

function plainBoolean(value: boolean): string {
  return value ? 'true' : 'false';
}

function conditionOf(field: string, name: string, operand: LuaValue, booleanText: (value: boolean) => string): Condition {
  if (!isOperator(name)) throw refused('FILTER_OPERATOR', `unknown filter operator '${name}'`);
  switch (name) {
    case 'exists':
    case 'not_exists': {
      const opposite = operand === false;
      return {
        field,
        operator: (name === 'exists') === opposite ? 'not_exists' : 'exists',
        values: [],
        ...(operand !== true && { loose: name }),
      };
    }
    case 'in':
    case 'not_in': {
      const list = asTable(operand);
      if (!list) throw refused('FILTER_VALUE', `'${name}' operator requires a table/array`);
      const values: string[] = [];
      for (let i = 1; ; i++) {
        const entry = list.get(i);
        if (entry === undefined || entry === null) break;
        values.push(operandText(entry, booleanText));
      }
      return { field, operator: name, values };
    }
    default:
      return { field, operator: name, values: [operandText(operand, booleanText)] };
  }
}

function isOperator(name: string): name is Operator {
  return (OPERATORS as readonly string[]).includes(name);
}

function operandText(value: LuaValue, booleanText: (value: boolean) => string): string {
  const text = scalarText(value, booleanText);
  if (text === undefined) throw noFilterValue();
  return text;
}

function noFilterValue(): BindingError {
  return new BindingError('FILTER_VALUE', 'filter value must be string, number, or boolean', {
    remedy: 'for fields without a value write { not_exists = true }',
  });
}

function scalarText(value: LuaValue, booleanText: (value: boolean) => string): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return booleanText(value);
  if (isNumber(value)) return plainNumberText(value);
  // Bytes that are no UTF-8: throws the reference's text.
  if (value instanceof Uint8Array) luaToJson(value);
  return undefined;
}
