/** The jobs that have runs, by a skip scan: an index search for each, however many runs stand in between. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';

/** The head of a statement, which names them `s(slug)`, in their order; the last row has NULL. */
export const SLUGS = `WITH RECURSIVE s(slug) AS (
  SELECT (SELECT slug FROM _crap_jobs ORDER BY slug LIMIT 1)
  UNION ALL SELECT (SELECT slug FROM _crap_jobs WHERE slug > s.slug ORDER BY slug LIMIT 1) FROM s WHERE s.slug IS NOT NULL
)`;

export function* slugsWithRuns(db: Db): Op<string[]> {
  return (yield* db.all(`${SLUGS} SELECT slug FROM s WHERE slug IS NOT NULL`)).map((row) => String(row['slug']));
}
