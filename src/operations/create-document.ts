/** Creates a document; its hooks run, and the runs that they queue become visible with it. */
import { create } from '../content/create.js';
import { parseQuery } from '../content/query.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { luaToJson } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import { collectionBySlug } from './find-collection.js';
import { type ForegroundOptions, inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';

export interface CreateRequest extends ForegroundOptions {
  slug: string;
  data: JsonObject;
}

export function createDocument(opened: OpenedProject, request: CreateRequest): Promise<Json> {
  const { slug, data, ...options } = request;
  collectionBySlug(opened.project.registry, slug);
  return inTransaction(opened, options, function* (session): Op<Json> {
    return luaToJson((yield* create(session.contentContext(), slug, data, parseQuery(undefined))) as LuaValue);
  });
}
