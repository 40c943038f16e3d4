/**
 * Dependencies: runs that wait until others are completed. A trigger marks them when one ends, whoever ended it; they are settled by the
 * next claim: made claimable, or cancelled when one of those ended otherwise.
 */
import { HostError } from '../../domain/errors.js';
import type { Op } from '../../domain/op.js';
import type { FinalStatus, RunStatus } from '../../domain/run.js';
import { isFinal } from '../../domain/state-machine.js';
import type { Db } from '../db.js';
import { cancelPending } from './cancel.js';
import { WAITS } from './schema.js';
import { soundDependency } from './sound-rows.js';

/** Throws DEPENDENCY_NOT_FOUND for an id that is no run. */
export function* addDependencies(db: Db, run: string, after: readonly string[]): Op<void> {
  for (const id of new Set(after)) {
    const row = yield* db.get('SELECT status FROM _crap_jobs WHERE id = ?', [id]);
    if (!row) {
      throw new HostError('DEPENDENCY_NOT_FOUND', `after: there is no run '${id}'`, {
        remedy: 'give the ids of runs that exist; ended runs are purged after their retention',
        details: { id },
      });
    }
    const status = String(row['status']) as RunStatus;
    yield* db.run('INSERT INTO _ml_dependencies (run, after, ended) VALUES (?, ?, ?)', [run, id, isFinal(status) ? status : null]);
  }
}

/** Whether `settle` has something to do. */
export function* isUnsettled(db: Db): Op<boolean> {
  return (yield* db.get(`SELECT 1 FROM _ml_dependencies WHERE ended IS NOT NULL AND ${soundDependency()} LIMIT 1`)) !== undefined;
}

/** A cancelled run may have dependants of its own: goes on until none is marked. */
export function* settle(db: Db, now: number): Op<void> {
  for (;;) {
    const rows = yield* db.all(
      `SELECT d.run, d.after, d.ended, j._ml_after_failure AS mode FROM _ml_dependencies d LEFT JOIN _crap_jobs j ON j.id = d.run
       WHERE d.ended IS NOT NULL AND ${soundDependency('d.')} LIMIT 500`,
    );
    let settled = 0;
    for (const row of rows) {
      const run = String(row['run']);
      if (row['ended'] !== 'completed' && row['mode'] !== 'run') {
        yield* cancelPending(db, run, now, `the run ${String(row['after'])} that it depends on ended as ${String(row['ended'])}`);
        settled += yield* db.run('DELETE FROM _ml_dependencies WHERE run = ?', [run]);
        continue;
      }
      settled += yield* db.run('DELETE FROM _ml_dependencies WHERE run = ? AND after = ?', [run, String(row['after'])]);
      yield* db.run(
        `UPDATE _crap_jobs SET _ml_waits = _ml_waits & ~${WAITS.dependencies} WHERE id = ? AND NOT EXISTS (SELECT 1 FROM _ml_dependencies WHERE run = id)`,
        [run],
      );
    }
    // Text that is none (not in UTF-8) is read as other text, under which nothing is found: the rows would be met again for ever.
    if (settled === 0) return;
  }
}

export function* listDependencies(db: Db, run: string): Op<{ after: string; status: RunStatus | undefined; ended?: FinalStatus }[]> {
  const rows = yield* db.all(
    'SELECT d.after, d.ended, j.status FROM _ml_dependencies d LEFT JOIN _crap_jobs j ON j.id = d.after WHERE d.run = ? ORDER BY d.after',
    [run],
  );
  return rows.map((row) => ({
    after: String(row['after']),
    status: row['status'] === null ? undefined : (String(row['status']) as RunStatus),
    ...(row['ended'] !== null && { ended: String(row['ended']) as FinalStatus }),
  }));
}
