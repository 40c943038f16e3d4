/** How a command says that it failed: code, message, remedy; with --json one document on stdout. */
import { HostError, messageOf, type Problem, ProjectError } from '../domain/errors.js';
import { tracebackOf } from '../operations/error-kinds.js';
import { type Output, plural } from './output.js';

/** The reference lists all; a terminal holds about this many. */
const PROBLEMS_SHOWN = 20;

export interface FailureDocument {
  error: { code: string; message: string; remedy: string | null; details: Record<string, unknown> };
}

export function failureDocument(error: unknown): FailureDocument {
  const traceback = tracebackOf(error);
  const details = error instanceof HostError ? { ...error.details } : {};
  if (traceback !== undefined) details['traceback'] = traceback;
  return {
    error: {
      code: error instanceof HostError ? error.code : 'INTERNAL',
      message: messageOf(error),
      remedy:
        error instanceof HostError
          ? (error.remedy ?? null)
          : 'this is a fault of Moonlighter: please report it with the command and this text',
      details,
    },
  };
}

export function showFailure(output: Output, error: unknown): void {
  if (output.json) {
    output.document(failureDocument(error));
    return;
  }
  if (error instanceof ProjectError) {
    output.note(problemsText(error.problems));
    return;
  }
  const { message, remedy, details } = failureDocument(error).error;
  output.note(`Error: ${message}`);
  if (typeof details['at'] === 'string') output.note(`  at ${details['at']}`);
  const traceback = tracebackOf(error) ?? (error instanceof HostError ? undefined : error instanceof Error ? error.stack : undefined);
  if (traceback !== undefined) output.note(traceback);
  if (remedy) output.note(`  ${remedy}`);
}

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
