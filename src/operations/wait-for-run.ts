/** Waits until a run has reached a status that does not change by itself. */
import { setTimeout as pause } from 'node:timers/promises';
import { isFinal } from '../domain/state-machine.js';
import { getRun } from './find-run.js';
import type { OpenedDatabase } from './open-database.js';
import type { RunView } from './run-view.js';

/** A read costs some 50 µs; short runs are seen at once, long ones cost four reads a second. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;

/** Rejects with the signal's reason when it is aborted. */
export async function waitForRun(opened: OpenedDatabase, id: string, signal?: AbortSignal): Promise<RunView> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * 1.5, LONGEST_PAUSE_MS)) {
    const run = await getRun(opened, id);
    if (isFinal(run.status)) return run;
    await pause(ms, undefined, { signal });
  }
}
