/** Updates a document; fields that are not given stay. */
import { findById } from '../content/find-by-id.js';
import { parseQuery } from '../content/query.js';
import { update } from '../content/update.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { luaToJson } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import { collectionBySlug, documentMissing } from './find-collection.js';
import { type ForegroundOptions, inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';

export interface UpdateRequest extends ForegroundOptions {
  slug: string;
  id: string;
  data: JsonObject;
}

/** NotFoundError DOCUMENT_UNKNOWN. */
export function updateDocument(opened: OpenedProject, request: UpdateRequest): Promise<Json> {
  const { slug, id, data, ...options } = request;
  collectionBySlug(opened.project.registry, slug);
  return inTransaction(opened, options, function* (session): Op<Json> {
    const content = session.contentContext();
    const present = yield* findById(content, slug, id, parseQuery({ overrideAccess: true }));
    if (present === undefined || present === null) throw documentMissing(slug, id);
    return luaToJson((yield* update(content, slug, id, data, parseQuery(undefined))) as LuaValue);
  });
}
