/** Attempts of a run as text: how each ended, and the lines it wrote. */
import type { AttemptView } from '../operations/run-attempts.js';
import { instant } from './output.js';

export function attemptHeading(attempt: AttemptView): string {
  const { attempt: number, claim, outcome, started_at, ended_at, host, worker } = attempt;
  const took = started_at === null || ended_at === null ? '' : `, ${Date.parse(ended_at) - Date.parse(started_at)} ms`;
  const where = host === null ? '' : ` on ${host}${worker === null ? '' : `/${worker}`}`;
  if (outcome === null) return `attempt ${number} (claim ${claim}) is under way since ${instant(started_at)}${where}`;
  return `attempt ${number} (claim ${claim}) ${outcome} at ${instant(ended_at)}${took}${where}`;
}

/** The heading, the log lines, the error with its traceback. */
export function attemptText(attempt: AttemptView): string {
  const { log, error } = attempt;
  const lines = log.map(({ at, level, text }) => `  ${at} ${level.padEnd(5)} ${text}`);
  const failure =
    error === null ? [] : `${error.code === null ? '' : `${error.code}: `}${error.message}\n${error.traceback ?? ''}`.trimEnd().split('\n');
  return [attemptHeading(attempt), ...lines, ...failure.map((line) => `  ${line}`)].join('\n');
}
