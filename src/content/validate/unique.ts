/** Unique values: asked of the table, so that the message names the field; the table's own UNIQUE is the net under it. */
import type { Json } from '../../domain/json.js';
import type { Op } from '../../domain/op.js';
import { SqlError, type SqlValue } from '../../store/db.js';
import { columnInput, refusesNul } from '../coerce.js';
import type { ContentContext } from '../context.js';
import { columnOf, type Plan, type PlannedLeaf, sqlName } from '../plan.js';
import { textOf } from '../value-text.js';

/** undefined = not taken. Trashed rows and the document itself do not count; a localized leaf is unique within its locale. */
export function* unique(
  ctx: ContentContext,
  plan: Plan,
  leaf: PlannedLeaf,
  value: Json,
  scope: { id: string | undefined; locale: string | undefined; zone: string | undefined },
): Op<string | undefined> {
  const { name } = leaf.field;
  // What cannot be stored is nobody's value; the write says so.
  if (refusesNul(leaf.field, textOf(value) ?? '')) return undefined;
  const stored = columnInput(leaf, value, scope.zone);
  if (stored === null || stored === '') return undefined;
  const params: SqlValue[] = [stored];
  let sql = `SELECT 1 AS taken FROM ${ctx.db.dialect.ident(plan.table)} WHERE ${sqlName(columnOf(plan, leaf, scope.locale))} = ?`;
  if (scope.id !== undefined) {
    sql += ' AND id != ?';
    params.push(scope.id);
  }
  if (plan.softDelete) sql += ' AND _deleted_at IS NULL';
  try {
    return (yield* ctx.db.get(`${sql} LIMIT 1`, params)) ? `${name} must be unique` : undefined;
  } catch (error) {
    if (error instanceof SqlError) return `Could not verify uniqueness for ${name} (database error)`;
    throw error;
  }
}
