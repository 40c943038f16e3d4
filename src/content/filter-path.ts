/**
 * Filters into side tables (Lua API 4.3): each condition is its own EXISTS over the rows, so two conditions may be met by
 * different rows, not_equals means "some row differs" and not_exists "some row without it".
 */
import { refused } from './failure.js';
import { comparison, type FilterScope, kindOfLeaf, type Sql } from './filter.js';
import { invalidField } from './filter-names.js';
import type { Condition } from './filter-parse.js';
import { kindOf } from './layout.js';
import { type SubColumn, subColumnsOf } from './layout-side.js';
import { type PlannedLeaf, sqlName } from './plan.js';
import type { FieldDefinition } from './schema.js';

export function sideCondition(scope: FilterScope, leaf: PlannedLeaf, segments: readonly string[], name: string, condition: Condition): Sql {
  const inside =
    leaf.field.type === 'array'
      ? arrayCondition(scope, leaf, segments, name, condition)
      : leaf.field.type === 'blocks'
        ? blocksCondition(leaf.field, segments, condition)
        : relationCondition(leaf, segments, condition);
  return existsInRows(scope, leaf, inside);
}

function existsInRows(scope: FilterScope, leaf: PlannedLeaf, inside: Sql): Sql {
  const { plan, dialect, locale } = scope;
  const side = dialect.ident(`${plan.table}_${leaf.key}`);
  const owner = `${dialect.ident(plan.table)}.id`;
  const localized = leaf.localized && plan.locales !== undefined && locale !== 'all';
  const rows = localized ? `parent_id = ${owner} AND _locale = ?` : `parent_id = ${owner}`;
  return {
    text: `EXISTS (SELECT 1 FROM ${side} WHERE ${rows} AND ${inside.text})`,
    params: localized ? [locale ?? plan.defaultLocale, ...inside.params] : inside.params,
  };
}

function arrayCondition(scope: FilterScope, leaf: PlannedLeaf, segments: readonly string[], name: string, condition: Condition): Sql {
  const [first = '', ...rest] = segments;
  const columns = subColumnsOf(leaf.field.fields);
  const column = columns.find((sub) => sub.name === first);
  if (rest.length === 0) {
    if (first === 'id') return comparison('id', condition, 'text');
    if (!column) throw invalidField(scope.plan, name, true);
    return comparison(sqlName(column.name), condition, column.json ? 'text' : kindOfLeaf({ kind: column.kind, field: column.field }));
  }
  if (column?.field.type !== 'group') {
    throw refused(
      'FILTER_PATH',
      `Nested dot path '${segments.join('.')}' in array '${leaf.key}': only Group sub-fields support nested filtering`,
    );
  }
  return jsonCondition(jsonOf(sqlName(column.name)), rest, groupLeaf(column, rest), condition);
}

/** Text that is no JSON (a text may be given for a group) has no leaves; functions of JSON would fail the whole statement on it. */
function jsonOf(column: string): string {
  return `CASE WHEN json_valid(${column}) THEN ${column} END`;
}

function groupLeaf(group: SubColumn, segments: readonly string[]): FieldDefinition | undefined {
  let fields: readonly FieldDefinition[] = group.field.fields;
  let found: FieldDefinition | undefined;
  for (const segment of segments) {
    found = transparent(fields).find((field) => field.name === segment);
    fields = found?.fields ?? [];
  }
  return found;
}

/** The fields of a level with row, collapsible and tabs looked through. */
function transparent(fields: readonly FieldDefinition[]): FieldDefinition[] {
  return fields.flatMap((field) => {
    if (field.type === 'row' || field.type === 'collapsible') return transparent(field.fields);
    return field.type === 'tabs' ? field.tabs.flatMap((tab) => transparent(tab.fields)) : [field];
  });
}

function jsonCondition(column: string, path: readonly string[], field: FieldDefinition | undefined, condition: Condition): Sql {
  const expression = `json_extract(${column}, '$.${path.map((segment) => `"${segment}"`).join('.')}')`;
  return comparison(expression, condition, field ? kindOfLeaf({ kind: kindOf(field), field }) : 'text');
}

function relationCondition(leaf: PlannedLeaf, segments: readonly string[], condition: Condition): Sql {
  if (segments.length !== 1 || segments[0] !== 'id') {
    throw refused('FILTER_PATH', `Has-many relationship '${leaf.key}' can only be filtered by '.id', got '.${segments.join('.')}'`);
  }
  return comparison('related_id', condition, 'text');
}

/** Looks names up across all block types; rows of nested lists are reached with json_each. */
function blocksCondition(blocks: FieldDefinition, segments: readonly string[], condition: Condition): Sql {
  if (segments[0] === '_block_type') {
    if (segments.length > 1) throw typeNotLast();
    return comparison('_block_type', condition, 'text');
  }
  return nested(
    blocks.blocks.flatMap((block) => block.fields),
    jsonOf('data'),
    segments,
    condition,
    0,
  );
}

function nested(fields: readonly FieldDefinition[], json: string, segments: readonly string[], condition: Condition, depth: number): Sql {
  let level = transparent(fields);
  const path: string[] = [];
  for (const [i, segment] of segments.entries()) {
    const rest = segments.slice(i + 1);
    const field = level.find((candidate) => candidate.name === segment);
    if (!field) throw refused('FILTER_PATH', `Unknown field '${segment}' in block filter path`);
    path.push(segment);
    if (field.type === 'group') {
      if (rest.length === 0) throw endsOnContainer();
      level = transparent(field.fields);
    } else if (field.type === 'array' || field.type === 'blocks') {
      if (rest.length === 0) throw endsOnContainer();
      return eachRow(field, json, path, rest, condition, depth);
    } else {
      if (rest.length > 0) throw refused('FILTER_PATH', `Scalar field '${segment}' cannot have sub-paths`);
      return jsonCondition(json, path, field, condition);
    }
  }
  throw endsOnContainer();
}

function eachRow(
  field: FieldDefinition,
  json: string,
  path: readonly string[],
  rest: readonly string[],
  condition: Condition,
  depth: number,
): Sql {
  const alias = `each_${depth}`;
  const row = `CASE WHEN ${alias}.type = 'object' THEN ${alias}.value END`;
  let inside: Sql;
  if (field.type === 'blocks' && rest[0] === '_block_type') {
    if (rest.length > 1) throw typeNotLast();
    inside = comparison(`json_extract(${row}, '$._block_type')`, condition, 'text');
  } else {
    const fields = field.type === 'array' ? field.fields : field.blocks.flatMap((block) => block.fields);
    inside = nested(fields, row, rest, condition, depth + 1);
  }
  const list = `json_each(${json}, '$.${path.map((segment) => `"${segment}"`).join('.')}')`;
  return { text: `EXISTS (SELECT 1 FROM ${list} AS ${alias} WHERE ${alias}.type = 'object' AND ${inside.text})`, params: inside.params };
}

function typeNotLast(): Error {
  return refused('FILTER_PATH', '_block_type must be the last segment in a filter path');
}

function endsOnContainer(): Error {
  return refused('FILTER_PATH', 'Filter path must end on a scalar field or _block_type, not a container');
}
