/** Runs as text: the reference's table and its detail lines. */
import type { RunView } from '../operations/run-view.js';
import { renderJson } from './json-output.js';
import { instant, pairs, plural, table } from './output.js';

const ERROR_WIDTH = 50;

export function runTable(runs: readonly RunView[]): string {
  const rows = runs.map((run) => [run.id, run.slug, run.status, attempts(run), shortError(run.error), instant(run.created_at)]);
  return `${table(['ID', 'Job', 'Status', 'Attempt', 'Error', 'Created'], rows)}\n\n${plural(runs.length, 'run')}`;
}

export function runDetails(run: RunView): string {
  const lines: [string, string][] = [
    ['ID', run.id],
    ['Job', run.slug],
    ['Status', run.status],
    ['Queue', run.queue],
    ['Attempt', attempts(run)],
    ['Scheduled', run.scheduled_by ?? '-'],
    ['Created', instant(run.created_at)],
    ['Started', instant(run.started_at)],
    ['Completed', instant(run.completed_at)],
  ];
  if (run.status === 'pending' && run.due_at !== null && run.due_at !== run.created_at) lines.push(['Due', instant(run.due_at)]);
  if (run.priority !== 0) lines.push(['Priority', String(run.priority)]);
  if (run.unique_key !== null) lines.push(['Unique', run.unique_key]);
  if (run.data !== null) lines.push(['Data', renderJson(run.data)]);
  if (run.result !== null) lines.push(['Result', renderJson(run.result)]);
  if (run.error !== null) lines.push(['Error', run.error]);
  if (run.earlier_error !== null) lines.push(['Earlier attempt', run.earlier_error]);
  return pairs(lines);
}

function attempts(run: RunView): string {
  return `${run.attempt}/${run.max_attempts}`;
}

function shortError(error: string | null): string {
  if (error === null) return '';
  const text = [...error.replace(/\s+/g, ' ')];
  return text.length <= ERROR_WIDTH ? text.join('') : `${text.slice(0, ERROR_WIDTH).join('')}…`;
}
