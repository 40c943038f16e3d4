/** Which names a filter or an order may use (Lua API 4.2, 4.3), and what they refer to. */
import { didYouMean } from '../domain/suggest.js';
import type { ContentContext } from './context.js';
import { refused } from './failure.js';
import { columnOf, type Plan, type PlannedLeaf, sqlName } from './plan.js';
import { filterName, meansInRows } from './row-field-access.js';

/** A name that stands for a column of the main table. */
export interface ColumnName {
  /** SQL. */
  sql: string;
  /** undefined for id, times and system columns: compared as text. */
  leaf: PlannedLeaf | undefined;
}

/** id, the times and, where the table has them, `_status` and `_deleted_at`. */
function ownNames(plan: Plan): string[] {
  const names = ['id'];
  if (plan.timestamps) names.push('created_at', 'updated_at');
  if (plan.drafts) names.push('_status');
  if (plan.softDelete) names.push('_deleted_at');
  return names;
}

export function columnNamed(plan: Plan, name: string, locale: string | undefined): ColumnName | undefined {
  const leaf = plan.byKey.get(name);
  if (leaf && leaf.storage === 'column') return { sql: sqlName(columnOf(plan, leaf, locale)), leaf };
  return ownNames(plan).includes(name) ? { sql: sqlName(name), leaf: undefined } : undefined;
}

export function invalidField(plan: Plan, name: string, withPaths: boolean): Error {
  const names = [...plan.columns.map((leaf) => leaf.key), ...ownNames(plan)];
  if (withPaths) names.push(...plan.sides.map((leaf) => `${leaf.key}.*`));
  return refused('FIELD_INVALID', `Invalid field '${name}'. Valid fields: ${names.sort().join(', ')}`, { field: name });
}

/** Generation 10: a name in `select` that is no field is an error. */
export function checkSelect(ctx: ContentContext, plan: Plan, select: readonly string[] | undefined): void {
  if (select === undefined || ctx.settings.generation !== 10) return;
  const names = new Set([...plan.fields.map(({ key }) => key), ...plan.columns.map(({ key }) => key), ...ownNames(plan)]);
  if (plan.hasSizes) names.add('sizes');
  const unknown = select.find((name) => !names.has(name));
  if (unknown === undefined) return;
  const valid = [...names].sort();
  throw refused('FIELD_INVALID', `Invalid field '${unknown}' in select${didYouMean(unknown, valid)}. Valid fields: ${valid.join(', ')}`, {
    field: unknown,
  });
}

/** `group.leaf` -> `group__leaf`; a path into a side table is left as it is. */
export function flatName(plan: Plan, name: string): string {
  const dot = name.indexOf('.');
  if (dot < 0) return name;
  const head = name.slice(0, dot);
  if (plan.sides.some((leaf) => leaf.key === head)) return name;
  return plan.groups.some((group) => group.key === head) ? name.replaceAll('.', '__') : name;
}

/** The name by which rules of access know what a filter or an order means: the zone of a date goes with the date. */
export function ruledName(plan: Plan, name: string): string {
  const flat = flatName(plan, name);
  return plan.byKey.get(flat)?.isZone ? flat.slice(0, -'_tz'.length) : flat;
}

/** The side leaf that a path opens: `lines.label` -> the leaf of `lines`, `['label']`. */
export function sidePath(plan: Plan, name: string): { leaf: PlannedLeaf; segments: string[] } | undefined {
  const [head, ...segments] = name.split('.');
  const leaf = head === undefined ? undefined : plan.sides.find((side) => side.key === head);
  return leaf && segments.length > 0 ? { leaf, segments } : undefined;
}

/** Generation 10: what is never shown cannot be filtered or sorted on either, whoever asks. */
export function refuseHidden(leaf: PlannedLeaf | undefined, name: string): void {
  if (!leaf?.hidden) return;
  throw refused('FIELD_INVALID', `Field '${name}' is hidden: it cannot be filtered or sorted on`, { field: name });
}

/** A field that the caller may not read cannot be filtered or sorted on either: its value could be guessed. */
export function refuseUnreadable(denied: ReadonlySet<string>, name: string): void {
  if (denied.size === 0) return;
  const key = name.split('.')[0] ?? name;
  for (const refusedKey of denied) {
    const path = filterName(refusedKey);
    const inRows = path.includes('.') && meansInRows(name, path);
    if (inRows || key === refusedKey || key.startsWith(`${refusedKey}__`)) {
      const field = inRows ? path : key;
      throw refused('FIELD_ACCESS_DENIED', `Read access denied for field '${field}': it cannot be filtered or sorted on`, { field });
    }
  }
}

/** Names on `_…` columns that users may not filter on; access rules have a text of their own. */
export function refuseSystemColumns(names: Iterable<string>): void {
  for (const name of names) {
    if (!name.startsWith('_')) continue;
    throw refused(
      'FILTER_SYSTEM_COLUMN',
      `Cannot filter on system column '${name}' — reach this data via the 'trash' or 'draft' request flag instead.`,
    );
  }
}
