/** Skip scans: the distinct slugs of the table, or pairs of slug and second column of a partial index, at one index search for each, whatever stands in between. */

/** The head of a statement, `WITH …`, which names the jobs that have runs `s(slug)`, in their order; the last row has NULL. */
export const SLUGS = `WITH RECURSIVE s(slug) AS (
  SELECT (SELECT slug FROM _crap_jobs ORDER BY slug LIMIT 1)
  UNION ALL SELECT (SELECT slug FROM _crap_jobs WHERE slug > s.slug ORDER BY slug LIMIT 1) FROM s WHERE s.slug IS NOT NULL
)`;

/**
 * The head of a statement, `WITH …`, which names the pairs `l(slug, <column>)`, ordered by slug; the one behind the last of a slug has NULL.
 * `index`: begins with slug and `column`; `condition`: its own, for the table `_crap_jobs`. The index is named, since without statistics SQLite
 * takes the reference's index on the status, and reads every row of it.
 */
export function pairsIn(index: string, condition: string, column: 'queue' | 'status'): string {
  return `WITH RECURSIVE s(slug) AS (
  SELECT (SELECT slug FROM _crap_jobs INDEXED BY ${index} WHERE ${condition} ORDER BY slug LIMIT 1)
  UNION ALL
  SELECT (SELECT slug FROM _crap_jobs INDEXED BY ${index} WHERE ${condition} AND slug > s.slug ORDER BY slug LIMIT 1) FROM s WHERE s.slug IS NOT NULL
), l(slug, ${column}) AS (
  SELECT slug, (SELECT ${column} FROM _crap_jobs j INDEXED BY ${index} WHERE ${condition} AND j.slug = s.slug ORDER BY ${column} LIMIT 1) FROM s WHERE slug IS NOT NULL
  UNION ALL
  SELECT l.slug, (SELECT ${column} FROM _crap_jobs j INDEXED BY ${index} WHERE ${condition} AND j.slug = l.slug AND j.${column} > l.${column} ORDER BY ${column} LIMIT 1)
  FROM l WHERE l.${column} IS NOT NULL
)`;
}
