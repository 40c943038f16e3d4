/** Promises that a handler in JavaScript leaves behind and that are rejected: they end neither the thread nor the runs beside it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { messageOf } from '../domain/errors.js';
import type { ClaimedRun, LogLine } from '../domain/run.js';

const executing = new AsyncLocalStorage<ClaimedRun>();

/** What `act` begins belongs to the run, also after its end. */
export function belonging<T>(run: ClaimedRun, act: () => T): T {
  return executing.run(run, act);
}

/** For worker threads, whose process is theirs alone. A rejection that belongs to no run ends the thread, as it would without this. */
export function survivesFloating(tell: (run: ClaimedRun, line: LogLine) => void): void {
  process.on('unhandledRejection', (reason) => {
    const run = executing.getStore();
    if (!run) throw reason;
    tell(run, { at: Date.now(), level: 'error', text: `a promise that nobody awaited was rejected: ${messageOf(reason)}` });
  });
}
