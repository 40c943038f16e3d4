/**
 * Triggers on the table of runs. They hold also for what crap-cms writes: attempts go with their run, the next run of a key moves up when
 * one is over, dependants hear of an end, what is purged is noted, and no run of ours takes a step that the state machine does not know.
 */
import { FINAL_STATUSES, RUN_STATUSES } from '../../domain/run.js';
import { TRANSITIONS } from '../../domain/state-machine.js';
import { NOTE_PURGED_RUN } from './marks.js';
import { WAITS } from './schema.js';

const ENDED = FINAL_STATUSES.map((status) => `'${status}'`).join(', ');

/** Values of `_ml_waits` with and without the bit `key`: as lists, so that the index on them is searched and not walked through. */
export const BEHIND = [2, 3, 6, 7];
export const AHEAD = [0, 1, 4, 5];

/** Rows of one key that count; the index `_ml_jobs_by_key` wants exactly this condition. */
const ofKey = (row: 'NEW' | 'OLD') => `slug = ${row}.slug AND _ml_key = ${row}._ml_key AND status IN ('pending', 'running')`;

const oldestBehind = (row: 'NEW' | 'OLD') =>
  BEHIND.map(
    (waits) =>
      `SELECT (SELECT rowid FROM _crap_jobs WHERE ${ofKey(row)} AND _ml_waits = ${waits} AND status = 'pending' ORDER BY rowid LIMIT 1) AS r`,
  ).join(' UNION ALL ');

/**
 * The oldest run behind moves up while fewer than its limit of the key are ahead of it. One at a time: each end frees one place.
 * Rows ahead are those without the bit `key`: running, claimable, or waiting for something else.
 */
const nextOfKey = (row: 'NEW' | 'OLD') => `UPDATE _crap_jobs SET _ml_waits = _ml_waits & ~${WAITS.key}
  WHERE rowid = (SELECT min(r) FROM (${oldestBehind(row)}))
  AND _ml_key_limit > (SELECT count(*) FROM _crap_jobs WHERE ${ofKey(row)} AND _ml_waits IN (${AHEAD.join(', ')}));`;

const FORBIDDEN = RUN_STATUSES.map(
  (from) => `(OLD.status = '${from}' AND NEW.status NOT IN (${[from, ...TRANSITIONS[from]].map((to) => `'${to}'`).join(', ')}))`,
).join(' OR ');

/** By name; made anew when their text changes with a schema version. */
export const TRIGGERS: Readonly<Record<string, string>> = {
  _ml_jobs_deleted: `AFTER DELETE ON _crap_jobs BEGIN
  DELETE FROM _ml_attempts WHERE run = OLD.id;
  DELETE FROM _ml_dependencies WHERE run = OLD.id;
  UPDATE _ml_dependencies SET ended = CASE WHEN OLD.status IN (${ENDED}) THEN OLD.status ELSE 'cancelled' END WHERE after = OLD.id AND ended IS NULL;
END`,
  // Also what crap-cms purges, or cancels: it removes pending rows.
  _ml_jobs_purged: `AFTER DELETE ON _crap_jobs WHEN OLD.status <> 'running' BEGIN
  ${NOTE_PURGED_RUN};
END`,
  _ml_jobs_key_deleted: `AFTER DELETE ON _crap_jobs WHEN OLD._ml_key IS NOT NULL AND OLD.status IN ('pending', 'running') BEGIN
  ${nextOfKey('OLD')}
END`,
  _ml_jobs_key_ended: `AFTER UPDATE OF status ON _crap_jobs WHEN NEW._ml_key IS NOT NULL AND NEW.status IN (${ENDED}) AND OLD.status NOT IN (${ENDED}) BEGIN
  ${nextOfKey('NEW')}
END`,
  _ml_jobs_ended: `AFTER UPDATE OF status ON _crap_jobs WHEN NEW.status IN (${ENDED}) AND EXISTS (SELECT 1 FROM _ml_dependencies WHERE after = NEW.id) BEGIN
  UPDATE _ml_dependencies SET ended = NEW.status WHERE after = NEW.id;
END`,
  _ml_jobs_transition: `BEFORE UPDATE OF status ON _crap_jobs WHEN OLD._ml_attempt > 0 AND (${FORBIDDEN}) BEGIN
  SELECT RAISE(ABORT, 'the status of a run that Moonlighter has executed cannot change in this way');
END`,
};
