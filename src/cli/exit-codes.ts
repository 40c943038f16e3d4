/** Exit codes, in one table (docs/cli.md shows it), and which error ends a command with which. */
import { NotFoundError, ProjectError, RefusedError, StoreUnavailableError, UsageError } from '../domain/errors.js';
import { isLuaRefusal, isWrongExpression } from '../operations/error-kinds.js';

export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong usage, or a project that cannot be used. */
  usage: 2,
  notFound: 3,
  /** Access, a conflict with what is there, a limit. */
  refused: 4,
  /** The database or a server is unavailable. */
  unavailable: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

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
