/** The jobs, and the lanes (status, queue, priority), that have runs, by skip scans: an index search for each, however many runs stand in between. */
import type { Op } from '../../domain/op.js';
import type { Db, SqlValue } from '../db.js';

/** The head of a statement, which names those of a table with an index by slug `s(slug)`, in their order; the last row has NULL. */
export const slugsIn = (table: '_crap_jobs' | '_ml_ticks') => `WITH RECURSIVE s(slug) AS (
  SELECT (SELECT slug FROM ${table} ORDER BY slug LIMIT 1)
  UNION ALL SELECT (SELECT slug FROM ${table} WHERE slug > s.slug ORDER BY slug LIMIT 1) FROM s WHERE s.slug IS NOT NULL
)`;
const WITH_RUNS = `${slugsIn('_crap_jobs')} SELECT slug FROM s WHERE slug IS NOT NULL`;

export function* slugsWithRuns(db: Db): Op<string[]> {
  return (yield* db.all(WITH_RUNS)).map((row) => String(row['slug']));
}

export interface Lane {
  status: SqlValue;
  queue: SqlValue;
  priority: SqlValue;
}

const STATUS = 'SELECT status AS value FROM _crap_jobs ORDER BY status LIMIT 1';
const NEXT_STATUS = 'SELECT status AS value FROM _crap_jobs WHERE status > ? ORDER BY status LIMIT 1';
const QUEUE = 'SELECT queue AS value FROM _crap_jobs WHERE status = ? ORDER BY queue LIMIT 1';
const NEXT_QUEUE = 'SELECT queue AS value FROM _crap_jobs WHERE status = ? AND queue > ? ORDER BY queue LIMIT 1';
const PRIORITY = 'SELECT priority AS value FROM _crap_jobs WHERE status = ? AND queue = ? ORDER BY priority DESC LIMIT 1';
const NEXT_PRIORITY =
  'SELECT priority AS value FROM _crap_jobs WHERE status = ? AND queue = ? AND priority < ? ORDER BY priority DESC LIMIT 1';

/** Of one status or queue, or all; undefined where it takes more than `most` searches. Texts that are no status of ours count too. */
export function* lanesWithRuns(
  db: Db,
  { status, queue }: { status: string | undefined; queue: string | undefined },
  most: number,
): Op<Lane[] | undefined> {
  const lanes: Lane[] = [];
  let searches = 0;
  const search = function* (sql: string, ...params: SqlValue[]): Op<SqlValue | undefined> {
    searches++;
    return searches > most ? undefined : (yield* db.get(sql, params))?.['value'];
  };
  let s = status ?? (yield* search(STATUS));
  while (s !== undefined) {
    let q = queue ?? (yield* search(QUEUE, s));
    while (q !== undefined) {
      let p = yield* search(PRIORITY, s, q);
      while (p !== undefined) {
        lanes.push({ status: s, queue: q, priority: p });
        p = yield* search(NEXT_PRIORITY, s, q, p);
      }
      q = queue === undefined ? yield* search(NEXT_QUEUE, s, q) : undefined;
    }
    s = status === undefined ? yield* search(NEXT_STATUS, s) : undefined;
  }
  return searches > most ? undefined : lanes;
}
