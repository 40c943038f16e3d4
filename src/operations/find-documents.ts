/** Find documents of a collection, with the access rules when a user is given. */
import { find } from '../content/find.js';
import { parseQuery } from '../content/query.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { luaToJson } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import { queryFailure } from './error-kinds.js';
import { collectionBySlug } from './find-collection.js';
import { type ForegroundOptions, inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';
import { checkMeaning } from './query-meaning.js';

export interface FindRequest extends ForegroundOptions {
  slug: string;
  /** As Lua's find takes it: where, order_by, limit, page, select, search, locale, draft, trash, depth … */
  query: JsonObject;
}

/** `{ documents, pagination }`. */
export function findDocuments(opened: OpenedProject, request: FindRequest): Promise<Json> {
  const { slug, query, ...options } = request;
  checkMeaning(opened, collectionBySlug(opened.project.registry, slug), query);
  return inTransaction(opened, options, function* (session): Op<Json> {
    try {
      const result = yield* find(session.contentContext(), slug, parseQuery(query as { [key: string]: LuaValue }));
      return luaToJson(result as unknown as LuaValue);
    } catch (error) {
      throw queryFailure(error);
    }
  });
}
