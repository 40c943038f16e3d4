/** What a project defines once: a job. Shapes only; parsing of the Lua table stands in project/. */
import type { Json } from './json.js';

/** A Lua function named from a definition: `"jobs.cleanup.run"`, or `{ ref, options }` in the later generation. */
export interface FunctionRef {
  ref: string;
  options?: Json;
}

/** The content of a job as loaded from Lua. Seconds are whole or fractional numbers. */
export interface JobDefinition {
  slug: string;
  handler: FunctionRef;
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
  /** File (relative) and line of the `define` call. */
  file?: string;
  line?: number;
}
