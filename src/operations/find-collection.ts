/** A collection of the project by its slug, or the refusal with the nearest name. */
import type { CollectionDefinition } from '../content/schema.js';
import { HostError, NotFoundError } from '../domain/errors.js';
import { suggest } from '../domain/suggest.js';
import type { Registry } from '../project/registry.js';

/** NotFoundError COLLECTION_NOT_FOUND. */
export function collectionBySlug(registry: Registry, slug: string): CollectionDefinition {
  const collection = registry.collections.get(slug);
  if (collection) return collection;
  const near = suggest(slug, registry.collections.keys());
  throw new NotFoundError('COLLECTION_NOT_FOUND', `Collection '${slug}' not found`, {
    remedy: near === undefined ? 'run `moonlighter collections list` to see what is defined' : `did you mean '${near}'?`,
    details: { slug },
  });
}

export function documentMissing(slug: string, id: string): NotFoundError {
  return new NotFoundError('DOCUMENT_NOT_FOUND', `Document '${id}' not found in '${slug}'`, {
    remedy: `run \`moonlighter collections find ${slug}\` to see what is there`,
    details: { slug, id },
  });
}

/** Ends as `work` does; where content did not find this very document, with documentMissing. */
export async function needingDocument<T>(slug: string, id: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof HostError && error.code === 'DOCUMENT_NOT_FOUND' && error.details['id'] === id) throw documentMissing(slug, id);
    throw error;
  }
}
