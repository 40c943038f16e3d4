/** Which documents update_many and delete_many mean (Lua API 4.11): live ones that match the filter and the access rule. */

import type { FunctionRef } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import { allowRows, namesOf } from './access.js';
import { refuseConstraints } from './constraint-names.js';
import type { ContentContext } from './context.js';
import { prefixed, refused, showingSql } from './failure.js';
import { deniedFields } from './field-access.js';
import { whereSql } from './filter.js';
import { refuseSystemColumns, refuseUnreadable, ruledName } from './filter-names.js';
import { parseEveryCondition } from './filter-parse.js';
import type { Plan } from './plan.js';
import type { QueryOptions } from './query.js';
import { whereClause } from './read-access.js';

export interface Matching {
  rule: FunctionRef | undefined;
  /** "Update", "Delete": for "… access denied". */
  what: string;
  /** "update", "delete": for "Find docs for …". */
  purpose: string;
  override: boolean;
  locale: string | undefined;
}

/** Ids, oldest first. Only `where` of the query counts; without one all are meant, and what is there must be a filter. */
export function* matchingIds(ctx: ContentContext, plan: Plan, query: QueryOptions, matching: Matching): Op<string[]> {
  if (query.whereIs !== undefined) throw refused('FILTER_INVALID', `where must be a table of conditions, got ${query.whereIs}`);
  const where = query.where ? parseEveryCondition(query.where, ctx.settings.generation) : { all: [] };
  refuseSystemColumns(namesOf(where));
  const constraint = matching.override ? undefined : yield* askFirst(ctx, matching);
  if (constraint) refuseConstraints(ctx.settings.generation, plan, constraint, []);
  return yield* prefixed(`Find docs for ${matching.purpose}: `, function* () {
    if (!matching.override && where.all.length + (where.any?.length ?? 0) > 0) {
      const denied = yield* deniedFields(ctx, plan, 'read');
      for (const name of namesOf(where)) refuseUnreadable(denied, ruledName(plan, name));
    }
    const { dialect } = ctx.db;
    const parts = [
      ...(plan.softDelete ? [{ text: '_deleted_at IS NULL', params: [] }] : []),
      ...whereSql({ plan, dialect, locale: matching.locale }, where),
      ...(constraint ? whereSql({ plan, dialect, locale: undefined, raw: true }, constraint) : []),
    ];
    const clause = whereClause(ctx, parts);
    const order = plan.timestamps ? 'created_at, id' : 'id';
    // The limit keeps the sorted rows a step of their own: handing over a million of them takes longer than finding them, and has its own tick.
    const sorted = `SELECT id FROM ${dialect.ident(plan.table)} ${clause.text} ORDER BY ${order} LIMIT -1`;
    const sql = `SELECT id FROM (${sorted}) WHERE ${ctx.db.tick}`;
    const rows = yield* showingSql(`Failed to execute query on '${plan.slug}'`, 'prepare', () => ctx.db.all(sql, clause.params));
    return rows.map((row) => String(row['id']));
  });
}

/** A hook of one document may have removed another that is still to come. */
export function* isLive(ctx: ContentContext, plan: Plan, id: string): Op<boolean> {
  const live = plan.softDelete ? ' AND _deleted_at IS NULL' : '';
  return (yield* ctx.db.get(`SELECT 1 AS found FROM ${ctx.db.dialect.ident(plan.table)} WHERE id = ?${live}`, [id])) !== undefined;
}

/** The rule is asked once without an id; what it raises is named as the check of access. */
function* askFirst(ctx: ContentContext, { rule, what }: Matching) {
  try {
    return yield* allowRows(ctx, rule, what, undefined);
  } catch (error) {
    if (error instanceof BindingError && error.code !== 'ACCESS_DENIED') {
      throw new BindingError(error.code, `access check error: ${error.message}`, { details: error.details, cause: error });
    }
    throw error;
  }
}
