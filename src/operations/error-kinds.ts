/** What surfaces ask of an error that came out of project code or content. */

import { DurationError } from '../domain/duration.js';
import { HostError, UsageError } from '../domain/errors.js';
import { ScheduleError } from '../domain/schedule.js';
import { LuaError } from '../lua/errors.js';

/** Codes of refusals by access rules, conflicts and limits, wherever they were raised. */
const REFUSALS = new Set(['ACCESS_DENIED', 'FIELD_ACCESS_DENIED', 'DOCUMENT_REFERENCED', 'WRITE_CONFLICT', 'DATA_TOO_LARGE']);

/** Codes of a filter, sort order or page that does not fit its collection. */
const WRONG_QUERIES = /^(FILTER_|CURSOR_|OPTION_|FIELD_INVALID|LOCALE_INVALID)/;

/** The traceback of an error that came out of Lua, or of one that carries it in its details. */
export function tracebackOf(error: unknown): string | undefined {
  if (error instanceof LuaError) return error.traceback;
  const told = error instanceof HostError ? error.details['traceback'] : undefined;
  return typeof told === 'string' ? told : undefined;
}

/** A content operation or a job's access rule refused. */
export function isLuaRefusal(error: unknown): boolean {
  return error instanceof HostError && !(error instanceof LuaError) && REFUSALS.has(error.code);
}

/** A cron expression or a duration that a user typed does not parse. */
export function isWrongExpression(error: unknown): boolean {
  return error instanceof ScheduleError || error instanceof DurationError;
}

/** What a caller's own query did wrong, as wrong usage; other errors as they are. */
export function queryFailure(error: unknown): unknown {
  if (!(error instanceof HostError) || error instanceof LuaError || !WRONG_QUERIES.test(error.code)) return error;
  const { code, message, remedy, details } = error;
  return new UsageError(code, message, { remedy, details, cause: error });
}
