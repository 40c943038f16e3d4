/** crap.collections.unpublish (Lua API 4.10), and the option of update that means the same (4.9): the row becomes a draft; one savepoint. */
import type { Op } from '../domain/op.js';
import { allowRows, overrides } from './access.js';
import { noteChange } from './changes.js';
import type { ContentContext, Document } from './context.js';
import { sqlTime } from './date.js';
import { keepDraft, notFound } from './draft.js';
import { prefixed, refused } from './failure.js';
import { deniedFields, strip } from './field-access.js';
import { type HookRun, writeRun } from './hook-context.js';
import { runHooks } from './hooks.js';
import { localeOf } from './locale.js';
import { collectionPlan, type Plan } from './plan.js';
import { checkOptions, type QueryOptions } from './query.js';
import { documentOf, flatRow, selectSql } from './read.js';
import { requireRow } from './row-access.js';
import { hydrate } from './side-read.js';
import { requireVersions } from './version-rows.js';

/** Ends with the document, a draft by now; unpublishing twice is fine. Errors: "unpublish error: …". */
export function* unpublish(ctx: ContentContext, slug: string, id: string, options: QueryOptions): Op<Document> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'unpublish');
  requireVersions(plan);
  const locale = localeOf(ctx, options.locale, true);
  return yield* prefixed('unpublish error: ', () =>
    withAccess(ctx, plan, id, options, locale, {
      afterDraft: false,
      missing: () => refused('DOCUMENT_NOT_FOUND', `Document '${id}' not found in '${slug}'`, { id }),
    }),
  );
}

/** update with unpublish = true: data is ignored; the texts carry no prefix but for what before_change hooks raise. */
export function* unpublishByUpdate(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  options: QueryOptions,
  locale: string | undefined,
): Op<Document> {
  return yield* withAccess(ctx, plan, id, options, locale, {
    afterDraft: true,
    hookPrefix: 'before_change hook error: ',
    missing: () => notFound(plan, id),
  });
}

interface Manner {
  /** What after_change hooks are told as `draft`; before_change ones are told true. */
  afterDraft: boolean;
  missing(): Error;
  /** Of what before_change hooks raise. */
  hookPrefix?: string;
}

function* withAccess(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  options: QueryOptions,
  locale: string | undefined,
  manner: Manner,
): Op<Document> {
  if (!plan.drafts) {
    throw refused('DRAFTS_OFF', `Collection '${plan.slug}' keeps versions without drafts: its documents are always published`);
  }
  const override = overrides(ctx, options);
  const constraint = override ? undefined : yield* allowRows(ctx, plan.access.update, 'Update', id);
  return yield* ctx.db.savepoint(function* () {
    if (constraint) yield* requireRow(ctx, plan, id, constraint, 'Update');
    const document = yield* unpublishInside(ctx, plan, id, options, locale, manner);
    if (!override) strip(plan, yield* deniedFields(ctx, plan, 'read'), document);
    return document;
  });
}

function* unpublishInside(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  options: QueryOptions,
  locale: string | undefined,
  manner: Manner,
): Op<Document> {
  const sql = `${selectSql(plan, ctx.db.dialect, ctx.settings, locale)} WHERE id = ?${plan.softDelete ? ' AND _deleted_at IS NULL' : ''}`;
  const before = yield* ctx.db.get(sql, [id]);
  if (!before) throw manner.missing();
  const run: HookRun = { ...writeRun(ctx, plan, 'update', options, true), id };
  const { id: _id, ...data } = flatRow(plan, ctx.settings, before);
  const tell = () => runHooks(ctx, run, 'before_change', data);
  if (run.enabled) yield* manner.hookPrefix ? prefixed(manner.hookPrefix, tell) : tell();
  const table = ctx.db.dialect.ident(plan.table);
  yield* ctx.db.run(`UPDATE ${table} SET _status = 'draft'${plan.timestamps ? ', updated_at = ?' : ''} WHERE id = ?`, [
    ...(plan.timestamps ? [sqlTime(ctx.clock.now())] : []),
    id,
  ]);
  yield* keepDraft(ctx, plan, id);
  const row = (yield* ctx.db.get(sql, [id])) ?? before;
  run.draft = manner.afterDraft;
  if (run.enabled) yield* runHooks(ctx, run, 'after_change', flatRow(plan, ctx.settings, row));
  const shape = { locale };
  const document = documentOf(plan, ctx.settings, row, shape);
  yield* hydrate(ctx, plan, [document], shape);
  noteChange(ctx, plan, options, 'update', document);
  return document;
}
