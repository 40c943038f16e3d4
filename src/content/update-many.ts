/** crap.collections.update_many (Lua API 4.11): the same changes to every document that matches; one savepoint for all. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaTable } from '../lua/value.js';
import { allowRows, overrides } from './access.js';
import type { ContentContext } from './context.js';
import { refused } from './failure.js';
import { copyJson, inputOf } from './input.js';
import { localeOfWrite } from './locale.js';
import { isLive, matchingIds } from './matching.js';
import { collectionPlan } from './plan.js';
import { checkOptions, ONLY_WHERE, type QueryOptions } from './query.js';
import { Turns } from './turns.js';
import { updateInside } from './update.js';

/** Absent checkboxes are left alone; drafts become published. hooks = false skips validation too. What a hook removed before its turn is passed over. */
export function* updateMany(
  ctx: ContentContext,
  slug: string,
  query: QueryOptions,
  data: LuaTable | JsonObject,
  options: QueryOptions,
): Op<{ modified: number }> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, query, 'update_many', ONLY_WHERE);
  checkOptions(ctx, options, 'update_many');
  const readLocale = localeOfWrite(ctx, options.locale);
  const given = inputOf(data);
  if (plan.isAuth && 'password' in given) {
    throw refused('PASSWORD_IN_BULK', 'Cannot set password via update_many. Use single update instead.');
  }
  const override = overrides(ctx, options);
  const rule = plan.access.update;
  return yield* ctx.db.savepoint(function* () {
    const locale = readLocale === 'all' ? undefined : readLocale;
    const ids = yield* matchingIds(ctx, plan, query, { rule, what: 'Update', purpose: 'update', override, locale });
    const turns = new Turns(ctx);
    let modified = 0;
    for (const id of ids) {
      yield* turns.next();
      if (!(yield* isLive(ctx, plan, id))) continue;
      const constraint = override ? undefined : yield* allowRows(ctx, rule, 'Update', id);
      const scope = { override, readLocale, many: true, constraint };
      yield* updateInside(ctx, plan, id, copyJson(given) as JsonObject, options, scope);
      modified++;
    }
    return { modified };
  });
}
