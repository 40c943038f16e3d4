/** crap.globals.get (Lua API 4.13). */
import type { Op } from '../domain/op.js';
import { allowWhole, overrides } from './access.js';
import type { ContentContext, Document } from './context.js';
import { draftDocument } from './draft.js';
import { refused, showingSql } from './failure.js';
import { deniedFields, strip } from './field-access.js';
import { draftsGlobals } from './generation.js';
import { readRun } from './hook-context.js';
import { hasHooks, runAfterRead, runBeforeRead } from './hooks.js';
import { localeOf } from './locale.js';
import { globalPlan, type Plan } from './plan.js';
import { checkOptions, type QueryOptions } from './query.js';
import { documentOf, selectSql } from './read.js';
import { hydrate } from './side-read.js';

/** The id of a global's only row. */
export const GLOBAL_ID = 'default';

/** depth and select are ignored. */
export function* getGlobal(ctx: ContentContext, slug: string, query: QueryOptions): Op<Document> {
  const plan = globalPlan(ctx, slug);
  checkOptions(ctx, query, 'get');
  const locale = localeOf(ctx, query.locale, true);
  const override = overrides(ctx, query);
  if (!override) yield* allowWhole(ctx, plan.access.read, 'Read', globalTableText(slug));
  const run = readRun(ctx, plan, 'get', query.locale);
  if (hasHooks(ctx, run, 'before_read')) yield* ctx.db.savepoint(() => runBeforeRead(ctx, run), 'read');
  const draft = query.draft && plan.drafts && draftsGlobals(ctx.settings.generation);
  const document = yield* readGlobal(ctx, plan, locale, draft);
  if (!override) strip(plan, yield* deniedFields(ctx, plan, 'read'), document);
  return yield* runAfterRead(ctx, run, document);
}

export function globalTableText(slug: string): string {
  return `Access hook for global '${slug}' returned a filter table; globals don't support filter-based access — return true/false based on ctx.user fields instead.`;
}

export function* readGlobal(ctx: ContentContext, plan: Plan, locale: string | undefined, draft = false): Op<Document> {
  const sql = `${selectSql(plan, ctx.db.dialect, ctx.settings, locale)} WHERE id = ?`;
  const row = yield* showingSql(`Failed to execute query on '${plan.slug}'`, 'prepare', () => ctx.db.get(sql, [GLOBAL_ID]));
  if (!row) {
    throw refused(
      'GLOBAL_MISSING',
      `the row of global '${plan.slug}' is missing: it is made when the schema is synchronised at the next start`,
    );
  }
  const shape = { locale };
  const pending = draft ? yield* draftDocument(ctx, plan, row, shape) : undefined;
  if (pending) return pending;
  const document = documentOf(plan, ctx.settings, row, shape);
  yield* hydrate(ctx, plan, [document], shape);
  return document;
}
