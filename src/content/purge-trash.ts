/**
 * Documents that have been in the trash for longer than their collection's `soft_delete_retention` (Lua API 3.1) are deleted for good: an
 * act of the host, without hooks and rules. What others refer to stays, as with any deletion, until nothing does.
 */
import type { Clock } from '../domain/clock.js';
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { ContentContext, ContentRegistry, ContentSettings, LuaCaller } from './context.js';
import { sqlTime } from './date.js';
import { deleteRow } from './delete.js';
import { collectionPlan } from './plan.js';
import { referenceCount } from './references.js';

/** Where a pass goes on: the last document looked at. */
export interface TrashPlace {
  deletedAt: string;
  id: string;
}

export interface TrashPurge {
  slug: string;
  /** Epoch ms; documents that were deleted before it. */
  olderThan: number;
  after: TrashPlace | undefined;
  limit: number;
}

/** Looks at `limit` documents, the oldest first. `last`: undefined = there are no more. */
export function* purgeTrash(
  ctx: ContentContext,
  { slug, olderThan, after, limit }: TrashPurge,
): Op<{ deleted: number; last?: TrashPlace }> {
  const plan = collectionPlan(ctx, slug);
  if (!plan.softDelete) return { deleted: 0 };
  const beyond = after ? ' AND (_deleted_at, id) > (?, ?)' : '';
  const sql = `SELECT id, _deleted_at FROM ${ctx.db.dialect.ident(plan.table)} WHERE _deleted_at < ?${beyond} ORDER BY _deleted_at, id LIMIT ?`;
  const rows = yield* ctx.db.all(sql, [sqlTime(olderThan), ...(after ? [after.deletedAt, after.id] : []), limit]);
  let deleted = 0;
  for (const row of rows) {
    const id = String(row['id']);
    if ((yield* referenceCount(ctx, plan, id)) > 0) continue;
    yield* deleteRow(ctx, plan, id);
    deleted++;
  }
  const last = rows.at(-1);
  if (!last || rows.length < limit) return { deleted };
  return { deleted, last: { deletedAt: String(last['_deleted_at']), id: String(last['id']) } };
}

/** For acts of the host itself: no user, no project code. */
export function hostContext(db: Db, registry: ContentRegistry, settings: ContentSettings, clock: Clock): ContentContext {
  const none = (): never => {
    throw new Error('an act of the host called project code');
  };
  const lua: LuaCaller = { callRef: none, callFunction: none, registered: () => [], warn: none };
  return {
    db,
    registry,
    settings,
    lua,
    clock,
    user: undefined,
    uiLocale: undefined,
    hookDepth: 0,
    overrideAccessByDefault: true,
    nesting: 0,
    hashPassword: none,
    within: (_, body) => body(),
  };
}
