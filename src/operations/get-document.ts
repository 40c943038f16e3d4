/** One document by its id. */
import { findById } from '../content/find-by-id.js';
import { parseQuery } from '../content/query.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { luaToJson } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import { collectionBySlug, documentMissing } from './find-collection.js';
import { type ForegroundOptions, inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';
import { checkMeaning } from './query-meaning.js';

export interface GetRequest extends ForegroundOptions {
  slug: string;
  id: string;
  /** As Lua's find_by_id takes it: depth, select, locale, draft. */
  query?: JsonObject;
}

/** NotFoundError DOCUMENT_NOT_FOUND. */
export function getDocument(opened: OpenedProject, request: GetRequest): Promise<Json> {
  const { slug, id, query, ...options } = request;
  checkMeaning(opened, collectionBySlug(opened.project.registry, slug), query ?? {});
  return inTransaction(opened, options, function* (session): Op<Json> {
    const document = yield* findById(session.contentContext(), slug, id, parseQuery(query as { [key: string]: LuaValue } | undefined));
    if (document === undefined || document === null) throw documentMissing(slug, id);
    return luaToJson(document as LuaValue);
  });
}
