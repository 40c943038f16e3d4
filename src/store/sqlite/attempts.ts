/** Attempt rows: written once, by whichever act ends the attempt; and read. */
import type { Op } from '../../domain/op.js';
import type { LogLine, Outcome } from '../../domain/run.js';
import type { Db } from '../db.js';
import type { Attempt } from '../store.js';
import type { Fence } from './fence.js';

/** Taken from the run's own row: what an act changes of it is not among these columns, or it records the attempt first. */
const INSERT = `INSERT INTO _ml_attempts (run, claim, attempt, host, started_at, worker, ended_at, outcome, error_code, error, traceback, log)
  SELECT id, _ml_claim, attempt, _ml_host, _ml_started, ?, ?, ?, ?, ?, ?, ? FROM _crap_jobs WHERE `;

export interface AttemptEnd {
  now: number;
  outcome: Outcome;
  error?: { code: string; message: string; traceback?: string };
  log: readonly LogLine[];
  worker?: number | undefined;
}

/** Writes nothing where the claim was lost (the act's own statement, fenced alike, says so) or was crap-cms's: no attempt of ours. */
export function* recordAttempt(db: Db, fence: Fence, end: AttemptEnd): Op<void> {
  if (fence.foreign) return;
  const log = end.log.length === 0 ? null : JSON.stringify(end.log);
  const { error } = end;
  yield* db.run(INSERT + fence.sql, [
    end.worker ?? null,
    end.now,
    end.outcome,
    error?.code ?? null,
    error?.message ?? null,
    error?.traceback ?? null,
    log,
    ...fence.params,
  ]);
}

export function* listAttempts(db: Db, run: string): Op<Attempt[]> {
  const rows = yield* db.all('SELECT * FROM _ml_attempts WHERE run = ? ORDER BY claim', [run]);
  return rows.map((row) => ({
    run,
    claim: Number(row['claim']),
    attempt: Number(row['attempt']),
    host: row['host'] === null ? null : String(row['host']),
    worker: row['worker'] === null ? null : Number(row['worker']),
    startedAt: row['started_at'] === null ? null : Number(row['started_at']),
    endedAt: Number(row['ended_at']),
    outcome: String(row['outcome']) as Outcome,
    error:
      row['error'] === null && row['error_code'] === null
        ? null
        : {
            code: row['error_code'] === null ? null : String(row['error_code']),
            message: String(row['error'] ?? ''),
            traceback: row['traceback'] === null ? null : String(row['traceback']),
          },
    log: logOf(row['log']),
  }));
}

/** What is no log, since nobody of ours has written it, is none. */
function logOf(text: unknown): LogLine[] {
  if (typeof text !== 'string') return [];
  try {
    const lines: unknown = JSON.parse(text);
    const isLine = (line: unknown) => typeof line === 'object' && line !== null && typeof (line as LogLine).text === 'string';
    return Array.isArray(lines) ? (lines.filter(isLine) as LogLine[]) : [];
  } catch {
    return [];
  }
}
