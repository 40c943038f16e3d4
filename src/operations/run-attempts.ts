/** The attempts of a run: what each did, how it ended, and its log lines. */
import { hostname } from 'node:os';
import type { LogLine, Run } from '../domain/run.js';
import { askAttempt } from '../host/ask-activity.js';
import type { Attempt } from '../store/store.js';
import { getRecordedRun } from './find-run.js';
import type { OpenedDatabase } from './open-database.js';
import { iso } from './run-view.js';

export interface AttemptView {
  claim: number;
  attempt: number;
  host: string | null;
  worker: number | null;
  started_at: string | null;
  ended_at: string | null;
  /** null: it is under way. */
  outcome: Attempt['outcome'] | null;
  error: Attempt['error'];
  log: { at: string | null; level: LogLine['level']; text: string }[];
}

/** Newest last; the last one may be under way, with what it has written so far where its host is on this machine. NotFoundError RUN_NOT_FOUND. */
export async function runAttempts(opened: OpenedDatabase, id: string): Promise<AttemptView[]> {
  const open = await attemptUnderWay(opened, await getRecordedRun(opened, id));
  const attempts = (await opened.read((db) => opened.store.listAttempts(db, id))).map(attemptView);
  return open && !attempts.some(({ claim }) => claim === open.claim) ? [...attempts, open] : attempts;
}

/** Asked before the ended ones are read: it may end meanwhile, and is among those then. */
async function attemptUnderWay(opened: OpenedDatabase, run: Run): Promise<AttemptView | undefined> {
  if (run.status !== 'running' || run.host === null) return undefined;
  const host = (await opened.hosts()).find((each) => each.id === run.host);
  const asked = host?.hostname === hostname() ? await askAttempt(host.socket, run.id) : undefined;
  const { claim, attempt, startedAt } = run;
  const view = { claim, attempt, host: run.host, started_at: iso(startedAt), ended_at: null, outcome: null, error: null };
  if (asked?.claim !== claim) return { ...view, worker: null, log: [] };
  return { ...view, worker: asked.worker, log: asked.log.map(lineView) };
}

function attemptView(attempt: Attempt): AttemptView {
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
    log: attempt.log.map(lineView),
  };
}

function lineView({ at, level, text }: LogLine): AttemptView['log'][number] {
  return { at: iso(at), level, text };
}
