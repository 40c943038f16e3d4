/**
 * The store seam: acts on runs, hosts and ticks, named for what they mean. Each act is an Op over a `Db` of a transaction that
 * the caller owns, so that several acts can share one commit. sqlite/ implements it; postgres/ will, with the same file names.
 */
import type { DstPolicy } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import type { PauseTarget } from '../domain/pause.js';
import type { ClaimedRun, EnqueueRequest, FinalStatus, LogLine, Outcome, Run, RunStatus } from '../domain/run.js';
import type { Db } from './db.js';
import type { ClaimLimits, DatabaseState, FoundBreach, HistoryMarks, LimitsEra, PastAttempt } from './history.js';

/** At most `limit` claims within any `perMs`. */
export interface RateLimit {
  limit: number;
  perMs: number;
}

/** What a host looks for. */
export interface Served {
  slugs: readonly string[];
  /** Only these queues; undefined = all. */
  queues?: readonly string[] | undefined;
  /** By slug. */
  rateLimits?: ReadonlyMap<string, RateLimit> | undefined;
}

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
  /** slug -> claims per window over all hosts; absent = no limit. */
  rateLimits?: ReadonlyMap<string, RateLimit> | undefined;
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
  /** Number of the worker thread that executed it. */
  worker?: number | undefined;
}

export interface CompleteRequest {
  run: string;
  claim: number;
  now: number;
  /** JSON text or null. */
  result: string | null;
  log: readonly LogLine[];
  /** Number of the worker thread that executed it. */
  worker?: number | undefined;
  /** The run keeps the error of an earlier attempt, as in the reference's first generation. Default: it is cleared. */
  keepError?: boolean;
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
  uniqueKey?: string;
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
  /** Whether nothing was due between an earlier row that ends at `until` and this one, which then may become one with it. Default: nothing was. */
  follows?(until: number): boolean;
}

/** One execution as it was recorded when it ended. Instants are epoch ms. */
export interface Attempt {
  run: string;
  claim: number;
  /** From 1; several claims have the same where releases and losses spent none. */
  attempt: number;
  host: string | null;
  worker: number | null;
  startedAt: number | null;
  endedAt: number;
  outcome: Outcome;
  error: { code: string | null; message: string; traceback: string | null } | null;
  log: LogLine[];
}

export interface Pause extends PauseTarget {
  since: number;
  reason: string | null;
}

export interface HealthFigures {
  /** Running, with an old heartbeat or none. */
  stale: { id: string; slug: string; startedAt: number | null; heartbeatAt: number | null }[];
  failed: number;
  pending: number;
  /** Jobs that have completed at least once. */
  completedSlugs: Set<string>;
}

/** Ended runs to be removed. */
export interface PurgeRequest {
  /** Epoch ms: ended before. */
  olderThan: number;
  slug?: string | undefined;
  status?: FinalStatus | undefined;
  /** Left alone: they have a rule of their own. */
  except?: readonly { slug: string; status: FinalStatus }[];
}

/** A schedule as a job had it from `since` (epoch ms) on, until its next entry. */
export interface ScheduleEntry {
  slug: string;
  since: number;
  /** Cron text; undefined = from then on the job has none. */
  schedule: string | undefined;
  timezone: string;
  dst?: DstPolicy | undefined;
  from?: number | undefined;
  until?: number | undefined;
}

/**
 * Instants t with from < t <= until (epoch ms) that a schedule goes through once more, because the clock was set back or differs between hosts;
 * up to `settled` the ledger holds all that are due by the rules of the second time.
 */
export interface RepeatedStretch {
  from: number;
  until: number;
  settled: number;
}

/** A row of the ledger as it was recorded. */
export interface RecordedTick extends TickRecord {
  until: number;
  count: number;
  recordedAt: number;
}

/** A lost claim is a result (false), not an error: the caller rolls back. */
export interface Store {
  // runs
  enqueue(db: Db, request: EnqueueRequest, now: number): Op<{ id: string; duplicate: boolean }>;
  claim(db: Db, request: ClaimRequest): Op<ClaimedRun[]>;
  complete(db: Db, request: CompleteRequest): Op<boolean>;
  /**
   * Ends an attempt that did not complete; also release (outcome released) and rescue (outcome lost). Ends with the status the run has now
   * (cancelled instead of pending where its end was asked for); undefined when the claim was lost.
   */
  end(db: Db, request: EndRequest): Op<RunStatus | undefined>;
  /** Extends the leases of these claims and keeps the reference's heartbeat fresh. Ends with those still held. */
  renew(db: Db, host: string, claims: readonly { run: string; claim: number }[], now: number, leaseUntil: number): Op<Set<string>>;
  findRun(db: Db, id: string): Op<Run | undefined>;
  listRuns(db: Db, filter: RunFilter): Op<Run[]>;
  /** How many there are without limit and offset. */
  countRuns(db: Db, filter: Omit<RunFilter, 'limit' | 'offset'>): Op<number>;
  /** Ends a pending run as cancelled; false when it is not there or not pending. */
  cancelPending(db: Db, run: string, now: number): Op<boolean>;
  /**
   * Ends a pending run as cancelled, or asks the host of a running one to end it. `foreign`: crap-cms runs it. Undefined when there is none;
   * otherwise final already: its status.
   */
  requestCancel(db: Db, run: string, now: number): Op<'cancelled_now' | 'requested' | 'foreign' | FinalStatus | undefined>;
  /** Ends all pending runs but queued mails, or those of one job, as cancelled; how many. */
  cancelAllPending(db: Db, slug: string | undefined, now: number): Op<number>;
  /** Running runs of the host whose end was asked for. */
  listCancelRequests(db: Db, host: string): Op<{ run: string; claim: number }[]>;
  /** An ended run becomes pending again with all its attempts. False when it is not failed, stale or cancelled, or its unique key is taken. */
  retry(db: Db, run: string, now: number): Op<boolean>;
  /** The same for all of a status, of one job or of all; how many. In the order of their queueing, so that runs of one key keep it. */
  retryAll(db: Db, status: Exclude<FinalStatus, 'completed'>, slug: string | undefined, now: number): Op<number>;
  /** Newest last. */
  listAttempts(db: Db, run: string): Op<Attempt[]>;
  /** Runs that have to end before this one, less those that are settled. `status`: undefined = purged; `ended`: how it ended. */
  listDependencies(db: Db, run: string): Op<{ after: string; status: RunStatus | undefined; ended?: FinalStatus }[]>;
  /** Runs of the same key that are before this one: those that run or could first, then by their queueing; at most `limit`. */
  listAheadOfKey(db: Db, run: string, limit: number): Op<{ id: string; status: RunStatus }[]>;
  countRunning(db: Db): Op<{ total: number; bySlug: Map<string, number>; byQueue: Map<string, number> }>;
  /** Epoch ms at which the rate limit lets the next claim of the job through; `now` when it does. */
  allowedAt(db: Db, slug: string, rate: RateLimit, now: number): Op<number>;
  /** Whether a pending run is due at `now`, not paused, and within the rate limits; costs nothing that grows with the backlog. */
  hasDue(db: Db, now: number, served: Served): Op<boolean>;
  /** More runs came due than one claim makes claimable: the next goes on with them. */
  hasOverdue(db: Db, now: number): Op<boolean>;
  /**
   * The earliest future instant at which one of them comes due, or a full rate limit lets one through; undefined when none. Where very many come
   * due before it that are not served: an earlier instant, at which it is to be asked again.
   */
  nextDueAt(db: Db, now: number, served: Served): Op<number | undefined>;
  /** How many runs there are of each job (or queue) and status; reads one index from end to end. */
  countBy(db: Db, what: 'slug' | 'queue'): Op<{ name: string; status: RunStatus; count: number }[]>;
  /** Summary of the newest `last` runs of each slug for `jobs list`. */
  recentRuns(db: Db, last: number): Op<Map<string, Record<RunStatus, number>>>;
  /** What `jobs healthcheck` looks at; instants are epoch ms. */
  healthFigures(db: Db, limits: { staleBefore: number; failedAfter: number; pendingBefore: number }): Op<HealthFigures>;
  /** Removes one ended run, with its attempts; false when it is not there or has not ended. */
  removeRun(db: Db, run: string): Op<boolean>;
  /** Removes at most `limit`; fewer mean that nothing is left to remove. */
  purge(db: Db, request: PurgeRequest, limit: number): Op<number>;
  /** Removes rows of the ledger from before, but the newest of each schedule; at most `limit`, fewer mean that nothing is left to remove. */
  purgeTicks(db: Db, olderThan: number, limit: number): Op<number>;

  // pauses
  /** False when it was paused already. */
  pause(db: Db, target: PauseTarget, reason: string | undefined, now: number): Op<boolean>;
  /** False when it was not paused. */
  resume(db: Db, target: PauseTarget): Op<boolean>;
  listPauses(db: Db): Op<Pause[]>;

  // hosts
  /** Makes or refreshes its row. `limits`, by which it claims from now on, are kept for `verify`; written only where they are new. */
  registerHost(db: Db, host: HostRecord, limits?: ClaimLimits): Op<void>;
  /** `now`: epoch ms until which its limits counted. */
  removeHost(db: Db, id: string, now: number): Op<void>;
  listHosts(db: Db): Op<HostRecord[]>;
  /**
   * Running rows claimed by this host, or (undefined) by nobody of ours with a heartbeat older than `staleBefore` (crap-cms rows).
   * A claim of crap-cms has no number: it is given as a negative one, which `end` takes.
   */
  listClaimsOf(
    db: Db,
    host: string | undefined,
    staleBefore: number,
  ): Op<{ run: string; slug: string; claim: number; losses: number; attempt: number; maxAttempts: number; cancelling: boolean }[]>;

  // schedules
  /** The instant up to which a schedule has been accounted for; undefined = never. */
  lastTick(db: Db, slug: string): Op<number | undefined>;
  /** Its newest row. */
  newestTick(db: Db, slug: string): Op<RecordedTick | undefined>;
  /** The rows of a schedule that hold something of after < t <= until, ascending; they never overlap. */
  ticksWithin(db: Db, slug: string, after: number, until: number): Op<{ at: number; until: number }[]>;
  /** The rows of instants that were missed (`misfire`, `host_down`) which hold something of t > after, ascending. */
  missedAfter(db: Db, slug: string, after: number): Op<{ at: number; until: number }[]>;
  /** The row of skips that begins at `at` ends at `kept.until`, the last of `kept.count` instants; undefined: the row is removed. */
  cutTick(db: Db, slug: string, at: number, kept: { until: number; count: number } | undefined): Op<void>;
  /** The clock shows `now` after it had shown `was`: `verify` judges nothing by what was recorded at times between. */
  noteSetBack(db: Db, now: number, was: number): Op<void>;
  /** Records a tick once: false when another host has. A skip that continues the newest row for the same reason is folded into it. */
  recordTick(db: Db, tick: TickRecord, now: number): Op<'recorded' | 'folded' | false>;
  /** The ledger of a schedule, newest first. */
  listTicks(db: Db, filter: { slug?: string | undefined; limit: number; before?: number | undefined }): Op<RecordedTick[]>;
  /** The newest entry of every schedule that there ever was. */
  currentSchedules(db: Db): Op<ScheduleEntry[]>;
  /** Every entry of one schedule, oldest first. */
  scheduleHistory(db: Db, slug: string): Op<ScheduleEntry[]>;
  recordSchedule(db: Db, entry: ScheduleEntry): Op<void>;
  /** Entries that begin after `now` begin now: the clock has been set back. What they go through once more is noted. */
  beginSchedules(db: Db, now: number): Op<void>;
  /** In the order in which they were noted. */
  repeatedStretches(db: Db, slug: string): Op<RepeatedStretch[]>;
  /** The rules of the schedule count anew from `from`: a stretch up to where its ledger reaches, or to `until`; none where that is earlier. */
  noteRepeat(db: Db, slug: string, from: number, until?: number): Op<void>;
  /** Everything that was due up to `now` stands in the ledger, in repeated stretches too. */
  settleRepeats(db: Db, slug: string, now: number): Op<void>;
  /** Whether the job has a run of this status. */
  hasActive(db: Db, slug: string, status: 'running' | 'pending'): Op<boolean>;

  // what verify reads
  /** Breaches that rows of runs and attempts show by themselves. `leaseBefore`: leases that ended earlier should have been rescued. */
  findBreaches(db: Db, leaseBefore: number): Op<FoundBreach[]>;
  /** In the order of recording, after the row `after` (0 = from the beginning). */
  readAttempts(db: Db, after: number, limit: number): Op<PastAttempt[]>;
  readRunning(db: Db): Op<PastAttempt[]>;
  /** The ledger of one schedule, ascending, after the instant `after`. */
  readTicks(db: Db, slug: string, after: number, limit: number): Op<(RecordedTick & { runExists: boolean })[]>;
  readMarks(db: Db, now: number): Op<HistoryMarks>;
  /** By which limits hosts claimed when, oldest first. */
  limitsHistory(db: Db): Op<LimitsEra[]>;

  // doctor
  /** `full`: SQLite checks indexes against their tables too. */
  inspectDatabase(db: Db, full: boolean): Op<DatabaseState>;
  /** Puts back what is missing of the system tables. */
  repairSchema(db: Db): Op<void>;
  /** Lets go on what waits for nothing; how many rows were mended. */
  releaseStuck(db: Db): Op<number>;
  /** Lets runs wait for what they depend on, where they would not; how many. */
  restoreWaits(db: Db): Op<number>;
  /** Removes rows of runs that are not there; how many. */
  dropLeftovers(db: Db): Op<number>;
  /** Sets right or removes what nobody of ours has written (DatabaseState.unsound); how many rows. Runs stay. */
  mendUnsound(db: Db): Op<number>;
  /** Ids of running runs that no act could end, since the numbers of their claims are none. */
  listUnendable(db: Db): Op<string[]>;
  /** They stand as nobody's from now on, so that a rescue gives them back; how many. */
  mendUnendable(db: Db): Op<number>;
}
