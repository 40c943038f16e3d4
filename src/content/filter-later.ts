/** Comparisons of generation 10 (Lua API 10.5): values that must be of the field's kind, whole days, lists element by element. */
import type { SqlValue } from '../store/db.js';
import { readDate } from './date.js';
import { refused } from './failure.js';
import type { Sql, ValueKind } from './filter.js';
import { joined } from './filter-list.js';
import type { Condition } from './filter-parse.js';
import { parseNumber } from './number-text.js';
import { foldEmail } from './text-form.js';

const BARE_DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Throws for a value that is none of the field's kind: it could match nothing. */
export function requireValue(condition: Condition, kind: ValueKind): void {
  const { operator, field } = condition;
  if (operator === 'like' || operator === 'contains') return;
  for (const text of condition.values) {
    const wanted = wantedInstead(text, kind);
    if (wanted === undefined) continue;
    throw refused('FILTER_VALUE', `Invalid value '${text}' for field '${field}': expected ${wanted}`, { field, value: text });
  }
}

function wantedInstead(text: string, kind: ValueKind): string | undefined {
  if (kind === 'number' || kind === 'numbers') {
    const number = parseNumber(text);
    return number === undefined || Number.isNaN(number) ? 'a number' : undefined;
  }
  if (kind === 'checkbox') return /^(?:0|1|true|false|yes|no|on|off)$/.test(text) ? undefined : 'true or false';
  return kind === 'date' && readDate(text) === undefined ? 'a date' : undefined;
}

/** Texts as they are stored. */
export function storedText(text: string, kind: ValueKind): string {
  return kind === 'email' ? foldEmail(text) : text.normalize('NFC');
}

/** A comparison with dates of which at least one is a day without a time, which means all of it; undefined for others. */
export function dayComparison(expression: string, condition: Condition, instant: (text: string) => SqlValue): Sql | undefined {
  const { operator, values } = condition;
  if (!values.some((text) => BARE_DATE.test(text))) return undefined;
  switch (operator) {
    case 'equals':
    case 'in':
      return joined(
        values.map((text) => within(expression, text, instant)),
        'OR',
      );
    case 'not_equals':
    case 'not_in':
      return joined(
        values.map((text) => without(expression, text, instant)),
        'AND',
      );
    case 'greater_than':
    case 'less_than_or_equal': {
      const sign = operator === 'greater_than' ? '>=' : '<';
      return { text: `${expression} ${sign} ?`, params: [dayAfter(values[0]!)] };
    }
    case 'greater_than_or_equal':
    case 'less_than': {
      const sign = operator === 'less_than' ? '<' : '>=';
      return { text: `${expression} ${sign} ?`, params: [values[0]!] };
    }
    default:
      return undefined;
  }
}

/** The day's own text sorts before every instant of it, in both forms that times are stored in. */
function within(expression: string, text: string, instant: (text: string) => SqlValue): Sql {
  if (!BARE_DATE.test(text)) return { text: `${expression} = ?`, params: [instant(text)] };
  return { text: `(${expression} >= ? AND ${expression} < ?)`, params: [text, dayAfter(text)] };
}

function without(expression: string, text: string, instant: (text: string) => SqlValue): Sql {
  if (!BARE_DATE.test(text)) return { text: `${expression} != ?`, params: [instant(text)] };
  return { text: `(${expression} < ? OR ${expression} >= ?)`, params: [text, dayAfter(text)] };
}

function dayAfter(day: string): string {
  const date = new Date(`${day}T00:00:00.000Z`);
  date.setUTCDate(date.getUTCDate() + 1);
  return date.toISOString().slice(0, 10);
}

/**
 * A list in a text column: some element must compare; not_equals and not_in hold where the field has a value and no element is one of
 * those named.
 */
export function listComparison(expression: string, condition: Condition, compare: (element: string, condition: Condition) => Sql): Sql {
  const { operator } = condition;
  if (operator === 'exists' || operator === 'not_exists') return compare(expression, condition);
  const negated = operator === 'not_equals' || operator === 'not_in';
  const asked: Condition = negated ? { ...condition, operator: operator === 'not_in' ? 'in' : 'equals' } : condition;
  const elements = `json_each(CASE WHEN json_valid(${expression}) THEN ${expression} ELSE json_array(${expression}) END)`;
  const { text, params } = compare('element.value', asked);
  const some = `EXISTS (SELECT 1 FROM ${elements} AS element WHERE ${text})`;
  return { text: negated ? `(${expression} IS NOT NULL AND NOT ${some})` : `(${expression} IS NOT NULL AND ${some})`, params };
}
