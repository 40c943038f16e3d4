/** Waiting for a lock that another program holds: short growing pauses, never SQLite's own busy handler, which would block the thread. */
import { HostError, StoreUnavailableError } from '../../domain/errors.js';
import { type Op, type Wait, waitFor } from '../../domain/op.js';
import type { Database } from './database.js';
import { isBusy } from './errors.js';

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 25;
/** A wait that lasts this long is told, once. */
const TELL_AFTER_MS = 1_000;
/** A frame that cannot be suspended stands still this long at most, in all pauses of one statement. */
const BLOCK_LIMIT_MS = 250;

/**
 * Runs `statement` until the other program's lock is gone; at most the connection's busyTimeoutMs, then WRITE_LOCK_BUSY.
 * Other errors are thrown as the driver gave them.
 */
export function* untilUnlocked<T>(database: Database, statement: () => T): Op<T> {
  const begun = performance.now();
  const blocked = { ms: 0 };
  let told = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      const result = statement();
      if (told) database.onLocked?.({ free: true, waitedMs: performance.now() - begun });
      return result;
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() - begun >= database.busyTimeoutMs) {
        throw new StoreUnavailableError(
          'WRITE_LOCK_BUSY',
          `the database ${database.path} is locked by another program since ${Math.round(performance.now() - begun)} ms`,
          {
            remedy: 'end what holds the lock (crap-cms, a sqlite3 shell, a backup), or raise [database] busy_timeout',
            retryable: true,
            details: { path: database.path },
            cause: error,
          },
        );
      }
      if (!told && performance.now() - begun >= TELL_AFTER_MS) {
        told = true;
        database.onLocked?.({ free: false, waitedMs: performance.now() - begun });
      }
      yield* waitFor<void>(pauseOf(pause, blocked));
    }
  }
}

function pauseOf(ms: number, blocked: { ms: number }): Wait {
  let timer: NodeJS.Timeout | undefined;
  return {
    reason: 'write_lock',
    start: () =>
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      }),
    block: () => {
      if (blocked.ms >= BLOCK_LIMIT_MS) {
        throw new HostError('WRITE_LOCK_BUSY', `the database was busy for ${BLOCK_LIMIT_MS} ms and this call cannot wait longer here`, {
          remedy: 'write outside of sort comparators, gsub callbacks and metamethods, where a call can wait',
        });
      }
      blocked.ms += ms;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    },
    cancel: () => clearTimeout(timer),
  };
}
