/** Holding one row against the constraint of an access rule. */
import type { Op } from '../domain/op.js';
import { accessDenied } from './access.js';
import { refuseConstraints } from './constraint-names.js';
import type { ContentContext } from './context.js';
import { whereSql } from './filter.js';
import type { Where } from './filter-parse.js';
import type { Plan } from './plan.js';

/** Throws "{what} access denied" when the row does not match or is not there. */
export function* requireRow(ctx: ContentContext, plan: Plan, id: string, constraint: Where, what: string): Op<void> {
  refuseConstraints(ctx.settings.generation, plan, constraint, []);
  if (constraint.all.length === 0 && !constraint.any) {
    const found = yield* ctx.db.get(`SELECT 1 AS found FROM ${ctx.db.dialect.ident(plan.table)} WHERE id = ?`, [id]);
    if (!found) throw accessDenied(what);
    return;
  }
  const parts = whereSql({ plan, dialect: ctx.db.dialect, locale: undefined, raw: true }, constraint);
  const conditions = ['id = ?', ...parts.map((part) => part.text)].join(' AND ');
  const params = [id, ...parts.flatMap((part) => part.params)];
  const found = yield* ctx.db.get(`SELECT 1 AS found FROM ${ctx.db.dialect.ident(plan.table)} WHERE ${conditions}`, params);
  if (!found) throw accessDenied(what);
}
