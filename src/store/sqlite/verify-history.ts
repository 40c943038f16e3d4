/** Verify, the history: attempts with the run they belong to, running claims, and the ledger, in pages, so that a large one is not held twice. */
import type { Op } from '../../domain/op.js';
import type { Outcome } from '../../domain/run.js';
import type { Db, Row } from '../db.js';
import type { HistoryMarks, PastAttempt } from '../history.js';
import type { RecordedTick } from '../store.js';
import { clockNotes } from './clock-notes.js';
import { OURS } from './fence.js';
import { purgedBefore, runWideLimit } from './marks.js';
import { SOUND_SCHEDULE, SOUND_TICK, soundTick } from './sound-rows.js';
import { toTick } from './ticks.js';
import { instantOf } from './times.js';

const COLUMNS = 'j.slug, j.queue, j._ml_key AS key, j._ml_key_limit AS key_limit';
const ATTEMPTS = `SELECT a.rowid AS row, a.run, a.claim, a.started_at, a.ended_at, a.outcome, ${COLUMNS} FROM _ml_attempts a
  JOIN _crap_jobs j ON j.id = a.run WHERE a.rowid > ? ORDER BY a.rowid LIMIT ?`;
const RUNNING = `SELECT NULL AS row, j.id AS run, j._ml_claim AS claim, j._ml_started AS started_at, NULL AS ended_at, NULL AS outcome, ${COLUMNS}
  FROM _crap_jobs j WHERE j.status = 'running' AND ${OURS}`;

/** Parameter: now. A record of a time over which the clock was set back may be of either. */
const NEWEST_RECORD = `max(recorded_at) FILTER (WHERE recorded_at <= ?
  AND NOT EXISTS (SELECT 1 FROM _ml_clock WHERE was >= recorded_at AND seen_at <= recorded_at))`;

/** In the order in which they were recorded; `after`: row of the last one that is known, 0 = from the beginning. */
export function* readAttempts(db: Db, after: number, limit: number): Op<PastAttempt[]> {
  return (yield* db.all(ATTEMPTS, [after, limit])).map(toAttempt);
}

/** Claims of ours that have not ended. */
export function* readRunning(db: Db): Op<PastAttempt[]> {
  return (yield* db.all(RUNNING)).map(toAttempt);
}

function toAttempt(row: Row): PastAttempt {
  return {
    row: row['row'] === null ? Number.MAX_SAFE_INTEGER : Number(row['row']),
    run: String(row['run']),
    claim: Number(row['claim']),
    startedAt: instantOf(row['started_at']),
    endedAt: instantOf(row['ended_at']),
    outcome: row['outcome'] === null ? null : (String(row['outcome']) as Outcome),
    slug: String(row['slug']),
    queue: String(row['queue']),
    key: row['key'] === null ? null : String(row['key']),
    keyLimit: Number(row['key_limit']),
  };
}

/** The ledger of one schedule, ascending; `runExists`: false where the run of a tick is not there. */
export function* readTicks(db: Db, slug: string, after: number, limit: number): Op<(RecordedTick & { runExists: boolean })[]> {
  const rows = yield* db.all(
    `SELECT t.*, j.id AS found FROM _ml_ticks t LEFT JOIN _crap_jobs j ON j.id = t.run WHERE t.slug = ? AND t.at > ? AND ${soundTick('t.')} ORDER BY t.at LIMIT ?`,
    [slug, after, limit],
  );
  return rows.map((row) => ({ ...toTick(row), runExists: row['run'] === null || row['found'] !== null }));
}

/** `now`: what is said to have been recorded later was so by a clock that was ahead. */
export function* readMarks(db: Db, now: number): Op<HistoryMarks> {
  const count = function* (table: string): Op<number> {
    return Number((yield* db.get(`SELECT count(*) AS n FROM ${table}`))?.['n'] ?? 0);
  };
  const ticks = yield* db.get(`SELECT coalesce(sum(count), 0) AS n, ${NEWEST_RECORD} AS newest FROM _ml_ticks WHERE ${SOUND_TICK}`, [now]);
  return {
    runs: yield* count('_crap_jobs'),
    attempts: yield* count('_ml_attempts'),
    ticks: Number(ticks?.['n'] ?? 0),
    newestTickRecord: ticks?.['newest'] === null || ticks?.['newest'] === undefined ? null : Number(ticks['newest']),
    purged: yield* purgedBefore(db),
    runWideLimit: yield* runWideLimit(db),
    clockSetBack: yield* clockNotes(db),
    scheduled: (yield* db.all(`SELECT DISTINCT slug FROM _ml_schedules WHERE ${SOUND_SCHEDULE} ORDER BY slug`)).map((row) =>
      String(row['slug']),
    ),
  };
}
