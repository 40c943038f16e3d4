/** Messages between the main thread and a worker thread. Plain data; the union's `type` names the act. */
import type { Problem } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { ClaimedRun, LogLine, Outcome } from '../domain/run.js';
import type { Registry } from '../project/registry.js';
import type { Change } from './changes.js';
import type { Places } from './places.js';

/** workerData of a worker thread. */
export interface WorkerSetup {
  worker: number;
  host: string;
  projectDir: string;
  databasePath: string;
  /** CrapConfig and MoonlighterConfig (src/config), already loaded and checked. */
  crap: unknown;
  moonlighter: unknown;
  generation: 8 | 10;
  registry: Registry;
  /** Slots at most. */
  maxSlots: number;
  /** Shared with the main thread: `[0]` is 1 while anybody there listens to changed documents. */
  listening: Int32Array;
  /** Shared with the main thread; one for each slot. */
  places: Places;
  /** Shared with the main thread (log-stream.ts): what it has not read of the log. */
  unread: Int32Array;
}

/** Why the main thread ends a run. A lost claim is stopped as `released`: nothing of it is recorded. */
export type StopReason = 'timed_out' | 'cancelled' | 'released';

/** An error as it travels: the run's `error` column becomes `message`, then the traceback on its own lines. */
export interface RunError {
  code: string;
  message: string;
  traceback?: string;
}

/** How an attempt ended, seen from the thread that executed it. */
export interface RunReport {
  outcome: Outcome;
  /**
   * The completion is committed. false with outcome completed = the claim was lost and everything rolled back.
   * Outcomes other than completed are never committed by a worker: the main thread records them.
   */
  committed: boolean;
  /** JSON text. */
  result?: string | null;
  error?: RunError;
  log: LogLine[];
  /** Runs queued by the handler became visible: look for work. */
  queued: boolean;
  /** After failed, timed_out and released: how long the run waits, where the project said so. */
  retryInMs?: number;
  /** After failed: no retry, whatever attempts are left. */
  final?: boolean;
}

/** The end of an attempt on its way to the main thread. */
export interface EndedRun {
  run: string;
  claim: number;
  report: RunReport;
}

/** A run on its way to a thread. `place`: of those that the two threads share; the run begins only where it was not withdrawn. */
export interface GivenRun {
  run: ClaimedRun;
  timeoutMs: number;
  place: number;
}

export type ToWorker =
  /** Those that were claimed together. */
  | { type: 'runs'; runs: GivenRun[] }
  /** `error`: what the attempt is recorded with, instead of the text of the reason. */
  | { type: 'stop-run'; run: string; claim: number; reason: StopReason; error?: RunError }
  /** Calls the [hooks] on_init functions in one transaction; answered by `initialised`. */
  | { type: 'initialise' }
  /** A script of another thread has defined this job anew. */
  | { type: 'redefine'; job: JobDefinition }
  | { type: 'write-granted'; ticket: number }
  /** Every run is over or stopped as released; close everything and exit. */
  | { type: 'shutdown' };

export type FromWorker =
  /** The engine and the first slot are loaded. */
  | { type: 'ready'; problems: Problem[] }
  /** The thread cannot work (the project does not load any more, no database). It exits after this. */
  | { type: 'unusable'; error: RunError }
  | { type: 'initialised'; error?: RunError; remedy?: string | undefined; queued: boolean }
  /** A script has defined this job anew: the runs to come use it, on every thread. */
  | { type: 'job-redefined'; job: JobDefinition }
  /** The handler has begun and has not returned at once; one that has is known to have begun by its end. */
  | { type: 'run-started'; run: string; claim: number }
  /** Attempts are over, their transactions closed and their slots free. */
  | { type: 'runs-ended'; ends: EndedRun[] }
  /** The run in this place had been withdrawn: nothing of it has begun, and the place can be used again. */
  | { type: 'place-freed'; place: number }
  | { type: 'log'; run: string | undefined; slug: string | undefined; line: LogLine }
  /** `signal[0]`: 0 waiting, 1 granted, 2 given up; the blocked thread sleeps on it. */
  | { type: 'write-requested'; ticket: number; owner: string; signal?: SharedArrayBuffer }
  /** A document changed, and its transaction has committed; told while anybody listens. */
  | { type: 'document-changed'; change: Change }
  /** The grant is given back, or the request withdrawn. */
  | { type: 'write-released'; ticket: number }
  /** A writer has waited so long for another program's lock; `free`: it does not wait any more. */
  | { type: 'lock-met'; free: boolean; waitedMs: number }
  /** A run waits for something outside while it is the writer; `fromStart`: it has been as of its first read, whether it has written or not. */
  | { type: 'writer-suspended'; run: string; slug: string; reason: string; fromStart: boolean; file?: string; line?: number };

/** A run as the owner of the write queue. */
export function ownerOf(run: { slug: string; id: string }): string {
  return `${run.slug} ${run.id}`;
}

/** States of the word a blocked thread sleeps on. */
export const SIGNAL_WAITING = 0;
export const SIGNAL_GRANTED = 1;
export const SIGNAL_GIVEN_UP = 2;
