/**
 * Rows that nobody of ours has written: values of another kind or beyond what can be, in columns that acts count with. Acts leave such rows alone,
 * so that one of them holds up no other; a running run is brought to what a rescue can end; doctor counts them and mends.
 */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { DatabaseState } from '../history.js';
import { OURS } from './fence.js';
import { LAST_MS } from './times.js';

/** Claims and attempts beyond this are not told apart by their numbers any more. */
const MOST = 2 ** 51;

const whole = (column: string, least = 0, most = MOST) => `(typeof(${column}) = 'integer' AND ${column} BETWEEN ${least} AND ${most})`;
const orNull = (column: string, condition: string) => `(${column} IS NULL OR ${condition})`;
const instant = (column: string) => whole(column, 0, LAST_MS);
const text = (column: string) => `typeof(${column}) = 'text'`;

/** What a claim adds one to; a number that is no number counts as what is on record. */
export const LAST_CLAIM = `max(CASE WHEN ${whole('_ml_claim')} THEN _ml_claim ELSE 0 END,
  coalesce((SELECT max(claim) FROM _ml_attempts a WHERE a.run = _crap_jobs.id AND ${whole('claim')}), 0))`;
export const LAST_ATTEMPT = `CASE WHEN ${whole('attempt')} THEN attempt ELSE 0 END`;

/** A heartbeat that is no instant has not been made by anybody who lives. */
export const NO_HEARTBEAT = '(heartbeat_at IS NULL OR unixepoch(heartbeat_at) IS NULL)';

/** Conditions by table: a row that does not fulfil its own is not sound. */
export const soundTick = (of = '') =>
  [text(`${of}slug`), instant(`${of}at`), instant(`${of}until`), instant(`${of}recorded_at`)].join(' AND ');
export const SOUND_TICK = soundTick();
export const SOUND_SCHEDULE = [
  text('slug'),
  instant('since'),
  orNull('schedule', text('schedule')),
  text('timezone'),
  orNull('dst', `(${text('dst')} AND json_valid(dst))`),
  orNull('window_from', "typeof(window_from) = 'integer'"),
  orNull('window_until', "typeof(window_until) = 'integer'"),
].join(' AND ');
export const soundDependency = (of = '') => `${text(`${of}run`)} AND ${text(`${of}after`)}`;
export const SOUND_HOST = [text('id'), text('hostname'), text('socket'), instant('seen_at'), instant('started_at')].join(' AND ');
const OBJECTS = ['queues', 'jobs', 'rates'].map((key) => `json_type(limits, '$.${key}') = 'object'`).join(' AND ');
export const SOUND_LIMITS = [
  instant('since'),
  orNull('until', instant('until')),
  `CASE WHEN ${text('limits')} AND json_valid(limits) THEN ${OBJECTS} ELSE 0 END`,
].join(' AND ');
const SOUND_ATTEMPT = [
  text('run'),
  whole('claim', 1),
  whole('attempt', 1),
  orNull('started_at', instant('started_at')),
  instant('ended_at'),
  orNull('log', `(${text('log')} AND json_valid(log))`),
].join(' AND ');
/** What counts claims, attempts and losses in a row of runs. */
const COUNTERS = ['attempt', '_ml_claim', '_ml_attempt', '_ml_losses'].map((column) => whole(column));
const SOUND_RUN = [
  ...['id', 'slug', 'queue'].map(text),
  ...COUNTERS,
  whole('max_attempts', 0, MOST),
  whole('priority', -1e9, 1e9),
  whole('_ml_key_limit', 1),
  whole('_ml_waits', 0, 7),
  whole('_ml_due', -LAST_MS, LAST_MS),
  ...['_ml_created', '_ml_started', '_ml_completed', '_ml_cancel'].map((column) => orNull(column, instant(column))),
  ...['_ml_host', '_ml_key', '_ml_unique'].map((column) => orNull(column, text(column))),
  "status IN ('pending', 'running', 'completed', 'failed', 'stale', 'cancelled')",
].join(' AND ');

/** Of our own tables; what is not sound there is of no use to anybody. */
const OWN: readonly (readonly [table: string, condition: string])[] = [
  ['_ml_attempts', SOUND_ATTEMPT],
  ['_ml_ticks', SOUND_TICK],
  ['_ml_schedules', SOUND_SCHEDULE],
  ['_ml_hosts', SOUND_HOST],
  ['_ml_limits', SOUND_LIMITS],
  ['_ml_dependencies', soundDependency()],
  ['_ml_pauses', `${text('kind')} AND ${text('name')}`],
  ['_ml_starts', `${text('slug')} AND ${instant('at')}`],
  ['_ml_clock', `${instant('seen_at')} AND ${instant('was')}`],
];

/** Rows of runs that are named. */
const NAMED = 5;

/** Rows by table, those of the table of runs included. */
export function* countUnsound(db: Db): Op<DatabaseState['unsound']> {
  const counts: DatabaseState['unsound'] = [];
  for (const [table, condition] of [['_crap_jobs', SOUND_RUN] as const, ...OWN]) {
    const unsound = `FROM ${table} WHERE NOT coalesce(${condition}, 0)`;
    const rows = Number((yield* db.get(`SELECT count(*) AS n ${unsound}`))?.['n'] ?? 0);
    if (rows === 0) continue;
    const named = table === '_crap_jobs' ? yield* db.all(`SELECT rowid AS row ${unsound} LIMIT ${NAMED}`) : [];
    counts.push({ table, rows, ...(named.length > 0 && { rowids: named.map((row) => Number(row['row'])) }) });
  }
  return counts;
}

/** Numbers of a run as they are after a mend; the run stays, with whatever else its row says. */
const MENDED: readonly (readonly [column: string, sound: string, instead: string])[] = [
  ['_ml_attempt', whole('_ml_attempt'), '0'],
  ['attempt', whole('attempt'), '0'],
  ['_ml_claim', whole('_ml_claim'), LAST_CLAIM],
  ['_ml_losses', whole('_ml_losses'), '0'],
  ['max_attempts', whole('max_attempts'), '1'],
  ['priority', whole('priority', -1e9, 1e9), '0'],
  ['_ml_key_limit', whole('_ml_key_limit', 1), '1'],
  ['_ml_waits', whole('_ml_waits', 0, 7), '0'],
  ['_ml_due', whole('_ml_due', -LAST_MS, LAST_MS), '0'],
  ...['_ml_created', '_ml_started', '_ml_completed', '_ml_cancel'].map(
    (column) => [column, orNull(column, instant(column)), 'NULL'] as const,
  ),
  ...['_ml_host', '_ml_key', '_ml_unique'].map((column) => [column, orNull(column, text(column)), 'NULL'] as const),
];
const SET = MENDED.map(([column, sound, instead]) => `${column} = CASE WHEN ${sound} THEN ${column} ELSE ${instead} END`).join(', ');

/** Ends with how many rows were mended or removed. Runs whose id, job, queue or status is none stay as they are: they are data. */
export function* mendUnsound(db: Db): Op<number> {
  let mended = yield* db.run(`UPDATE _crap_jobs SET ${SET} WHERE ${MENDED.map(([, sound]) => `NOT coalesce(${sound}, 0)`).join(' OR ')}`);
  for (const [table, condition] of OWN) mended += yield* db.run(`DELETE FROM ${table} WHERE NOT coalesce(${condition}, 0)`);
  return mended;
}

/** Running, and nobody could end it: the claim is written in numbers that are none. */
const UNENDABLE = `status = 'running' AND NOT (${COUNTERS.join(' AND ')}
  AND (NOT ${OURS} OR _ml_claim > 0))`;

/** Ids of running runs that no act could end, as they are to be shown. */
export function* listUnendable(db: Db): Op<string[]> {
  return (yield* db.all(`SELECT id FROM _crap_jobs WHERE ${UNENDABLE}`)).map((row) => String(row['id']));
}

/** They stand as nobody's from now on, so that the next rescue gives them back. */
export function* mendUnendable(db: Db): Op<number> {
  return yield* db.run(
    `UPDATE _crap_jobs SET _ml_claim = ${LAST_CLAIM}, attempt = max(1, ${LAST_ATTEMPT}), _ml_attempt = 0, _ml_losses = CASE WHEN ${whole('_ml_losses')} THEN _ml_losses ELSE 0 END
     WHERE ${UNENDABLE}`,
  );
}
