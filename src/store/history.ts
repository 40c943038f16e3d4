/** What `verify` reads through the store seam: breaches that rows show by themselves, and the history that limits and schedules are judged by. */
import type { Outcome } from '../domain/run.js';
import type { RateLimit } from './store.js';

/** What `verify` can find broken (docs/guarantees.md). */
export type BreachCode =
  | 'RUN_ABANDONED'
  | 'CLAIM_GAP'
  | 'CLAIM_UNKNOWN'
  | 'CLAIM_ORDER'
  | 'EFFECT_TWICE'
  | 'EFFECT_WITHOUT_COMPLETION'
  | 'COMPLETION_WITHOUT_ATTEMPT'
  | 'RESULT_WITHOUT_COMPLETION'
  | 'TRANSITION_FORBIDDEN'
  | 'RUNNING_AFTER_END'
  | 'ATTEMPT_NUMBER'
  | 'TOO_MANY_ATTEMPTS'
  | 'ATTEMPT_ORPHAN'
  | 'DEPENDENCY_ORPHAN'
  | 'WAIT_STUCK'
  | 'ATTEMPTS_OVERLAP'
  | 'LIMIT_EXCEEDED'
  | 'RATE_EXCEEDED'
  | 'TICK_MISSING'
  | 'TICK_DOUBLE'
  | 'TICK_NOT_DUE'
  | 'TICK_RUN_MISSING';

/** A breach of a promise as the rows show it. */
export interface FoundBreach {
  code: BreachCode;
  run: string | null;
  slug: string | null;
  /** Epoch ms, where it has one. */
  at: number | null;
  evidence: Readonly<Record<string, string | number | null>>;
}

/** An attempt with what limits look at; one that has not ended has neither end nor outcome. */
export interface PastAttempt {
  /** Ascends in the order of recording. */
  row: number;
  run: string;
  claim: number;
  startedAt: number | null;
  endedAt: number | null;
  outcome: Outcome | null;
  slug: string;
  queue: string;
  key: string | null;
  keyLimit: number;
}

/** By what a host claims: what its definitions and its configuration said when it started. */
export interface ClaimLimits {
  /** Run-wide; Infinity = none. */
  total: number;
  /** Queues that are not listed have none. */
  queues: ReadonlyMap<string, number>;
  /** Jobs that are not listed are not claimed. */
  jobs: ReadonlyMap<string, number>;
  rates: ReadonlyMap<string, RateLimit>;
}

/** From `since` to `until` (undefined = still) some host went by these limits. Eras overlap where hosts went by different ones. Epoch ms. */
export interface LimitsEra {
  since: number;
  until: number | undefined;
  limits: ClaimLimits;
}

/** How much history there is, and what of it cannot be judged. Instants are epoch ms. */
export interface HistoryMarks {
  runs: number;
  attempts: number;
  /** Due instants in the ledger. */
  ticks: number;
  /** When a tick was recorded last, by clocks that had not to be set back. */
  newestTickRecord: number | null;
  /** What is missing from before was purged. */
  purged: { runs: number; ticks: number };
  /** The highest by which a host of an earlier version has ever claimed; 0 = none is known. */
  runWideLimit: number;
  /** Between these the clock was set back. */
  clockSetBack: { from: number; until: number }[];
  /** Slugs that ever had a schedule. */
  scheduled: string[];
}

/** What `doctor` sees of a database. */
export interface DatabaseState {
  /** Of the system tables; 0 = not made yet. */
  version: number;
  supported: number;
  /** Lines of SQLite's own check; empty = sound. */
  damage: string[];
  /** `_fts_…` tables that it finds broken; they can be made anew. */
  damagedSearch: string[];
  /** "index name", "trigger name" …; only looked for where the version is ours. */
  missing: string[];
  /** Size in bytes, and how many. */
  pages: { size: number; count: number; free: number };
  /** Rows whose parent is not there, by table; `column` names the parent. */
  orphans: { table: string; rows: number; parent: string; column: string }[];
  /** Pending runs that wait for what will not come. */
  stuck: { key: number; dependencies: number };
  /** Pending runs that do not wait for what they depend on. */
  heedless: number;
  /** Rows of runs that are not there. */
  leftovers: { attempts: number; dependencies: number };
  /** Rows, by table, with values that nobody of ours has written (text in a number, an instant beyond the calendar, broken JSON); of runs the
   * first few rowids, since their ids may be none. */
  unsound: { table: string; rows: number; rowids?: number[] }[];
  /** Epoch ms; 0 = none. */
  newestInstant: number;
}
