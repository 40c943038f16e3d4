/** Drafts of existing documents: kept as a version, while the row stays as it is (Lua API 4.7, 4.9). */
import type { Op } from '../domain/op.js';
import type { Row } from '../store/db.js';
import type { ContentContext, Document } from './context.js';
import { refused } from './failure.js';
import type { Input } from './input.js';
import type { Plan } from './plan.js';
import { documentOf, type ReadShape } from './read.js';
import { type DocumentState, merged, overlay, putSides, readState, rowOfState } from './snapshot.js';
import { addVersionOf, pendingDraft } from './version-rows.js';

export function* saveDraft(ctx: ContentContext, plan: Plan, id: string, input: Input, locale: string | undefined): Op<void> {
  const state = yield* draftState(ctx, plan, id);
  overlay(plan, state, input, locale);
  yield* addVersionOf(ctx, plan, id, 'draft', state);
}

/** The version of a document that became a draft: what a pending draft changed stays in it, else the next draft would build without. */
export function* keepDraft(ctx: ContentContext, plan: Plan, id: string): Op<void> {
  yield* addVersionOf(ctx, plan, id, 'draft', yield* draftState(ctx, plan, id));
}

/** A draft builds on the newest draft, else on the row. */
function* draftState(ctx: ContentContext, plan: Plan, id: string): Op<DocumentState> {
  const stored = yield* readState(ctx, plan, id);
  if (!stored) throw notFound(plan, id);
  const pending = yield* pendingDraft(ctx, plan, id);
  return pending ? merged(stored, pending.state) : stored;
}

export function notFound(plan: Plan, id: string) {
  return refused('DOCUMENT_NOT_FOUND', `Document ${id} not found in ${plan.slug}`, { id });
}

/** The pending draft as a document, complete with its rows; undefined when the newest version is no draft. `row`: the stored one. */
export function* draftDocument(ctx: ContentContext, plan: Plan, row: Row, shape: ReadShape): Op<Document | undefined> {
  const id = String(row['id']);
  const pending = yield* pendingDraft(ctx, plan, id);
  if (!pending) return undefined;
  const { state, times } = pending;
  const { fallback } = ctx.settings.locale;
  const own = { id, _status: 'draft', created_at: row['created_at'] ?? null, updated_at: row['updated_at'] ?? null, ...times };
  const document = documentOf(plan, ctx.settings, { ...rowOfState(plan, state, fallback, shape.locale), ...own }, shape);
  putSides(ctx, plan, state, document, shape);
  return document;
}
