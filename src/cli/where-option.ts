/** `--where`: the JSON of a where table, or one comparison as people type it (`status=draft`, `views>=5`); given several times, all must hold. */
import { UsageError } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/json.js';
import { jsonObject } from '../operations/json-argument.js';

/** Longest first, since `>` begins `>=`. */
const SIGNS: readonly (readonly [sign: string, operator: string])[] = [
  ['!=', 'not_equals'],
  ['>=', 'greater_than_or_equal'],
  ['<=', 'less_than_or_equal'],
  ['=', 'equals'],
  ['>', 'greater_than'],
  ['<', 'less_than'],
  ['~', 'contains'],
];
const COMPARISON = new RegExp(`^\\s*([A-Za-z_][\\w.]*)\\s*(${SIGNS.map(([sign]) => sign).join('|')})\\s*(.*)$`, 's');

/** For commander, which hands over what the option has given before. Throws UsageError INVALID_JSON, INVALID_OPTION. */
export function whereOption(text: string, before: JsonObject | undefined): JsonObject {
  const where: JsonObject = { ...before };
  for (const [field, condition] of Object.entries(parse(text))) {
    const known = where[field];
    if (known === undefined) where[field] = condition;
    else if (field === 'or') throw invalid(text, "only one 'or'; put what must hold besides into its groups");
    else where[field] = both(text, field, operators(known), operators(condition));
  }
  return where;
}

function parse(text: string): JsonObject {
  if (text.trimStart().startsWith('{')) return jsonObject(text, 'filter');
  const found = COMPARISON.exec(text);
  if (!found) throw invalid(text, `a filter as JSON, or a comparison such as status=draft, views>=5, title~moon`);
  const [, field = '', sign = '', value = ''] = found;
  const operator = SIGNS.find(([each]) => each === sign)![1];
  return { [field]: { [operator]: value === 'true' ? true : value === 'false' ? false : value } };
}

function operators(condition: Json): JsonObject {
  const table = typeof condition === 'object' && condition !== null && Object.getPrototypeOf(condition) === Object.prototype;
  return table ? (condition as JsonObject) : { equals: condition };
}

function both(text: string, field: string, first: JsonObject, second: JsonObject): JsonObject {
  const twice = Object.keys(second).find((operator) => operator in first);
  if (twice !== undefined) throw invalid(text, `'${twice}' once for '${field}' (for one of several values: {"${field}": {"in": […]}})`);
  return { ...first, ...second };
}

function invalid(found: string, expected: string): UsageError {
  return new UsageError('INVALID_OPTION', `--where: expected ${expected}, found '${found}'`, { details: { option: '--where', found } });
}
