/** What commands that execute project code in this process have in common: the user, the log, and waking hosts afterwards. */
import type { Session } from '../bindings/session.js';
import type { Op } from '../domain/op.js';
import type { LogLine } from '../domain/run.js';
import type { TransactionOptions } from '../worker/local.js';
import { userDocument } from './acting-user.js';
import type { ActingUser } from './json-argument.js';
import type { OpenedProject } from './open-project.js';

export interface ForegroundOptions {
  /** The current user; with one, access is enforced unless a call overrides it. */
  user?: ActingUser;
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
  const { user, ...others } = options;
  const document = user === undefined ? undefined : await userDocument(opened, user);
  const result = await act({ ...others, ...(document && { user: document }), onQueued });
  if (queued) await opened.wake();
  return result;
}
