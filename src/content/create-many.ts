/** crap.collections.create_many (Lua API 4.11): one savepoint for all, so that a failing item leaves nothing of the others. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaTable } from '../lua/value.js';
import { allowWhole, overrides } from './access.js';
import type { ContentContext, Document } from './context.js';
import { createInside, filterTableText } from './create.js';
import { refused } from './failure.js';
import { createManyTakesLocale } from './generation.js';
import { inputOf } from './input.js';
import { localeOfWrite } from './locale.js';
import { hashGiven } from './password.js';
import { collectionPlan } from './plan.js';
import { asTable, checkOptions, type QueryOptions } from './query.js';
import { Turns } from './turns.js';

/**
 * Every item is looked at before anything is written; a table without list part creates nothing. hooks = false skips validation too.
 * Under generation 8 there is no locale option: localized fields are those of the default locale. Under generation 10 `locale` is as in create.
 */
export function* createMany(
  ctx: ContentContext,
  slug: string,
  items: LuaTable,
  options: QueryOptions,
): Op<{ created: number; documents: Document[] }> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'create_many');
  const given: JsonObject[] = [];
  for (let i = 1; i <= items.length; i++) {
    const item = asTable(items.get(i));
    if (!item) throw refused('ITEM_INVALID', `create_many: item at index ${i} is not a table`);
    given.push(inputOf(item));
  }
  const override = overrides(ctx, options);
  const takesLocale = createManyTakesLocale(ctx.settings.generation);
  const readLocale = takesLocale ? localeOfWrite(ctx, options.locale) : undefined;
  const own = takesLocale ? options : { ...options, locale: undefined };
  const hashes: (string | undefined)[] = [];
  for (const item of given) hashes.push(yield* hashGiven(ctx, plan, item));
  return yield* ctx.db.savepoint(function* () {
    const documents: Document[] = [];
    const turns = new Turns(ctx);
    for (const [i, item] of given.entries()) {
      yield* turns.next();
      if (!override) yield* allowWhole(ctx, plan.access.create, 'Create', filterTableText(slug));
      const scope = { override, readLocale, many: true, passwordHash: hashes[i] };
      documents.push(yield* createInside(ctx, plan, item, own, scope));
    }
    return { created: documents.length, documents };
  });
}
