/**
 * Errors of the host: one base class with a stable code, the facts as fields and a remedy.
 * Subclasses exist only where a caller branches. Codes are listed in docs/errors.md.
 */

/** Facts that accompany an error; plain JSON, shown by `--json` as `details`. */
export type ErrorDetails = Record<string, unknown>;

export interface HostErrorOptions {
  /** What to do about it, one sentence. */
  remedy?: string;
  details?: ErrorDetails;
  cause?: unknown;
}

export class HostError extends Error {
  /** SCREAMING_SNAKE, stable, documented. */
  readonly code: string;
  readonly remedy: string | undefined;
  readonly details: ErrorDetails;

  constructor(code: string, message: string, options: HostErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.remedy = options.remedy;
    this.details = options.details ?? {};
  }
}

/** One thing wrong with a project: where it is, what is wrong, what to do. */
export interface Problem {
  severity: 'error' | 'warning';
  code: string;
  message: string;
  /** Path relative to the project folder. */
  file?: string;
  /** 1-based. */
  line?: number;
  /** Dotted path of the key or field. */
  field?: string;
  remedy?: string;
}

/** A project that cannot be used: every problem found, together. Exit code 2. */
export class ProjectError extends HostError {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const errors = problems.filter((p) => p.severity === 'error');
    super('PROJECT_INVALID', `the project has ${errors.length} problem(s): ${errors[0]?.message ?? ''}`, {
      remedy: 'run `moonlighter check` to see every problem with file and line',
      details: { problems },
    });
    this.problems = problems;
  }
}

/** Something asked for by id, slug or path is not there. Exit code 3. */
export class NotFoundError extends HostError {}

/** Refused: access, conflict with a state, a limit. Exit code 4. */
export class RefusedError extends HostError {}

/** Wrong usage: bad option, bad JSON. Exit code 2. */
export class UsageError extends HostError {}

/** The database or a server cannot be used now. Exit code 5. `retryable` says whether waiting can help. */
export class StoreUnavailableError extends HostError {
  readonly retryable: boolean;
  constructor(code: string, message: string, options: HostErrorOptions & { retryable?: boolean } = {}) {
    super(code, message, options);
    this.retryable = options.retryable ?? false;
  }
}

/**
 * Ends a run from inside an operation without the script being able to catch it:
 * the coroutine is never resumed. `reason` decides what becomes of the run.
 */
export class RunAbort extends Error {
  readonly reason: AbortReason;
  /** With retry_later: how long the run is to wait. */
  readonly retryInMs: number | undefined;
  constructor(reason: AbortReason, message: string, options: { cause?: unknown; retryInMs?: number } = {}) {
    super(message, options);
    this.name = 'RunAbort';
    this.reason = reason;
    this.retryInMs = options.retryInMs;
  }
}

/**
 * conflict: another commit came between the snapshot and the first write; timed_out, cancelled, instruction_limit, memory_limit: stopped;
 * released: given back (shutdown); retry_later and discarded: asked for by the handler.
 */
export type AbortReason =
  | 'conflict'
  | 'timed_out'
  | 'cancelled'
  | 'instruction_limit'
  | 'memory_limit'
  | 'released'
  | 'retry_later'
  | 'discarded';

/** `message` of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
