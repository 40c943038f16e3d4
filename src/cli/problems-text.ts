/** The problems of a project as text. */
import type { Problem } from '../domain/errors.js';
import type { HostLog } from '../host/log.js';
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

/** The warnings of a project as lines of a host's log, which may be JSON throughout. */
export function logWarnings(log: HostLog, problems: readonly Problem[]): void {
  for (const { code, file, line, field, remedy, ...problem } of problems.slice(0, PROBLEMS_SHOWN)) {
    const text = [placeOf({ file, line }), sentenceOf({ field, ...problem })].filter((part) => part !== '').join(': ');
    log.line('warn', remedy === undefined ? text : `${text}; ${remedy}`, { code, file, line, field });
  }
  const left = problems.length - PROBLEMS_SHOWN;
  if (left > 0) log.line('warn', `… and ${plural(left, 'warning')} more (moonlighter check lists them)`);
}

function problemText(problem: Problem): string {
  const place = placeOf(problem);
  const text = `${problem.severity}${place === '' ? '' : ` ${place}`}: ${sentenceOf(problem)}`;
  return problem.remedy === undefined ? text : `${text}\n  ${problem.remedy}`;
}

function placeOf({ file, line }: Pick<Problem, 'file' | 'line'>): string {
  if (file === undefined) return '';
  return line === undefined ? file : `${file}:${line}`;
}

function sentenceOf({ message, field }: Pick<Problem, 'message' | 'field'>): string {
  const within = field === undefined || message.includes(field) ? '' : ` (at ${field})`;
  return `${message.replaceAll('\n', '\n  ')}${within}`;
}
