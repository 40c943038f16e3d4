/**
 * The store seam: acts on runs, hosts and ticks, named for what they mean. Each act is an Op over a `Db` of a transaction that
 * the caller owns, so that several acts can share one commit. sqlite/ implements it; postgres/ will, with the same file names.
 */
import type { Op } from '../domain/op.js';
import type { ClaimedRun, EnqueueRequest, LogLine, Outcome, Run, RunStatus } from '../domain/run.js';
import type { Db } from './db.js';

export interface ClaimRequest {
  host: string;
  now: number;
  /** Epoch ms until which the claims stand unless renewed. */
  leaseUntil: number;
  /** At most this many runs. */
  limit: number;
  /** Run-wide cap over all hosts ([jobs] max_concurrent). */
  maxConcurrent: number;
  /** slug -> cap over all hosts. Slugs not listed are not claimed (their definition is unknown here). */
  concurrency: ReadonlyMap<string, number>;
  /** Only these queues; undefined = all. */
  queues?: readonly string[];
  /** queue -> cap over all hosts; absent = no cap. */
  queueConcurrency?: ReadonlyMap<string, number>;
}

/** How an attempt ends when it does not complete. */
export interface EndRequest {
  run: string;
  claim: number;
  now: number;
  outcome: Exclude<Outcome, 'completed'>;
  /** Text for the run's `error` column. */
  error?: { code: string; message: string; traceback?: string };
  /** What becomes of the run: pending again at `dueAt`, or final. */
  next: { status: 'pending'; dueAt: number; spendsAttempt: boolean } | { status: 'failed' | 'stale' | 'cancelled' };
  log: readonly LogLine[];
}

export interface CompleteRequest {
  run: string;
  claim: number;
  now: number;
  /** JSON text or null. */
  result: string | null;
  log: readonly LogLine[];
}

export interface HostRecord {
  id: string;
  /** Display only. */
  pid: number;
  hostname: string;
  /** Path of the listening local socket. */
  socket: string;
  startedAt: number;
  seenAt: number;
  version: string;
}

export interface RunFilter {
  slug?: string;
  /** Only these; an empty list gives nothing. */
  slugs?: readonly string[];
  status?: RunStatus;
  queue?: string;
  limit: number;
  offset?: number;
}

export interface TickRecord {
  slug: string;
  /** The due instant, epoch ms. */
  at: number;
  /** For a row that stands for several consecutive skips: the last due instant of them (default `at`) and how many there were (default 1). */
  until?: number;
  count?: number;
  outcome: 'run' | 'skipped';
  reason?: string;
  run?: string;
}

/** A lost claim is a result (false), not an error: the caller rolls back. */
export interface Store {
  // runs
  enqueue(db: Db, request: EnqueueRequest, now: number): Op<{ id: string; duplicate: boolean }>;
  claim(db: Db, request: ClaimRequest): Op<ClaimedRun[]>;
  complete(db: Db, request: CompleteRequest): Op<boolean>;
  /** Ends an attempt that did not complete; also release (outcome released) and rescue (outcome lost). */
  end(db: Db, request: EndRequest): Op<boolean>;
  /** Extends the leases of these claims and keeps the reference's heartbeat fresh. Ends with those still held. */
  renew(db: Db, host: string, claims: readonly { run: string; claim: number }[], now: number, leaseUntil: number): Op<Set<string>>;
  findRun(db: Db, id: string): Op<Run | undefined>;
  listRuns(db: Db, filter: RunFilter): Op<Run[]>;
  /** How many there are without limit and offset. */
  countRuns(db: Db, filter: Omit<RunFilter, 'limit' | 'offset'>): Op<number>;
  /** Ends a pending run as cancelled; false when it is not there or not pending. */
  cancelPending(db: Db, run: string, now: number): Op<boolean>;
  countRunning(db: Db): Op<{ total: number; bySlug: Map<string, number> }>;
  /** Whether a pending run of these slugs (and, where given, queues) is due at `now`; costs nothing that grows with the backlog. */
  hasDue(db: Db, now: number, slugs: readonly string[], queues?: readonly string[]): Op<boolean>;
  /** The earliest future due instant among pending runs of these slugs; undefined when none. */
  nextDueAt(db: Db, now: number, slugs: readonly string[], queues?: readonly string[]): Op<number | undefined>;
  /** Summary of the newest `last` runs of each slug for `jobs list`. */
  recentRuns(db: Db, last: number): Op<Map<string, Record<RunStatus, number>>>;
  purge(db: Db, olderThan: number, limit: number): Op<number>;

  // hosts
  registerHost(db: Db, host: HostRecord): Op<void>;
  removeHost(db: Db, id: string): Op<void>;
  listHosts(db: Db): Op<HostRecord[]>;
  /**
   * Running rows claimed by this host, or (undefined) by nobody of ours with a heartbeat older than `staleBefore` (crap-cms rows).
   * A claim of crap-cms has no number: it is given as a negative one, which `end` takes.
   */
  listClaimsOf(
    db: Db,
    host: string | undefined,
    staleBefore: number,
  ): Op<{ run: string; slug: string; claim: number; losses: number; attempt: number; maxAttempts: number }[]>;

  // schedules
  /** The instant up to which a schedule has been accounted for; undefined = never. */
  lastTick(db: Db, slug: string): Op<number | undefined>;
  /** Records a tick once: false when another host has. Consecutive skips for one reason may be folded. */
  recordTick(db: Db, tick: TickRecord, now: number): Op<boolean>;
}
