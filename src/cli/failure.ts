/** How a command says that it failed: code, message, remedy; with --json one document on stdout; and its exit code. */
import { HostError, messageOf, NotFoundError, ProjectError, RefusedError, StoreUnavailableError, UsageError } from '../domain/errors.js';
import { isLuaRefusal, isWrongExpression, tracebackOf } from '../operations/error-kinds.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Output } from './output.js';
import { problemsText } from './problems-text.js';

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

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ProjectError || error instanceof UsageError || isWrongExpression(error)) return EXIT.usage;
  if (error instanceof NotFoundError) return EXIT.notFound;
  if (error instanceof RefusedError || isLuaRefusal(error)) return EXIT.refused;
  if (unavailableWithin(error)) return EXIT.unavailable;
  return EXIT.failed;
}

/** The database was unavailable, also where Lua code met it on its way. */
function unavailableWithin(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof StoreUnavailableError) return true;
  return false;
}
