/** Attempt rows: written once, by whichever act ends the attempt. */
import type { Op } from '../../domain/op.js';
import type { LogLine, Outcome } from '../../domain/run.js';
import type { Db } from '../db.js';

/** Taken from the run's own row, which the act has not changed yet. A row without a host of ours was claimed by crap-cms: no attempt of ours. */
const INSERT = `INSERT INTO _ml_attempts (run, claim, attempt, host, started_at, ended_at, outcome, error_code, error, traceback, log)
  SELECT id, _ml_claim, MAX(attempt, 1), _ml_host, _ml_started, ?, ?, ?, ?, ?, ? FROM _crap_jobs
  WHERE id = ? AND status = 'running' AND _ml_claim = ? AND _ml_host IS NOT NULL`;

export interface AttemptEnd {
  run: string;
  claim: number;
  now: number;
  outcome: Outcome;
  error?: { code: string; message: string; traceback?: string };
  log: readonly LogLine[];
}

/** Writes nothing where the claim was lost; the act's own statement, fenced alike, says so. */
export function* recordAttempt(db: Db, end: AttemptEnd): Op<void> {
  const log = end.log.length === 0 ? null : JSON.stringify(end.log);
  const { error } = end;
  yield* db.run(INSERT, [
    end.now,
    end.outcome,
    error?.code ?? null,
    error?.message ?? null,
    error?.traceback ?? null,
    log,
    end.run,
    end.claim,
  ]);
}
