/** crap.collections.ref_count (Lua API 4.12). */
import type { Op } from '../domain/op.js';
import { allowRows, overrides } from './access.js';
import type { ContentContext } from './context.js';
import { asksEveryRule } from './generation.js';
import { collectionPlan } from './plan.js';
import { checkOptions, type QueryOptions } from './query.js';
import { referenceCount } from './references.js';
import { requireRow } from './row-access.js';

/** How many documents point at this one; 0 when it is not there. Under generation 10 for those who may read it. */
export function* refCount(ctx: ContentContext, slug: string, id: string, options: QueryOptions): Op<number> {
  const plan = collectionPlan(ctx, slug);
  if (asksEveryRule(ctx.settings.generation) && !overrides(ctx, options)) {
    checkOptions(ctx, options, 'ref_count');
    const constraint = yield* allowRows(ctx, plan.access.read, 'Read', id);
    if (constraint) yield* requireRow(ctx, plan, id, constraint, 'Read');
  }
  return yield* referenceCount(ctx, plan, id);
}
