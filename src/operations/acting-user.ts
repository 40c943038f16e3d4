/** Who a command acts as: a document given as such, or the one that `collection/id` names (json-argument.ts reads which). */
import { findById } from '../content/find-by-id.js';
import { parseQuery } from '../content/query.js';
import { UsageError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { luaToJson } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import { collectionBySlug, documentMissing } from './find-collection.js';
import type { ActingUser } from './json-argument.js';
import type { OpenedProject } from './open-project.js';

/** Reads a named one with full access. NotFoundError COLLECTION_NOT_FOUND, DOCUMENT_NOT_FOUND; UsageError NO_AUTH_COLLECTION. */
export async function userDocument(opened: OpenedProject, user: ActingUser): Promise<JsonObject> {
  if (typeof user !== 'string') return user;
  const slash = user.indexOf('/');
  const [slug, id] = [user.slice(0, slash), user.slice(slash + 1)];
  const { registry } = opened.project;
  if (collectionBySlug(registry, slug).auth === undefined) {
    const auth = [...registry.collections.values()]
      .filter((collection) => collection.auth !== undefined)
      .map((collection) => collection.slug);
    throw new UsageError('NO_AUTH_COLLECTION', `the documents of '${slug}' are no users`, {
      remedy: auth.length === 0 ? `give the user as JSON: --user '{"id": "…"}'` : `users stand in ${auth.join(', ')}; or give one as JSON`,
      details: { slug },
    });
  }
  const executor = await opened.executor();
  return await executor.transaction(
    function* (session): Op<JsonObject> {
      const document = yield* findById(session.contentContext(), slug, id, parseQuery(undefined));
      if (document === undefined || document === null) throw documentMissing(slug, id);
      return luaToJson(document as LuaValue) as JsonObject;
    },
    { rollback: true },
  );
}
