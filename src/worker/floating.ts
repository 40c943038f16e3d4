/**
 * What belongs to a run of a handler in JavaScript: promises that it leaves behind and that are rejected end neither the thread nor the runs
 * beside it, and a stretch of its code that lets no other go on is known to be its.
 */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { messageOf } from '../domain/errors.js';
import type { ClaimedRun, LogLine } from '../domain/run.js';
import type { RunControl } from './run-control.js';

interface Executing {
  run: ClaimedRun;
  control: RunControl;
  /** Its place is another run's afterwards. */
  over: boolean;
}

const executing = new AsyncLocalStorage<Executing>();
let handlers = 0;

/** Told of each stretch of a handler's code, also behind its waits. Costs every promise of the thread a little, so it is on only while there are handlers. */
const turns = createHook({
  before: () => note(executing.getStore(), 'executed'),
  after: () => note(executing.getStore(), 'waiting'),
});

/** What `act` begins belongs to the run, also after its end. Until then its stretches are told to the control. */
export async function belonging<T>(run: ClaimedRun, control: RunControl, act: () => Promise<T> | T): Promise<T> {
  const its: Executing = { run, control, over: false };
  if (!control.tellsTurns) return await executing.run(its, act);
  if (handlers++ === 0) turns.enable();
  try {
    note(its, 'executed');
    const begun = executing.run(its, act);
    note(its, 'waiting');
    return await begun;
  } finally {
    note(its, 'waiting');
    its.over = true;
    if (--handlers === 0) turns.disable();
  }
}

function note(its: Executing | undefined, turn: 'executed' | 'waiting'): void {
  if (its && !its.over) its.control.noteTurn(turn);
}

/** For worker threads, whose process is theirs alone. A rejection that belongs to no run ends the thread, as it would without this. */
export function survivesFloating(tell: (run: ClaimedRun, line: LogLine) => void): void {
  process.on('unhandledRejection', (reason) => {
    const store = executing.getStore();
    if (!store) throw reason;
    tell(store.run, { at: Date.now(), level: 'error', text: `a promise that nobody awaited was rejected: ${messageOf(reason)}` });
  });
}
