/** crap.collections.delete_many (Lua API 4.11): every live document that matches; one savepoint for all. */
import type { Op } from '../domain/op.js';
import { allowRows, overrides, trashRule } from './access.js';
import type { ContentContext } from './context.js';
import { removeInside } from './delete.js';
import { localeOf } from './locale.js';
import { isLive, matchingIds } from './matching.js';
import { collectionPlan, type Plan } from './plan.js';
import { checkOptions, ONLY_WHERE, type QueryOptions } from './query.js';
import { referenceCount, referencesOf, refersAtAll } from './references.js';
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
    const turns = new Turns(ctx);
    let deleted = 0;
    const skipped = new Set<string>();
    // Deleting one can free others of them: those that it refers to are next, and as long as something went all are looked at again, since
    // hooks can free some too. Rounds alone would take one for each document of a chain.
    for (let pending = ids, before = -1; deleted > before && pending.length > 0; pending = [...skipped]) {
      before = deleted;
      for (const first of pending) {
        for (const freed = [first]; freed.length > 0; ) {
          const id = freed.pop()!;
          skipped.delete(id);
          yield* turns.next();
          if (!(yield* isLive(ctx, plan, id))) continue;
          const constraint = override ? undefined : yield* allowRows(ctx, rule, 'Delete', id);
          if (!soft && (yield* referenceCount(ctx, plan, id)) > 0) {
            skipped.add(id);
            continue;
          }
          if (skipped.size > 0) freed.push(...(yield* referredTo(ctx, plan, id, skipped)));
          yield* removeInside(ctx, plan, id, options, { soft, what: 'Delete', constraint });
          deleted++;
        }
      }
    }
    return { deleted, skipped: skipped.size };
  });
}

/** Those of `among` that a document refers to. */
function* referredTo(ctx: ContentContext, plan: Plan, id: string, among: ReadonlySet<string>): Op<string[]> {
  if (!refersAtAll(plan)) return [];
  const own = `${plan.slug}/`;
  const targets = [...(yield* referencesOf(ctx, plan, id)).keys()].filter((key) => key.startsWith(own)).map((key) => key.slice(own.length));
  return targets.filter((target) => among.has(target));
}
