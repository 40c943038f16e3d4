/** The system tables of the reference, as it lays them out (crap-jobs 4, layout of its own database). */

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
