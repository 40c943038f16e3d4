/** crap.collections.ref_count (Lua API 4.12). */
import type { Op } from '../domain/op.js';
import type { ContentContext } from './context.js';
import { collectionPlan } from './plan.js';
import { referenceCount } from './references.js';

/** How many documents point at this one; 0 when it is not there. No access check. */
export function* refCount(ctx: ContentContext, slug: string, id: string): Op<number> {
  return yield* referenceCount(ctx, collectionPlan(ctx, slug), id);
}
