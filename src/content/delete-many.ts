/** crap.collections.delete_many (Lua API 4.11): every live document that matches; one savepoint for all. */
import type { Op } from '../domain/op.js';
import { allowRows, overrides, trashRule } from './access.js';
import type { ContentContext } from './context.js';
import { removeInside } from './delete.js';
import { localeOf } from './locale.js';
import { isLive, matchingIds } from './matching.js';
import { collectionPlan } from './plan.js';
import { checkOptions, ONLY_WHERE, type QueryOptions } from './query.js';
import { referenceCount } from './references.js';
import { Turns } from './turns.js';

/** Documents that others, outside of what matches, refer to are skipped by hard deletes; what a hook removed before its turn is passed over. */
export function* deleteMany(
  ctx: ContentContext,
  slug: string,
  query: QueryOptions,
  options: QueryOptions,
): Op<{ deleted: number; skipped: number }> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, query, 'delete_many', ONLY_WHERE);
  checkOptions(ctx, options, 'delete_many');
  const locale = localeOf(ctx, query.locale, false);
  const override = overrides(ctx, options);
  const soft = plan.softDelete && !options.forceHardDelete;
  const rule = soft ? trashRule(plan) : plan.access.delete;
  return yield* ctx.db.savepoint(function* () {
    const ids = yield* matchingIds(ctx, plan, query, { rule, what: 'Delete', purpose: 'delete', override, locale });
    // Deleting one can free another of them, so what is skipped is looked at again as long as something went: the order does not matter.
    const turns = new Turns(ctx);
    let pending = ids;
    let deleted = 0;
    for (;;) {
      const skipped: string[] = [];
      for (const id of pending) {
        yield* turns.next();
        if (!(yield* isLive(ctx, plan, id))) continue;
        const constraint = override ? undefined : yield* allowRows(ctx, rule, 'Delete', id);
        if (!soft && (yield* referenceCount(ctx, plan, id)) > 0) {
          skipped.push(id);
          continue;
        }
        yield* removeInside(ctx, plan, id, options, { soft, what: 'Delete', constraint });
        deleted++;
      }
      const before = pending.length;
      pending = skipped;
      if (skipped.length === 0 || skipped.length === before) break;
    }
    return { deleted, skipped: pending.length };
  });
}
