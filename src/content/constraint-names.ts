/** What an access rule's constraint may ask for (Lua API 6, 10.4). */
import { refused } from './failure.js';
import type { Condition, Operator, Where } from './filter-parse.js';
import { constraintsAreLimited, type Generation } from './generation.js';
import type { Plan } from './plan.js';

const OPERATORS: readonly Operator[] = ['equals', 'not_equals', 'in', 'not_in', 'exists', 'not_exists'];

/** `allowed`: `_status` while the published filter is put in, `_deleted_at` in trash reads. */
export function refuseConstraints(generation: Generation, plan: Plan, where: Where, allowed: readonly string[]): void {
  for (const condition of conditionsOf(where)) {
    const name = condition.field;
    if (name.startsWith('_') && !allowed.includes(name)) {
      throw refused(
        'ACCESS_SYSTEM_COLUMN',
        `Access hook for '${plan.slug}' returned a filter on system column '${name}' — this is almost always a typo; use a non-system column or remove the constraint.`,
      );
    }
    if (constraintsAreLimited(generation)) refuseBeyondColumns(plan, condition);
  }
}

/** Generation 10: single values and lists of them, of columns that are the same in every locale. */
export function refuseBeyondColumns(plan: Plan, { field, operator }: Condition): void {
  const start = `Access hook for '${plan.slug}' returned a filter`;
  if (!OPERATORS.includes(operator)) {
    throw refused(
      'ACCESS_FILTER_LIMITED',
      `${start} with '${operator}' on '${field}' — access filters take only ${OPERATORS.join(', ')}.`,
      { field },
    );
  }
  const leaf = plan.byKey.get(field);
  const what =
    field.includes('.') || (leaf && leaf.storage !== 'column')
      ? 'a path into rows'
      : leaf?.localized && plan.locales
        ? 'a localized field'
        : undefined;
  if (what !== undefined) {
    throw refused('ACCESS_FILTER_LIMITED', `${start} on '${field}', ${what} — access filters take only columns that are not localized.`, {
      field,
    });
  }
}

export function conditionsOf(where: Where): Condition[] {
  return [...where.all, ...(where.any?.flat() ?? [])];
}
