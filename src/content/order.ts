/** The order of a find (Lua API 4.2). */
import { refused } from './failure.js';
import { columnNamed, invalidField, refuseHidden } from './filter-names.js';
import { type Plan, type PlannedLeaf, sqlName } from './plan.js';

export interface OrderTerm {
  /** SQL of the column. */
  sql: string;
  /** Alias of the column in what is selected, where a cursor finds its value. */
  alias: string;
  descending: boolean;
}

export interface Order {
  /** The column asked for, as a cursor names it. */
  column: string;
  descending: boolean;
  /** Status first on drafts collections, then the column, then id. */
  terms: OrderTerm[];
}

/** Generation 10: the column that a search joins, best match first. */
export const RANK = '_rank';

/** `-` in front sorts descending. Ties are broken by id in the same direction. Throws "Invalid field". `later`: generation 10. */
export function orderOf(plan: Plan, given: string | undefined, locale: string | undefined, trash: boolean, later = false): Order {
  const text = given ?? (trash ? '-_deleted_at' : plan.timestamps ? '-created_at' : 'id');
  const descending = text.startsWith('-');
  const column = descending ? text.slice(1) : text;
  const named =
    later && column === RANK ? { sql: `"${RANK}"`, leaf: undefined } : columnNamed(plan, column, locale === 'all' ? undefined : locale);
  if (!named) throw invalidField(plan, column, false);
  if (later) refuseUnsorted(named.leaf, column);
  const terms: OrderTerm[] = [];
  if (plan.drafts) terms.push({ sql: sqlName('_status'), alias: '_status', descending: false });
  if (column !== '_status') terms.push({ sql: named.sql, alias: column, descending });
  if (column !== 'id') terms.push({ sql: 'id', alias: 'id', descending });
  return { column, descending, terms };
}

function refuseUnsorted(leaf: PlannedLeaf | undefined, name: string): void {
  refuseHidden(leaf, name);
  if (!leaf?.field.hasMany) return;
  throw refused('FIELD_INVALID', `Field '${name}' holds lists: it cannot be sorted on`, { field: name });
}

export function orderSql(order: Order, reversed: boolean): string {
  return order.terms.map((term) => `${term.sql} ${term.descending !== reversed ? 'DESC' : 'ASC'}`).join(', ');
}
