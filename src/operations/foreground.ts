/** What commands that execute project code in this process have in common: the user, the log, and waking hosts afterwards. */

import type { Session } from '../bindings/session.js';
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LogLine } from '../domain/run.js';
import type { TransactionOptions } from '../worker/local.js';
import type { OpenedProject } from './open-project.js';

export interface ForegroundOptions {
  /** The current user's document; with one, access is enforced unless a call overrides it. */
  user?: JsonObject;
  /** Undoes everything at the end. */
  rollback?: boolean;
  /** Lines of crap.log and print. */
  log?(line: LogLine): void;
  signal?: AbortSignal;
}

/** Calls `body` in one transaction, commits, and wakes the hosts when runs were queued. */
export async function inTransaction<T>(opened: OpenedProject, options: ForegroundOptions, body: (session: Session) => Op<T>): Promise<T> {
  const executor = await opened.executor();
  return await waking(opened, options, (call) => executor.transaction((session) => body(session), call));
}

/** Runs `act` and wakes the hosts afterwards when it queued anything. */
export async function waking<T>(
  opened: OpenedProject,
  options: ForegroundOptions,
  act: (call: TransactionOptions) => Promise<T>,
): Promise<T> {
  let queued = false;
  const onQueued = () => {
    queued = true;
  };
  const result = await act({ ...options, onQueued });
  if (queued) await opened.wake();
  return result;
}
