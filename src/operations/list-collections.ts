/** List collections: what is defined, and how many documents each holds. */
import { count } from '../content/count.js';
import { parseQuery } from '../content/query.js';
import type { Op } from '../domain/op.js';
import { inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';

export interface CollectionView {
  slug: string;
  fields: number;
  documents: number;
  file: string | null;
}

/** Sorted by slug. */
export function listCollections(opened: OpenedProject): Promise<CollectionView[]> {
  return inTransaction(opened, {}, function* (session): Op<CollectionView[]> {
    const content = session.contentContext();
    const views: CollectionView[] = [];
    for (const [slug, definition] of [...opened.project.registry.collections].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const documents = Number(yield* count(content, slug, parseQuery(undefined)));
      views.push({ slug, fields: definition.fields.length, documents, file: definition.file ?? null });
    }
    return views;
  });
}
