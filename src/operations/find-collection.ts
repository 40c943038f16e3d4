/** A collection of the project by its slug, or the refusal with the nearest name. */
import type { CollectionDefinition } from '../content/schema.js';
import { NotFoundError } from '../domain/errors.js';
import { suggest } from '../domain/suggest.js';
import type { Registry } from '../project/registry.js';

/** NotFoundError COLLECTION_UNKNOWN. */
export function collectionBySlug(registry: Registry, slug: string): CollectionDefinition {
  const collection = registry.collections.get(slug);
  if (collection) return collection;
  const near = suggest(slug, registry.collections.keys());
  throw new NotFoundError('COLLECTION_UNKNOWN', `Collection '${slug}' not found`, {
    remedy: near === undefined ? 'run `moonlighter collections list` to see what is defined' : `did you mean '${near}'?`,
    details: { slug },
  });
}

export function documentMissing(slug: string, id: string): NotFoundError {
  return new NotFoundError('DOCUMENT_UNKNOWN', `Document '${id}' not found in '${slug}'`, {
    remedy: `run \`moonlighter collections find ${slug}\` to see what is there`,
    details: { slug, id },
  });
}
