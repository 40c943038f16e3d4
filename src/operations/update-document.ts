/** Updates a document; fields that are not given stay. */
import { parseQuery } from '../content/query.js';
import { update } from '../content/update.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { luaToJson } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import { collectionBySlug, needingDocument } from './find-collection.js';
import { type ForegroundOptions, inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';

export interface UpdateRequest extends ForegroundOptions {
  slug: string;
  id: string;
  data: JsonObject;
}

/** NotFoundError DOCUMENT_NOT_FOUND. */
export function updateDocument(opened: OpenedProject, request: UpdateRequest): Promise<Json> {
  const { slug, id, data, ...options } = request;
  collectionBySlug(opened.project.registry, slug);
  const updated = inTransaction(opened, options, function* (session): Op<Json> {
    return luaToJson((yield* update(session.contentContext(), slug, id, data, parseQuery(undefined))) as LuaValue);
  });
  return needingDocument(slug, id, updated);
}
