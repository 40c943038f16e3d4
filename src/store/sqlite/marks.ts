/** Marks for `verify`, numbers that only grow: up to where was purged (what is missing from before proves nothing). */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import { instantOf, LAST_MS } from './times.js';

const KEYS = { runs: 'runs_purged_before', ticks: 'ticks_purged_before' } as const;
const RUN_WIDE = 'highest_run_wide_limit';

const NOTE = `INSERT INTO _ml_meta (key, value) VALUES (?, ?)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE CAST(value AS INTEGER) < CAST(excluded.value AS INTEGER)`;

/** `before`: epoch ms; `what`: one of both, default both. Purged runs are noted by a trigger. */
export function* notePurge(db: Db, before: number, what?: keyof typeof KEYS): Op<void> {
  for (const each of what ? [what] : (['runs', 'ticks'] as const)) yield* db.run(NOTE, [KEYS[each], String(Math.floor(before))]);
}

/** For a trigger on removed rows: just behind the newest instant that the row carries, in either of our columns and the reference's, which are whole seconds. */
export const NOTE_PURGED_RUN = NOTE.replace(
  '(?, ?)',
  `('${KEYS.runs}', CAST(max(coalesce(OLD._ml_completed, 0), coalesce(OLD._ml_created, 0),
    coalesce(unixepoch(OLD.completed_at), 0) * 1000 + 999, coalesce(unixepoch(OLD.created_at), 0) * 1000 + 999) + 1 AS TEXT))`,
);

/** Epoch ms; 0 = nothing was ever purged. */
export function* purgedBefore(db: Db): Op<{ runs: number; ticks: number }> {
  const rows = yield* db.all('SELECT key, value FROM _ml_meta WHERE key IN (?, ?)', [KEYS.runs, KEYS.ticks]);
  const of = (key: string) => instantOf(Number(rows.find((row) => row['key'] === key)?.['value'])) ?? 0;
  return { runs: of(KEYS.runs), ticks: of(KEYS.ticks) };
}

/** What hosts of earlier versions have noted; 0 = none is known. Since schema version 5 all limits stand in `_ml_limits`. */
export function* runWideLimit(db: Db): Op<number> {
  return Number((yield* db.get('SELECT value FROM _ml_meta WHERE key = ?', [RUN_WIDE]))?.['value'] ?? 0) || 0;
}

/** The newest instant that any row of ours carries, epoch ms; 0 = none. */
export function* notedInstants(db: Db): Op<number> {
  const row = yield* db.get(
    `SELECT max(coalesce((SELECT max(ended_at) FROM _ml_attempts WHERE ended_at <= ${LAST_MS}), 0),
       coalesce((SELECT max(recorded_at) FROM _ml_ticks WHERE recorded_at <= ${LAST_MS}), 0),
       coalesce((SELECT max(_ml_created) FROM _crap_jobs WHERE _ml_created <= ${LAST_MS}), 0),
       coalesce((SELECT max(seen_at) FROM _ml_hosts WHERE seen_at <= ${LAST_MS}), 0)) AS newest`,
  );
  return Number(row?.['newest'] ?? 0);
}
