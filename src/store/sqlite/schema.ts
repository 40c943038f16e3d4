/** System tables: the reference's as it lays them out (crap-jobs 4, layout of its own database), and ours named `_ml_…`. */

/** Raised with every change below; `migrate` adds what is missing. */
export const SCHEMA_VERSION = 2;

/** What the reference makes; `IF NOT EXISTS`, since its own database has them. */
export const REFERENCE_TABLES = `
CREATE TABLE IF NOT EXISTS _crap_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at TEXT DEFAULT (datetime('now')));
CREATE TABLE IF NOT EXISTS _crap_migrations (filename TEXT PRIMARY KEY, applied_at TEXT DEFAULT (datetime('now')));
CREATE TABLE IF NOT EXISTS _crap_cron_fired (slug TEXT PRIMARY KEY, fired_at TEXT DEFAULT (datetime('now')));
CREATE TABLE IF NOT EXISTS _crap_user_settings (user_id TEXT PRIMARY KEY, settings TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS _crap_jobs (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  queue TEXT NOT NULL DEFAULT 'default',
  data TEXT DEFAULT '{}',
  result TEXT,
  error TEXT,
  attempt INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL DEFAULT 1,
  scheduled_by TEXT,
  created_at TEXT DEFAULT (datetime('now')),
  started_at TEXT,
  completed_at TEXT,
  heartbeat_at TEXT,
  retry_after TEXT
);
CREATE INDEX IF NOT EXISTS idx_crap_jobs_status ON _crap_jobs (status);
CREATE INDEX IF NOT EXISTS idx_crap_jobs_queue ON _crap_jobs (queue, status);
CREATE INDEX IF NOT EXISTS idx_crap_jobs_slug ON _crap_jobs (slug, status);
CREATE TABLE IF NOT EXISTS _crap_image_queue (
  id TEXT PRIMARY KEY,
  collection TEXT NOT NULL,
  document_id TEXT NOT NULL,
  source_path TEXT NOT NULL,
  target_path TEXT NOT NULL,
  format TEXT NOT NULL,
  quality INTEGER NOT NULL,
  url_column TEXT NOT NULL,
  url_value TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  error TEXT,
  created_at TEXT DEFAULT (datetime('now')),
  completed_at TEXT
);
CREATE INDEX IF NOT EXISTS idx_crap_image_queue_status ON _crap_image_queue (status);
`;

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
];

/** When a row became due, in epoch ms, also for rows that crap-cms inserted. */
export const DUE = '(CASE WHEN _ml_due = 0 THEN unixepoch(created_at) * 1000 ELSE _ml_due END)';

/**
 * Parameters: now in epoch ms, twice. `retry_after` beside a due time of ours is only that, rounded up for crap-cms; any other was written
 * by crap-cms (also on a run of ours that it has attempted), in one of its two time formats, and counts.
 */
export const READY = `${DUE} <= ? AND (retry_after IS NULL OR coalesce(unixepoch(retry_after), 0) * 1000 <= ?
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
  version TEXT NOT NULL
);
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
CREATE INDEX IF NOT EXISTS _ml_jobs_for_claim ON _crap_jobs (slug, ${RANK}) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS _ml_jobs_for_claim_low ON _crap_jobs (slug, ${RANK}) WHERE status = 'pending' AND priority < 0;
CREATE INDEX IF NOT EXISTS _ml_jobs_waiting ON _crap_jobs (_ml_due) WHERE status = 'pending' AND _ml_due > 0;
CREATE INDEX IF NOT EXISTS _ml_jobs_for_purge ON _crap_jobs (completed_at) WHERE status IN ('completed', 'failed', 'stale', 'cancelled');
CREATE INDEX IF NOT EXISTS idx_crap_jobs_priority ON _crap_jobs (status, queue, priority DESC, created_at);
CREATE UNIQUE INDEX IF NOT EXISTS idx_crap_jobs_unique_active ON _crap_jobs (slug, unique_key)
  WHERE unique_key IS NOT NULL AND status IN ('pending', 'running');
`;

/** Attempts go with their run, also when crap-cms deletes it (its purge, its cancel). */
export const DELETE_ATTEMPTS = `CREATE TRIGGER IF NOT EXISTS _ml_jobs_deleted AFTER DELETE ON _crap_jobs
  BEGIN DELETE FROM _ml_attempts WHERE run = OLD.id; END`;
