/** Slugs: the names of collections, globals and, from generation 10 on, jobs. */

/** Prefixes that the reference's later tools claim (Lua API 10.5). */
const RESERVED_PREFIXES = ['many_', 'by_id_'];

/**
 * What is wrong with a slug, in the reference's words (jobs page 7.7), or undefined. Generation 10 also reserves prefixes.
 */
export function slugProblem(slug: string, generation: 8 | 10 = 8): string | undefined {
  if (slug === '') return 'Slug cannot be empty';
  if (!/^[a-z0-9_]+$/.test(slug)) return `Invalid slug '${slug}' — use lowercase letters, digits, and underscores only`;
  if (slug.startsWith('_')) return 'Slug cannot start with underscore';
  if (generation >= 10) {
    const reserved = RESERVED_PREFIXES.find((prefix) => slug.startsWith(prefix));
    if (reserved !== undefined) return `Slug cannot start with '${reserved}' (reserved for tools)`;
  }
  return undefined;
}

/** `send_welcome_email` -> `Send Welcome Email`. */
export function titleOf(slug: string): string {
  return slug
    .split(/[_\s-]+/)
    .filter((word) => word !== '')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join(' ');
}
