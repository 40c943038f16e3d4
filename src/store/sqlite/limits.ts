/**
 * By which limits hosts claim, and since when: a row for each set of limits and stretch of time in which some host went by it. Written when a
 * host starts with other limits than are known, or the last host of a set is gone; never for a run. `verify` judges what was by what counted.
 */
import { createHash } from 'node:crypto';
import type { Op } from '../../domain/op.js';
import type { Db, Row } from '../db.js';
import type { ClaimLimits, LimitsEra } from '../history.js';
import { SOUND_LIMITS } from './sound-rows.js';

/** Sets differ by `--concurrency` too: hosts that are started by the minute with one or the other must not fill the table. */
const KEPT = 200;
const DATED = "typeof(since) = 'integer' AND coalesce(typeof(until), 'null') IN ('integer', 'null')";
const UNREADABLE = JSON.stringify({ total: null, queues: {}, jobs: {}, rates: {} });

/** A host goes by these limits from `now` on. Ends with the id of the set, for its row. */
export function* enterLimits(db: Db, limits: ClaimLimits, now: number): Op<string> {
  const text = encode(limits);
  const id = createHash('sha256').update(text).digest('hex').slice(0, 16);
  if (yield* db.get('SELECT 1 FROM _ml_limits WHERE id = ? AND until IS NULL', [id])) return id;
  const newest = yield* db.get(`SELECT since, id FROM _ml_limits WHERE ${DATED} ORDER BY since DESC LIMIT 1`);
  if (newest?.['id'] === id) {
    // Nobody has gone by others since.
    yield* db.run('UPDATE _ml_limits SET until = NULL WHERE since = ? AND id = ?', [Number(newest['since']), id]);
    return id;
  }
  yield* db.run('INSERT OR REPLACE INTO _ml_limits (since, id, until, limits) VALUES (?, ?, NULL, ?)', [now, id, text]);
  yield* trim(db);
  return id;
}

/** Sets by which no host goes any more are over. */
export function* leaveLimits(db: Db, now: number): Op<void> {
  yield* db.run(
    `UPDATE _ml_limits SET until = max(since, ?) WHERE until IS NULL
     AND NOT EXISTS (SELECT 1 FROM _ml_hosts h WHERE h.limits = _ml_limits.id)`,
    [now],
  );
}

/** Oldest first. What was before the first is not known; a set that cannot be read limits nothing. */
export function* limitsHistory(db: Db): Op<LimitsEra[]> {
  return (yield* db.all(
    `SELECT since, until, CASE WHEN ${SOUND_LIMITS} THEN limits END AS limits FROM _ml_limits WHERE ${DATED} ORDER BY since, id`,
  )).map(toEra);
}

/** From the oldest one that is kept on, everything is known. */
function* trim(db: Db): Op<void> {
  const oldest = yield* db.get(`SELECT since FROM _ml_limits WHERE ${DATED} ORDER BY since DESC LIMIT 1 OFFSET ?`, [KEPT - 1]);
  if (!oldest) return;
  const since = Number(oldest['since']);
  yield* db.run('DELETE FROM _ml_limits WHERE since < ? AND until IS NOT NULL', [since]);
  yield* db.run('UPDATE OR REPLACE _ml_limits SET since = ? WHERE since < ?', [since, since]);
}

/** The same limits give the same text. Infinity, no run-wide limit, stands as null. */
function encode({ total, queues, jobs, rates }: ClaimLimits): string {
  const sorted = <V>(map: ReadonlyMap<string, V>) => Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  const pairs = new Map([...rates].map(([slug, { limit, perMs }]) => [slug, [limit, perMs]]));
  return JSON.stringify({
    total: Number.isFinite(total) ? total : null,
    queues: sorted(queues),
    jobs: sorted(jobs),
    rates: sorted(pairs),
  });
}

function toEra(row: Row): LimitsEra {
  const text = row['limits'] === null ? UNREADABLE : String(row['limits']);
  const { total, queues, jobs, rates } = JSON.parse(text) as {
    total: number | null;
    queues: Record<string, number>;
    jobs: Record<string, number>;
    rates: Record<string, [limit: number, perMs: number]>;
  };
  return {
    since: Number(row['since']),
    until: row['until'] === null ? undefined : Number(row['until']),
    limits: {
      total: total ?? Number.POSITIVE_INFINITY,
      queues: new Map(Object.entries(queues)),
      jobs: new Map(Object.entries(jobs)),
      rates: new Map(Object.entries(rates).map(([slug, [limit, perMs]]) => [slug, { limit, perMs }])),
    },
  };
}
