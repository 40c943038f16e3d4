/** Rows of arrays and blocks: their sub-fields, with keys like `items[0][label]` (Lua API 3.6). */
import type { Json, JsonObject } from '../../domain/json.js';
import type { Op } from '../../domain/op.js';
import type { ContentContext } from '../context.js';
import type { Plan, PlannedLeaf } from '../plan.js';
import type { FieldDefinition } from '../schema.js';
import { isObject, textOf } from '../value-text.js';
import { custom } from './custom.js';
import { date } from './date.js';
import { isDemanded } from './demanded.js';
import { manyBounds, manyOptions } from './has-many.js';
import { group, kind } from './kind.js';
import type { Issue } from './report.js';
import { isPresent, rowCount } from './required.js';
import { email, length, number, option } from './scalar.js';
import type { ValidationScope } from './validate.js';

interface RowScope {
  ctx: ContentContext;
  plan: Plan;
  data: JsonObject;
  scope: ValidationScope;
  issues: Issue[];
}

/** A value that is no list stores no rows and is not judged. */
export function* rows(
  ctx: ContentContext,
  plan: Plan,
  data: JsonObject,
  scope: ValidationScope,
  leaf: PlannedLeaf,
  value: Json,
  issues: Issue[],
): Op<void> {
  yield* checkRows({ ctx, plan, data, scope, issues }, leaf.field, leaf.key, value, leaf.field.type === 'array');
}

/** `columns`: what the rows hold has columns of its own, so that dates are converted from the zones beside them; elsewhere they are kept as JSON. */
function* checkRows(at: RowScope, field: FieldDefinition, key: string, value: Json, columns: boolean): Op<void> {
  if ((field.type !== 'array' && field.type !== 'blocks') || !Array.isArray(value)) return;
  for (const [i, row] of value.entries()) {
    const rowKey = `${key}[${i}]`;
    if (!isObject(row)) {
      at.issues.push({ key: rowKey, message: `${field.name} row ${i} must be an object` });
      continue;
    }
    if (field.type === 'array') {
      yield* checkFields(at, field.fields, row, rowKey, columns);
      continue;
    }
    const type = typeof row['_block_type'] === 'string' ? row['_block_type'] : '';
    const block = field.blocks.find((candidate) => candidate.type === type);
    if (block) yield* checkFields(at, block.fields, row, rowKey, false);
    else at.issues.push({ key: rowKey, message: `${field.name} row ${i} has unknown block type '${type}'` });
  }
}

function* checkFields(at: RowScope, fields: readonly FieldDefinition[], row: JsonObject, rowKey: string, columns: boolean): Op<void> {
  for (const field of fields) {
    if (field.type === 'row' || field.type === 'collapsible') yield* checkFields(at, field.fields, row, rowKey, columns);
    else if (field.type === 'tabs') for (const tab of field.tabs) yield* checkFields(at, tab.fields, row, rowKey, columns);
    else if (field.type === 'group') {
      const given = row[field.name];
      for (const message of group(field.name, given, at.ctx.settings.generation))
        at.issues.push({ key: `${rowKey}[${field.name}]`, message });
      yield* checkFields(at, field.fields, isObject(given) ? given : {}, `${rowKey}[${field.name}][0]`, false);
    } else if (field.type !== 'join') yield* checkField(at, field, row, `${rowKey}[${field.name}]`, columns);
  }
}

function* checkField(at: RowScope, field: FieldDefinition, row: JsonObject, key: string, columns: boolean): Op<void> {
  const { ctx, scope, issues } = at;
  const report = (messages: Iterable<string>) => {
    for (const message of messages) issues.push({ key, message });
  };
  const present = Object.hasOwn(row, field.name);
  const value = row[field.name] ?? null;
  if (!scope.draft) {
    const asked = { key, value, data: at.data, locale: scope.locale, hookDepth: scope.hookDepth };
    if (!isPresent(field, value) && (yield* isDemanded(ctx, at.plan, field, asked))) report([`${field.name} is required`]);
    if (field.type === 'array' || field.type === 'blocks') report(rowCount(field, value));
  }
  if (!present) return;
  if (value !== null) {
    report(kind(field, value, ctx.settings.generation));
    report(email(field, value));
    report(option(field, value));
    report(manyOptions(field, value));
    report(length(field, value));
    report(number(field, value, ctx.settings.generation));
    report(manyBounds(field, value));
    const zone = columns && field.timezone ? textOf(row[`${field.name}_tz`] ?? null) : undefined;
    report(date({ ...field, minDate: undefined, maxDate: undefined }, value, zone === '' ? undefined : zone));
  }
  issues.push(...(yield* custom(ctx, at.plan, field, key, value, at.data, scope.hookDepth)));
  yield* checkRows(at, field, key, value, false);
}
