/** Columns that we add to the table of runs, and our own tables, named `_ml_…`. */

/** Raised with every change below; `migrate` adds what is missing. */
export const SCHEMA_VERSION = 8;

/** Columns added to `_crap_jobs`: the later generation's, then ours. Defaults mean "ready", because crap-cms inserts rows too. */
export const JOB_COLUMNS: readonly [name: string, declaration: string][] = [
  ['retry_after', 'TEXT'],
  ['priority', 'INTEGER NOT NULL DEFAULT 0'],
  ['unique_key', 'TEXT'],
  // The fence: the number of the newest claim, never reused.
  ['_ml_claim', 'INTEGER NOT NULL DEFAULT 0'],
  // `attempt` as our claim left it; a claim by crap-cms counts on from there, and this tells (fence.ts).
  ['_ml_attempt', 'INTEGER NOT NULL DEFAULT 0'],
  ['_ml_host', 'TEXT'],
  ['_ml_lease', 'INTEGER NOT NULL DEFAULT 0'],
  // Epoch ms from which it may be claimed; 0 = since created_at.
  ['_ml_due', 'INTEGER NOT NULL DEFAULT 0'],
  ['_ml_created', 'INTEGER'],
  ['_ml_started', 'INTEGER'],
  ['_ml_completed', 'INTEGER'],
  // Losses in a row: hosts or threads that were gone while it ran.
  ['_ml_losses', 'INTEGER NOT NULL DEFAULT 0'],
  // What a pending row waits for (WAITS below); 0 = claimable.
  ['_ml_waits', 'INTEGER NOT NULL DEFAULT 0'],
  ['_ml_key', 'TEXT'],
  ['_ml_key_limit', 'INTEGER NOT NULL DEFAULT 1'],
  // The unique key whatever its mode; `unique_key`, which the reference's index sees, only of the mode `active`.
  ['_ml_unique', 'TEXT'],
  // 'run': it runs also when a run that it depends on did not complete.
  ['_ml_after_failure', 'TEXT'],
  // Epoch ms at which the end of the running run was asked for.
  ['_ml_cancel', 'INTEGER'],
];

/**
 * Bits of `_ml_waits`. Only rows without any are in the index of claiming, so that what waits costs a claim nothing: `time` is taken off
 * when the due time has come (ready.ts), `key` by a trigger when the run before it is over, `dependencies` by settling (dependencies.ts).
 */
export const WAITS = { time: 1, key: 2, dependencies: 4 } as const;

/** When a row became due, in epoch ms, also for rows that crap-cms inserted. */
export const DUE = '(CASE WHEN _ml_due = 0 THEN unixepoch(created_at) * 1000 ELSE _ml_due END)';

/**
 * Parameter: now in epoch ms. `retry_after` beside a due time of ours is only that, rounded up for crap-cms; any other was written
 * by crap-cms (also on a run of ours that it has attempted), in one of its two time formats, and counts.
 */
export const READY = `(retry_after IS NULL OR coalesce(unixepoch(retry_after), 0) * 1000 <= ?
  OR unixepoch(retry_after) * 1000 - _ml_due BETWEEN 0 AND 999)`;

/**
 * What one step of priority is worth in waiting, in ms: a run is overtaken by priority 1 only while it has waited less than ten minutes
 * longer. Ageing is in the rank, so claiming never sorts and low priority is never starved.
 */
const PRIORITY_WORTH_MS = 600_000;

/** The order of claiming: due time less what the priority is worth. */
export const RANK = `(${DUE} - priority * ${PRIORITY_WORTH_MS})`;

export const OUR_TABLES = `
CREATE TABLE IF NOT EXISTS _ml_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _ml_attempts (
  run TEXT NOT NULL,
  claim INTEGER NOT NULL CHECK (claim > 0),
  attempt INTEGER NOT NULL CHECK (attempt > 0),
  host TEXT,
  worker INTEGER,
  started_at INTEGER,
  ended_at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('completed', 'failed', 'timed_out', 'cancelled', 'released', 'lost')),
  error_code TEXT,
  error TEXT,
  traceback TEXT,
  log TEXT,
  CHECK (outcome <> 'completed' OR error IS NULL),
  UNIQUE (run, claim)
);
CREATE TABLE IF NOT EXISTS _ml_hosts (
  id TEXT PRIMARY KEY,
  pid INTEGER NOT NULL,
  hostname TEXT NOT NULL,
  socket TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  version TEXT NOT NULL,
  limits TEXT
);
CREATE TABLE IF NOT EXISTS _ml_limits (
  since INTEGER NOT NULL,
  id TEXT NOT NULL,
  until INTEGER,
  limits TEXT NOT NULL,
  PRIMARY KEY (since, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _ml_ticks (
  slug TEXT NOT NULL,
  at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  count INTEGER NOT NULL DEFAULT 1 CHECK (count > 0),
  outcome TEXT NOT NULL CHECK (outcome IN ('run', 'skipped')),
  reason TEXT,
  run TEXT,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (slug, at),
  CHECK (until >= at),
  CHECK ((outcome = 'run' AND run IS NOT NULL AND count = 1) OR (outcome = 'skipped' AND reason IS NOT NULL))
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _ml_pauses (
  kind TEXT NOT NULL CHECK (kind IN ('all', 'queue', 'job', 'schedule')),
  name TEXT NOT NULL,
  since INTEGER NOT NULL,
  reason TEXT,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _ml_starts (slug TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS _ml_starts_by_slug ON _ml_starts (slug, at);
CREATE TABLE IF NOT EXISTS _ml_dependencies (
  run TEXT NOT NULL,
  after TEXT NOT NULL,
  ended TEXT CHECK (ended IN ('completed', 'failed', 'stale', 'cancelled')),
  PRIMARY KEY (run, after)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS _ml_dependencies_after ON _ml_dependencies (after);
CREATE INDEX IF NOT EXISTS _ml_dependencies_ended ON _ml_dependencies (run) WHERE ended IS NOT NULL;
CREATE TABLE IF NOT EXISTS _ml_schedules (
  slug TEXT NOT NULL,
  since INTEGER NOT NULL,
  schedule TEXT,
  timezone TEXT,
  dst TEXT,
  window_from INTEGER,
  window_until INTEGER,
  PRIMARY KEY (slug, since)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _ml_clock (
  seen_at INTEGER NOT NULL,
  was INTEGER NOT NULL,
  PRIMARY KEY (was, seen_at),
  CHECK (was > seen_at)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS _ml_jobs_claimable ON _crap_jobs (slug, queue, ${RANK}) WHERE status = 'pending' AND _ml_waits = 0;
CREATE INDEX IF NOT EXISTS _ml_jobs_later ON _crap_jobs (_ml_due) WHERE status = 'pending' AND _ml_waits & 1;
CREATE INDEX IF NOT EXISTS _ml_jobs_retry_after ON _crap_jobs (retry_after) WHERE status = 'pending' AND _ml_waits = 0 AND retry_after IS NOT NULL;
CREATE INDEX IF NOT EXISTS _ml_jobs_by_key ON _crap_jobs (slug, _ml_key, _ml_waits) WHERE _ml_key IS NOT NULL AND status IN ('pending', 'running');
CREATE INDEX IF NOT EXISTS _ml_jobs_by_unique ON _crap_jobs (slug, _ml_unique, status, _ml_created) WHERE _ml_unique IS NOT NULL;
CREATE INDEX IF NOT EXISTS _ml_jobs_cancelling ON _crap_jobs (_ml_host) WHERE status = 'running' AND _ml_cancel IS NOT NULL;
CREATE INDEX IF NOT EXISTS _ml_jobs_by_age ON _crap_jobs (slug, created_at, _ml_created);
CREATE INDEX IF NOT EXISTS _ml_jobs_by_end ON _crap_jobs (slug, status, completed_at) WHERE status IN ('completed', 'failed', 'stale', 'cancelled');
CREATE INDEX IF NOT EXISTS idx_crap_jobs_priority ON _crap_jobs (status, queue, priority DESC, created_at);
CREATE UNIQUE INDEX IF NOT EXISTS idx_crap_jobs_unique_active ON _crap_jobs (slug, unique_key)
  WHERE unique_key IS NOT NULL AND status IN ('pending', 'running');
`;

/** Columns of our own tables that earlier versions made without them. */
export const LATER_COLUMNS: readonly [table: string, name: string, declaration: string][] = [
  ['_ml_attempts', 'worker', 'INTEGER'],
  ['_ml_hosts', 'limits', 'TEXT'],
];

/** Indexes of earlier versions that nothing uses any more. */
export const FORMER_INDEXES = ['_ml_jobs_for_claim', '_ml_jobs_for_claim_low', '_ml_jobs_waiting', '_ml_jobs_for_purge', '_ml_jobs_ended'];
