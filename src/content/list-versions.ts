/** crap.collections.list_versions (Lua API 4.12): newest first, without the snapshots. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { allowRows, overrides, versionsRule } from './access.js';
import type { ContentContext } from './context.js';
import { versionsKey } from './generation.js';
import { pagePagination } from './pagination.js';
import { collectionPlan, type Plan } from './plan.js';
import { checkOptions, type QueryOptions } from './query.js';
import { requireRow } from './row-access.js';
import { requireVersions, versionsTable } from './version-rows.js';

/**
 * `{ docs = [{ id, version, status, latest }], pagination }`. limit: missing = all, shown as their number; negative = all; 0 = none.
 * An unknown id has no versions.
 */
export function* listVersions(ctx: ContentContext, slug: string, id: string, options: QueryOptions): Op<JsonObject> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'list_versions');
  requireVersions(plan);
  const { rule, what } = versionsRule(ctx, plan);
  const constraint = overrides(ctx, options) ? undefined : yield* allowRows(ctx, rule, what, id);
  if (constraint) yield* requireRow(ctx, plan, id, constraint, what);
  return yield* versionsOf(ctx, plan, id, options);
}

export function* versionsOf(ctx: ContentContext, plan: Plan, id: string, options: QueryOptions): Op<JsonObject> {
  const table = versionsTable(ctx, plan);
  const count = yield* ctx.db.get(`SELECT COUNT(*) AS n FROM ${table} WHERE _parent = ?`, [id]);
  const total = Number(count?.['n'] ?? 0);
  const limit = options.limit ?? total;
  const offset = Math.max(options.offset ?? 0, 0);
  const sql = `SELECT id, _version, _status, _latest FROM ${table} WHERE _parent = ? ORDER BY _version DESC LIMIT ? OFFSET ?`;
  const rows = yield* ctx.db.all(sql, [id, limit < 0 ? total : limit, offset]);
  const versions = rows.map((row) => ({
    id: String(row['id']),
    version: Number(row['_version']),
    status: String(row['_status']),
    latest: Number(row['_latest']) === 1,
  }));
  const pagination = pagePagination({ limit: limit > 0 ? limit : Math.max(total, 1), offset, cursor: undefined }, total);
  return { [versionsKey(ctx.settings.generation)]: versions, pagination: { ...pagination, limit } };
}
