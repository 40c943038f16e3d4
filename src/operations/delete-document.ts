/** Deletes a document. */
import { remove } from '../content/delete.js';
import { findById } from '../content/find-by-id.js';
import { parseQuery } from '../content/query.js';
import type { Op } from '../domain/op.js';
import { collectionBySlug, documentMissing } from './find-collection.js';
import { type ForegroundOptions, inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';

export interface DeleteRequest extends ForegroundOptions {
  slug: string;
  id: string;
}

/** NotFoundError DOCUMENT_UNKNOWN. */
export function deleteDocument(opened: OpenedProject, request: DeleteRequest): Promise<void> {
  const { slug, id, ...options } = request;
  collectionBySlug(opened.project.registry, slug);
  return inTransaction(opened, options, function* (session): Op<void> {
    const content = session.contentContext();
    const present = yield* findById(content, slug, id, parseQuery({ overrideAccess: true }));
    if (present === undefined || present === null) throw documentMissing(slug, id);
    yield* remove(content, slug, id, parseQuery(undefined));
  });
}
