/** crap.collections.undelete (Lua API 4.10): out of the trash, without hooks and validation; one savepoint. */
import type { Op } from '../domain/op.js';
import { SqlError } from '../store/db.js';
import { allowRows, overrides, trashRule } from './access.js';
import { noteChange } from './changes.js';
import type { ContentContext } from './context.js';
import { refused } from './failure.js';
import { collectionPlan } from './plan.js';
import { checkOptions, type QueryOptions } from './query.js';
import { requireRow } from './row-access.js';
import { addToSearch } from './search.js';

export function* undelete(ctx: ContentContext, slug: string, id: string, options: QueryOptions): Op<true> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'undelete');
  if (!plan.softDelete) throw refused('SOFT_DELETE_OFF', `Collection '${slug}' does not have soft_delete enabled`);
  const constraint = overrides(ctx, options) ? undefined : yield* allowRows(ctx, trashRule(plan), 'Undelete', id);
  return yield* ctx.db.savepoint(function* () {
    if (constraint) yield* requireRow(ctx, plan, id, constraint, 'Undelete');
    try {
      const sql = `UPDATE ${ctx.db.dialect.ident(plan.table)} SET _deleted_at = NULL WHERE id = ? AND _deleted_at IS NOT NULL`;
      if ((yield* ctx.db.run(sql, [id])) === 0) throw refused('DOCUMENT_NOT_FOUND', 'Document not found or not deleted', { id });
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      throw refused(
        'CONSTRAINT_FAILED',
        `Cannot restore document '${id}' in '${slug}': a unique field value is already in use by another active document`,
      );
    }
    yield* addToSearch(ctx, plan, id);
    noteChange(ctx, plan, options, 'update', { id });
    return true as const;
  });
}
