/** What a project defines once: a job. Shapes only; parsing of the Lua table stands in project/. */
import type { Json } from './json.js';
import type { FinalStatus } from './run.js';

/** A Lua function named from a definition: `"jobs.cleanup.run"`, or `{ ref, options }` in the later generation. */
export interface FunctionRef {
  ref: string;
  options?: Json;
}

/**
 * How long a run waits after a failed attempt. `list`: seconds after the first, second … failure, the last one for all further.
 * `curve`: min(base * factor^(attempt - 1), max) seconds, spread by ±jitter (0 to 1). `function`: a Lua function that is given
 * `{ attempt, error, data }` and returns seconds, or nil for the default.
 */
export type Backoff =
  | { kind: 'list'; seconds: number[] }
  | { kind: 'curve'; base: number; factor: number; max: number; jitter: number }
  | { kind: 'function'; function: FunctionRef };

/** What becomes of due instants that nobody was there to run: left out, run once for all of them, or each (up to a limit). */
export type MisfirePolicy = 'skip' | 'once' | 'all';

/** Local times that do not exist when clocks go forward (`gap`), and those that come twice when they go back (`overlap`). */
export interface DstPolicy {
  /** Left out, or due as much earlier or later as the clock jumps. Default "after". */
  gap?: 'skip' | 'before' | 'after';
  /** Default "first", and "both" where the minute or the hour begins with `*`. */
  overlap?: 'first' | 'second' | 'both';
}

/** The content of a job as loaded from Lua. Seconds are whole or fractional numbers. */
export interface JobDefinition {
  slug: string;
  handler: FunctionRef;
  /**
   * What executes it: a Lua function (default), the function `ref` of the module `module` in a worker thread, or a function of the
   * application on its own thread.
   */
  kind?: 'lua' | 'module' | 'inline';
  /** With kind module: URL of the JavaScript module. */
  module?: string;
  /** Cron text as written; undefined = no schedule. */
  schedule?: string;
  /** IANA zone; undefined = the project's, which is UTC by default. */
  timezone?: string;
  /** Default "default". */
  queue: string;
  /** Further attempts after failures. Default 0. */
  retries: number;
  /** How long the handler may run, in seconds. Default 60. */
  timeout: number;
  /** Runs of this job at a time, over all hosts. Default 1. */
  concurrency: number;
  /** A tick is skipped while a run of the job is running. Default true. */
  skipIfRunning: boolean;
  /** Higher first. Default 0. */
  priority: number;
  label?: string;
  /** Asked on trigger from Lua and HTTP; undefined = open. */
  access?: FunctionRef;
  /** true (default): one transaction from the first read; "immediate": a writer from the start; false: each call its own. */
  transaction: boolean | 'immediate';
  /** Runs of one key at a time, in the order of their enqueueing. Default 1. */
  keyConcurrency?: number;
  /** At most `limit` claims within any `per` seconds, over all hosts. */
  rateLimit?: { limit: number; per: number };
  /** Default min(5 * 2^(attempt-1), 300) seconds. */
  backoff?: Backoff;
  /** Seconds that ended runs are kept, by status; default [jobs] auto_purge. */
  retention?: Partial<Record<FinalStatus, number>>;
  /** "stale": a run whose host or thread is gone is not run again. Default "retry". */
  onLost?: 'retry' | 'stale';
  /** Slug of a job: when a run has failed for good or is stale, a run of that job is queued with what became of it. */
  onFailed?: string;
  /** Default "skip". */
  misfire?: MisfirePolicy;
  /** Missed instants that `misfire = "all"` runs at most, the newest. Default 100. */
  misfireLimit?: number;
  dst?: DstPolicy;
  /** Each tick runs up to this many seconds later, by chance. Default 0. */
  jitter?: number;
  /** Epoch ms before which, and from which on, no instant of the schedule is run. */
  from?: number;
  until?: number;
  /** Lua instructions that one attempt may execute; default [hooks] max_instructions where crap.toml writes it. */
  maxInstructions?: number;
  /** Bytes of memory that a slot may take while it executes a run of this job; default that of the slot. */
  maxMemory?: number;
  /** File (relative) and line of the `define` call. */
  file?: string;
  line?: number;
}
