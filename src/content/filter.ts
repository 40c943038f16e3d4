/** From conditions to SQL (Lua API 4.3): names resolved against a plan, values coerced by the type of what they meet. */
import type { Dialect, SqlValue } from '../store/db.js';
import { normaliseDate } from './date.js';
import { refused } from './failure.js';
import { dayComparison, listComparison, requireValue, storedText } from './filter-later.js';
import { joined, listSql, refuseTooLarge } from './filter-list.js';
import { columnNamed, flatName, invalidField, refuseHidden, sidePath } from './filter-names.js';
import type { Condition, Where } from './filter-parse.js';
import { sideCondition } from './filter-path.js';
import { parseNumber } from './number-text.js';
import type { Plan, PlannedLeaf } from './plan.js';

/** A piece of SQL with its parameters. */
export interface Sql {
  text: string;
  params: SqlValue[];
}

export interface FilterScope {
  plan: Plan;
  dialect: Dialect;
  /** Whose columns localized names mean; undefined = the default locale, "all" behaves like it. */
  locale: string | undefined;
  /** Constraints of access rules are taken as they are: `group.leaf` is no name in them. */
  raw?: boolean;
}

export function whereSql(scope: FilterScope, where: Where): Sql[] {
  const parts = where.all.map((condition) => conditionSql(scope, condition));
  if (where.any) {
    const groups = where.any.map((group) =>
      joined(
        group.map((condition) => conditionSql(scope, condition)),
        'AND',
      ),
    );
    parts.push(joined(groups, 'OR'));
  }
  refuseTooLarge(parts);
  return parts;
}

function conditionSql(scope: FilterScope, condition: Condition): Sql {
  const name = scope.raw ? condition.field : flatName(scope.plan, condition.field);
  const locale = scope.locale === 'all' ? undefined : scope.locale;
  const column = columnNamed(scope.plan, name, locale);
  if (column) {
    if (condition.later && !scope.raw) refuseHidden(column.leaf, name);
    return comparison(column.sql, condition, TIMES.has(name) && condition.later ? 'date' : kindOfLeaf(column.leaf));
  }
  const path = sidePath(scope.plan, name);
  if (!path) throw invalidField(scope.plan, name, true);
  if (condition.later && !scope.raw) refuseHidden(path.leaf, name);
  for (const segment of path.segments) {
    if (!/^[A-Za-z0-9_]+$/.test(segment)) {
      throw refused('FILTER_PATH', `Invalid segment '${segment}' in filter path '${name}'`);
    }
  }
  return sideCondition(scope, path.leaf, path.segments, name, condition);
}

/** `texts` and `numbers`: lists in one column. */
export type ValueKind = 'text' | 'email' | 'number' | 'checkbox' | 'date' | 'texts' | 'numbers';

export function kindOfLeaf(leaf: Pick<PlannedLeaf, 'kind' | 'field'> | undefined): ValueKind {
  if (!leaf) return 'text';
  if (leaf.field.hasMany && leaf.kind !== 'checkbox') return leaf.kind === 'number' ? 'numbers' : 'texts';
  if (leaf.kind === 'text') return leaf.field.type === 'date' || leaf.field.type === 'email' ? leaf.field.type : 'text';
  return leaf.kind;
}

const TIMES = new Set(['created_at', 'updated_at', '_deleted_at']);

const COMPARISONS = {
  equals: '=',
  not_equals: '!=',
  greater_than: '>',
  less_than: '<',
  greater_than_or_equal: '>=',
  less_than_or_equal: '<=',
} as const;

/** `expression` is SQL for the value compared. NULL matches nothing but not_exists. */
export function comparison(expression: string, condition: Condition, kind: ValueKind): Sql {
  const { operator, values, later } = condition;
  if (later) requireValue(condition, kind);
  if (later && (kind === 'texts' || kind === 'numbers')) {
    const element = kind === 'texts' ? 'text' : 'number';
    return listComparison(expression, condition, (each, asked) => comparison(each, asked, element));
  }
  const days = later && kind === 'date' ? dayComparison(expression, condition, (text) => coerced(text, kind)) : undefined;
  if (days) return days;
  const value = (text: string) => (later && (kind === 'text' || kind === 'email') ? storedText(text, kind) : coerced(text, kind));
  switch (operator) {
    case 'exists':
      return { text: `${expression} IS NOT NULL`, params: [] };
    case 'not_exists':
      return { text: `${expression} IS NULL`, params: [] };
    case 'like':
      return {
        text: `${expression} LIKE ?${later ? " ESCAPE '\\'" : ''}`,
        params: [later ? likePattern(values[0] ?? '') : (values[0] ?? '')],
      };
    case 'contains':
      return { text: `${expression} LIKE ? ESCAPE '\\'`, params: [`%${(values[0] ?? '').replace(/[\\%_]/g, '\\$&')}%`] };
    case 'in':
    case 'not_in':
      return listSql(expression, operator === 'in', values.map(value));
    default:
      return { text: `${expression} ${COMPARISONS[operator]} ?`, params: [value(values[0] ?? '')] };
  }
}

/** A backslash escapes; one at the end, which SQLite refuses, is itself. */
function likePattern(pattern: string): string {
  return /(?<!\\)(?:\\\\)*\\$/.test(pattern) ? `${pattern}\\` : pattern;
}

const TRUE_WORDS = new Set(['1', 'true', 'yes', 'on']);
const FALSE_WORDS = new Set(['0', 'false', 'no', 'off']);

/** What is no number or truth value is compared as text, which sorts behind every number. */
export function coerced(text: string, kind: ValueKind): SqlValue {
  switch (kind) {
    case 'number':
    case 'numbers': {
      const number = parseNumber(text);
      return number === undefined || Number.isNaN(number) ? text : number;
    }
    case 'checkbox':
      return TRUE_WORDS.has(text) ? 1 : FALSE_WORDS.has(text) ? 0 : text;
    case 'date':
      return normaliseDate(text);
    default:
      return text;
  }
}
