/** Messages between the main thread and a worker thread. Plain data; the union's `type` names the act. */
import type { ClaimedRun, LogLine, Outcome } from '../domain/run.js';

/** workerData of a worker thread. */
export interface WorkerSetup {
  worker: number;
  host: string;
  projectDir: string;
  databasePath: string;
  /** CrapConfig and MoonlighterConfig, already loaded and checked. */
  config: unknown;
  /** Slots at most. */
  maxSlots: number;
}

export type ToWorker =
  | { type: 'run'; run: ClaimedRun; timeoutMs: number }
  | { type: 'stop-run'; run: string; claim: number; reason: 'timed_out' | 'cancelled' | 'released' }
  | { type: 'write-granted'; ticket: number }
  | { type: 'shutdown' };

export type FromWorker =
  | { type: 'ready'; problems: unknown[] }
  /** The handler's code is about to run: the timeout clock starts. */
  | { type: 'run-started'; run: string; claim: number }
  /** The attempt is over and its transaction closed. `completed` is committed already; everything else is for the main thread to record. */
  | {
      type: 'run-ended';
      run: string;
      claim: number;
      outcome: Outcome;
      /** false with outcome completed = the claim was lost and everything rolled back. */
      committed: boolean;
      result?: string | null;
      error?: { code: string; message: string; traceback?: string };
      log: LogLine[];
      /** Runs queued by the handler became visible: look for work. */
      queued: boolean;
    }
  | { type: 'log'; run: string | undefined; slug: string | undefined; line: LogLine }
  | { type: 'write-requested'; ticket: number; owner: string; signal?: SharedArrayBuffer }
  | { type: 'write-released'; ticket: number }
  /** A run waits for something outside while it is the writer. */
  | { type: 'writer-suspended'; run: string; slug: string; reason: string; file?: string; line?: number };
