/** The attempts of a run: what each did, how it ended, and its log lines. */
import type { LogLine } from '../domain/run.js';
import type { Attempt } from '../store/store.js';
import { getRun } from './find-run.js';
import type { OpenedDatabase } from './open-database.js';
import { iso } from './run-view.js';

export interface AttemptView {
  claim: number;
  attempt: number;
  host: string | null;
  worker: number | null;
  started_at: string | null;
  ended_at: string | null;
  outcome: Attempt['outcome'];
  error: Attempt['error'];
  log: { at: string | null; level: LogLine['level']; text: string }[];
}

/** Newest last. NotFoundError RUN_NOT_FOUND. */
export async function runAttempts(opened: OpenedDatabase, id: string): Promise<AttemptView[]> {
  await getRun(opened, id);
  const attempts = await opened.read((db) => opened.store.listAttempts(db, id));
  return attempts.map(attemptView);
}

export function attemptView(attempt: Attempt): AttemptView {
  const { claim, attempt: number, host, worker, outcome, error } = attempt;
  return {
    claim,
    attempt: number,
    host,
    worker,
    started_at: iso(attempt.startedAt),
    ended_at: iso(attempt.endedAt),
    outcome,
    error,
    log: attempt.log.map(({ at, level, text }) => ({ at: iso(at), level, text })),
  };
}
