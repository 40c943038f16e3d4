/** The problems of a project as text. */
import type { Problem } from '../domain/errors.js';
import { plural } from './output.js';

/** The reference lists all; a terminal holds about this many. */
const PROBLEMS_SHOWN = 20;

/** One block a problem: place, what is wrong, what to do; errors first. */
export function problemsText(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error');
  const warnings = problems.filter((problem) => problem.severity === 'warning');
  const shown = [...errors, ...warnings].slice(0, PROBLEMS_SHOWN);
  const lines = shown.map(problemText);
  if (shown.length < problems.length) lines.push(`… and ${problems.length - shown.length} more (moonlighter --json check lists all)`);
  lines.push(`${plural(errors.length, 'error')}, ${plural(warnings.length, 'warning')}`);
  return lines.join('\n');
}

function problemText(problem: Problem): string {
  const place = problem.file === undefined ? '' : ` ${problem.file}${problem.line === undefined ? '' : `:${problem.line}`}`;
  const { field } = problem;
  const within = field === undefined || problem.message.includes(field) ? '' : ` (at ${field})`;
  const text = `${problem.severity}${place}: ${problem.message.replaceAll('\n', '\n  ')}${within}`;
  return problem.remedy === undefined ? text : `${text}\n  ${problem.remedy}`;
}
