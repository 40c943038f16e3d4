/** Deletes a document. */
import { remove } from '../content/delete.js';
import { parseQuery } from '../content/query.js';
import type { Op } from '../domain/op.js';
import { collectionBySlug, needingDocument } from './find-collection.js';
import { type ForegroundOptions, inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';

export interface DeleteRequest extends ForegroundOptions {
  slug: string;
  id: string;
}

/** NotFoundError DOCUMENT_NOT_FOUND. */
export function deleteDocument(opened: OpenedProject, request: DeleteRequest): Promise<void> {
  const { slug, id, ...options } = request;
  collectionBySlug(opened.project.registry, slug);
  const deleted = inTransaction(opened, options, function* (session): Op<void> {
    yield* remove(session.contentContext(), slug, id, parseQuery(undefined));
  });
  return needingDocument(slug, id, deleted);
}
