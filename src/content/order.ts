/** The order of a find (Lua API 4.2). */
import { columnNamed, invalidField } from './filter-names.js';
import { type Plan, sqlName } from './plan.js';

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

/** `-` in front sorts descending. Ties are broken by id in the same direction. Throws "Invalid field". */
export function orderOf(plan: Plan, given: string | undefined, locale: string | undefined, trash: boolean): Order {
  const text = given ?? (trash ? '-_deleted_at' : plan.timestamps ? '-created_at' : 'id');
  const descending = text.startsWith('-');
  const column = descending ? text.slice(1) : text;
  const named = columnNamed(plan, column, locale === 'all' ? undefined : locale);
  if (!named) throw invalidField(plan, column, false);
  const terms: OrderTerm[] = [];
  if (plan.drafts) terms.push({ sql: sqlName('_status'), alias: '_status', descending: false });
  if (column !== '_status') terms.push({ sql: named.sql, alias: column, descending });
  if (column !== 'id') terms.push({ sql: 'id', alias: 'id', descending });
  return { column, descending, terms };
}

export function orderSql(order: Order, reversed: boolean): string {
  return order.terms.map((term) => `${term.sql} ${term.descending !== reversed ? 'DESC' : 'ASC'}`).join(', ');
}
