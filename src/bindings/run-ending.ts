/**
 * crap.jobs.retry_later and crap.jobs.discard: a handler ends its own attempt. No pcall catches them, nothing after them is executed, and
 * what the attempt wrote is rolled back (with `transaction = false`: what its last call wrote).
 */

import { RunAbort } from '../domain/errors.js';
import { numberOf } from '../domain/json.js';
import { BindingError } from '../lua/errors.js';
import { secondsOf } from '../lua/seconds.js';
import { luaTypeName } from '../lua/type-names.js';
import type { LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import type { Session } from './session.js';

export function runEndingBindings(session: Session): Record<string, Binding> {
  return {
    /** (seconds or "5m", reason?): the run waits so long and is tried again; no attempt is spent. */
    retry_later: binding(['any', 'string?'], (delay, reason) => {
      requireRun(session, 'retry_later');
      const retryInMs = parseDelay(delay);
      throw new RunAbort('retry_later', reason ?? `to be tried again in ${retryInMs / 1000}s`, { retryInMs });
    }),
    /** (reason?): the run has failed for good, whatever retries are left. */
    discard: binding(['string?'], (reason) => {
      requireRun(session, 'discard');
      throw new RunAbort('discarded', reason ?? 'discarded by its handler');
    }),
  };
}

function requireRun(session: Session, name: string): void {
  if (session.requireDatabase().inRun) return;
  throw new BindingError('NOT_IN_A_RUN', `crap.jobs.${name} ends the attempt of a run, and no run is being executed here`, {
    remedy: 'call it from the handler of a job, or from what the handler calls',
  });
}

function parseDelay(value: LuaValue): number {
  const seconds = secondsOf(value);
  if (seconds !== undefined) return Math.round(seconds * 1000);
  const shown = typeof value === 'string' ? JSON.stringify(value) : (numberOf(value) ?? luaTypeName(value));
  throw new BindingError('RETRY_DELAY', `crap.jobs.retry_later: expected seconds of at least 0 or a duration such as '5m'; got ${shown}`);
}
