/** Filters with many values or many branches, within what SQLite takes: 32,766 parameters a statement, expressions 1,000 levels deep. */
import { stringifyJson } from '../domain/json-text.js';
import type { SqlValue } from '../store/db.js';
import { refused } from './failure.js';
import type { Sql } from './filter.js';

/** Longer lists travel as one parameter. */
const LONG_LIST = 500;
/** Leaves room for the parameters that an operation adds. */
const MAX_PARAMETERS = 32_000;
/** Levels of a conjunction or disjunction that are written as they are. */
const FLAT = 100;

/** `expression IN (…)` or `NOT IN (…)`; an empty list holds nothing. */
export function listSql(expression: string, within: boolean, values: readonly SqlValue[]): Sql {
  if (values.length === 0) return { text: within ? '0' : '1', params: [] };
  const word = within ? 'IN' : 'NOT IN';
  if (values.length > LONG_LIST && !values.some((value) => value instanceof Uint8Array)) {
    return { text: `${expression} ${word} (SELECT value FROM json_each(?))`, params: [listText(values)] };
  }
  return { text: `${expression} ${word} (${values.map(() => '?').join(', ')})`, params: [...values] };
}

/** A JSON list; JSON has no infinity, but SQLite reads 9e999 as one. */
function listText(values: readonly SqlValue[]): string {
  const texts = values.map((value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return value > 0 ? '9e999' : '-9e999';
    return stringifyJson(value as Exclude<SqlValue, Uint8Array>);
  });
  return `[${texts.join(',')}]`;
}

/** Parts in parentheses, as a balanced tree where they are many. */
export function joined(parts: readonly Sql[], word: 'AND' | 'OR'): Sql {
  const only = parts[0];
  if (parts.length === 1 && only) return only;
  if (parts.length > FLAT) {
    const half = Math.ceil(parts.length / 2);
    return joined([joined(parts.slice(0, half), word), joined(parts.slice(half), word)], word);
  }
  return { text: `(${parts.map((part) => part.text).join(` ${word} `)})`, params: parts.flatMap((part) => part.params) };
}

/** Throws for more values than a statement takes. */
export function refuseTooLarge(parts: readonly Sql[]): void {
  let count = 0;
  for (const part of parts) count += part.params.length;
  if (count <= MAX_PARAMETERS) return;
  throw refused(
    'FILTER_TOO_LARGE',
    `the filter has ${count} values in single conditions: at most ${MAX_PARAMETERS} can be asked for at once`,
    {
      count,
    },
  );
}
