/**
 * Errors of content operations in the reference's words (Lua API 4.1): a prefix for some calls, the renderings of what hooks raised
 * inside, failing SQL in full. What crap.validation_error raises is the validation of the write itself. A table that a hook raised crosses unchanged, and so do code and details of host errors.
 */
import { type ErrorDetails, HostError } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import { SqlError } from '../store/db.js';
import { RaisedValidation } from './validate/report.js';

export function refused(code: string, message: string, details?: ErrorDetails): BindingError {
  return new BindingError(code, message, { details });
}

/** Runs the body of a call whose errors carry a prefix ("create error: "). */
export function* prefixed<T>(prefix: string, body: () => Op<T>): Op<T> {
  try {
    return yield* body();
  } catch (error) {
    if (error instanceof BindingError) {
      throw new BindingError(error.code, prefix + error.message, { remedy: error.remedy, details: error.details, cause: error });
    }
    throw error instanceof SqlError ? sqlFailure(prefix, 'execute', error) : error;
  }
}

/** What to throw for an error that project code raised inside an operation: text grows by one rendering, a raised table stays itself. `relative` shortens its position. */
export function fromLua(error: unknown, relative = (message: string) => message): unknown {
  if (error instanceof RaisedValidation) return error.settled();
  if (error instanceof BindingError) return rendered(error, error);
  if (!(error instanceof LuaError)) return error;
  const { cause, value } = error;
  if (cause instanceof RaisedValidation) return cause.settled();
  if (cause instanceof BindingError) return rendered(cause, error);
  if (cause instanceof HostError && !(cause instanceof LuaError)) return cause;
  if (typeof value === 'object' && value !== null) return error;
  const message = relative(error.message);
  const text = error.kind === 'runtime' ? `runtime error: ${message}` : message;
  return new BindingError(error.code, text, { remedy: error.remedy, details: error.details, cause: error });
}

function rendered(inner: BindingError, cause: unknown): BindingError {
  const text = inner.prefixed ? `runtime error: ${inner.message}` : inner.message;
  return new BindingError(inner.code, text, { remedy: inner.remedy, details: inner.details, cause });
}

/** A statement that fails shows itself: `{what}: execute failed: {sql}: {text}: Error code {n}: {meaning}`. */
export function* showingSql<T>(what: string, step: 'execute' | 'prepare', body: () => Op<T>): Op<T> {
  try {
    return yield* body();
  } catch (error) {
    if (error instanceof SqlError) throw sqlFailure(`${what}: `, step, error);
    throw error;
  }
}

function sqlFailure(prefix: string, step: 'execute' | 'prepare', error: SqlError): BindingError {
  let n = 0;
  const sql = error.sql.replace(/\?/g, () => `?${++n}`);
  const column = /no column named (\w+)|no such column: (\w+)/.exec(error.message);
  const constraint = error.code.includes('CONSTRAINT') || error.code.startsWith('23');
  const meaning = constraint ? 'constraint failed' : 'SQL logic error';
  const number = error.number ?? 1;
  return new BindingError(
    constraint ? 'CONSTRAINT_FAILED' : column ? 'SCHEMA_OUTDATED' : 'SQL_FAILED',
    `${prefix}${step} failed: ${sql}: ${error.message}: Error code ${number}: ${meaning}`,
    {
      remedy: column
        ? `the table has no column '${column[1] ?? column[2]}': a field that was defined after the start exists from the next start on`
        : undefined,
      details: { sqlite: error.code },
      cause: error,
    },
  );
}
