/** What is thrown out of a run, as the outcome and text that are recorded. */
import { HostError, messageOf, RunAbort, StoreUnavailableError } from '../domain/errors.js';
import { LuaError } from '../lua/errors.js';
import type { RunError, RunReport } from './protocol.js';

/** A claim is a write too: while the database cannot be written nothing is claimed, so this needs not be long. */
const UNAVAILABLE_DELAY_MS = 1_000;

/** The reference's text; whole seconds print without a fraction. */
export function timeoutText(timeoutMs: number): string {
  return `timeout after ${timeoutMs / 1000}s`;
}

type Ending = Pick<RunReport, 'outcome' | 'error' | 'retryInMs' | 'final'>;

/** `conflict` is decided by the executor before this. */
export function endingOf(thrown: unknown, timeoutMs: number): Ending {
  if (thrown instanceof RunAbort) return abortEnding(thrown, timeoutMs);
  return { outcome: 'failed', error: errorOf(thrown) };
}

/** An attempt that could not go on or be completed because the database is unavailable did nothing wrong: it is given back. */
export function recordedEnding(thrown: unknown, timeoutMs: number): Ending {
  if (isUnavailable(thrown)) return { outcome: 'released', error: errorOf(thrown), retryInMs: UNAVAILABLE_DELAY_MS };
  return endingOf(thrown, timeoutMs);
}

/** Also below what Lua made of it. A damaged file is not better for the next attempt. */
function isUnavailable(thrown: unknown): boolean {
  for (let at = thrown; at instanceof Error; at = at.cause) {
    if (at instanceof StoreUnavailableError) return at.code !== 'DATABASE_CORRUPT';
  }
  return false;
}

export function errorOf(thrown: unknown): RunError {
  if (thrown instanceof LuaError) {
    const host = thrown.cause instanceof HostError ? thrown.cause : thrown;
    const { traceback } = thrown;
    const code = thrown.kind === 'memory' ? 'MEMORY_LIMIT' : host.code;
    if (traceback === undefined) return { code, message: placed(thrown.render(), host) };
    return { code, message: placed(thrown.render().slice(0, -(traceback.length + 1)), host), traceback };
  }
  if (thrown instanceof HostError) return { code: thrown.code, message: placed(thrown.message, thrown) };
  return { code: 'INTERNAL', message: messageOf(thrown) };
}

/** The first line is the reference's text; the value that it speaks of stands below. */
function placed(message: string, { details }: HostError): string {
  return typeof details['at'] === 'string' ? `${message}\nat ${details['at']}` : message;
}

function abortEnding(abort: RunAbort, timeoutMs: number): Ending {
  switch (abort.reason) {
    case 'timed_out':
      return { outcome: 'timed_out', error: { code: 'RUN_TIMED_OUT', message: timeoutText(timeoutMs) } };
    case 'cancelled':
      return { outcome: 'cancelled', error: { code: 'RUN_CANCELLED', message: 'cancelled' } };
    case 'released':
      return { outcome: 'released' };
    case 'instruction_limit':
      return {
        outcome: 'failed',
        error: { code: 'INSTRUCTION_LIMIT', message: 'runtime error: Lua execution exceeded instruction limit' },
      };
    case 'memory_limit':
      return { outcome: 'failed', error: { code: 'MEMORY_LIMIT', message: 'memory error: not enough memory' } };
    case 'retry_later':
      return { outcome: 'released', error: { code: 'RETRY_LATER', message: abort.message }, retryInMs: abort.retryInMs ?? 0 };
    case 'discarded':
      return { outcome: 'failed', error: { code: 'DISCARDED', message: abort.message }, final: true };
    case 'conflict':
      return { outcome: 'failed', error: { code: 'WRITE_CONFLICT', message: abort.message } };
  }
}
