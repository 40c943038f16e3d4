/** What an update makes public besides its own data: a draft must have what is required by then (Lua API 3.6, 4.9). */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { Row } from '../store/db.js';
import type { ContentContext } from './context.js';
import { columnOf, type Plan } from './plan.js';
import { flatRow, selectSql } from './read.js';
import { readSideRows } from './side-read.js';
import { rowOfState } from './snapshot.js';
import type { Version } from './version-rows.js';

/**
 * A draft as an update of it publishes it, by flat keys, lists included, as the locale reads it; undefined when nothing of a draft becomes
 * public. `pending`: the draft that becomes public underneath the data given (generation 10).
 */
export function* whatIsPublished(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  pending: Version | undefined,
  locale: string | undefined,
): Op<JsonObject | undefined> {
  if (!plan.drafts) return undefined;
  const row = yield* rowOf(ctx, plan, id, locale);
  if (!row || (row['_status'] !== 'draft' && !pending)) return undefined;
  return yield* complete(ctx, plan, row, pending, locale);
}

/** A document as it is stored, in the same form; undefined when it is not there. */
export function* whatIsStored(ctx: ContentContext, plan: Plan, id: string): Op<JsonObject | undefined> {
  const row = yield* rowOf(ctx, plan, id, undefined);
  return row && (yield* complete(ctx, plan, row, undefined, undefined));
}

function rowOf(ctx: ContentContext, plan: Plan, id: string, locale: string | undefined): Op<Row | undefined> {
  return ctx.db.get(`${selectSql(plan, ctx.db.dialect, ctx.settings, locale)} WHERE id = ?`, [id]);
}

function* complete(ctx: ContentContext, plan: Plan, row: Row, pending: Version | undefined, locale: string | undefined): Op<JsonObject> {
  const id = String(row['id']);
  const draft = pending ? rowOfState(plan, pending.state, ctx.settings.locale.fallback, locale) : {};
  const data = flatRow(plan, ctx.settings, { ...row, ...draft });
  for (const leaf of plan.sides) {
    const localized = leaf.localized && plan.locales !== undefined;
    const places = !localized ? [undefined] : locale === undefined || !ctx.settings.locale.fallback ? [locale] : [locale, undefined];
    for (const place of places) {
      const own = localized ? (place ?? plan.defaultLocale) : undefined;
      const drafted = pending?.state.sides.get(columnOf(plan, leaf, place));
      data[leaf.key] = drafted ?? (yield* readSideRows(ctx, plan, leaf, [id], own)).get(id) ?? [];
      if ((data[leaf.key] as unknown[]).length > 0) break;
    }
  }
  return data;
}
