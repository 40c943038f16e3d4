/** Brings the system tables of a database to this version: additive, repeatable, also on a database that crap-cms made. */
import { StoreUnavailableError } from '../../domain/errors.js';
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import { notePurge } from './marks.js';
import { REFERENCE_TABLES } from './reference-schema.js';
import { FORMER_INDEXES, JOB_COLUMNS, LATER_COLUMNS, OUR_TABLES, SCHEMA_VERSION, WAITS } from './schema.js';
import { TRIGGERS } from './triggers.js';

/** The version of a database's system tables; 0 = not ours yet. */
export function* schemaVersion(db: Db): Op<number> {
  const table = yield* db.get("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = '_ml_meta'");
  if (!table) return 0;
  const row = yield* db.get("SELECT value FROM _ml_meta WHERE key = 'schema_version'");
  return row ? Number(row['value']) : 0;
}

/** Reads only, so that commands take no lock when nothing is to do. Throws DATABASE_NEWER. */
export function* isMigrated(db: Db): Op<boolean> {
  const version = yield* schemaVersion(db);
  refuseNewer(version);
  return version === SCHEMA_VERSION;
}

/** In the caller's one immediate transaction. Throws DATABASE_NEWER when a newer version wrote the database. */
export function* migrate(db: Db): Op<void> {
  const version = yield* schemaVersion(db);
  refuseNewer(version);
  yield* runAll(db, REFERENCE_TABLES);
  const present = new Set((yield* db.all('PRAGMA table_info(_crap_jobs)')).map((row) => String(row['name'])));
  for (const [name, declaration] of JOB_COLUMNS) {
    if (!present.has(name)) yield* db.run(`ALTER TABLE _crap_jobs ADD COLUMN ${name} ${declaration}`);
  }
  // Version 1 knew claims by their number alone; those that stand go on.
  if (!present.has('_ml_attempt')) {
    yield* db.run("UPDATE _crap_jobs SET _ml_attempt = attempt WHERE status = 'running' AND _ml_host IS NOT NULL");
  }
  yield* runAll(db, OUR_TABLES);
  for (const [table, name, declaration] of LATER_COLUMNS) {
    const columns = (yield* db.all('SELECT name FROM pragma_table_info(?)', [table])).map((row) => row['name']);
    if (!columns.includes(name)) yield* db.run(`ALTER TABLE ${table} ADD COLUMN ${name} ${declaration}`);
  }
  for (const name of FORMER_INDEXES) yield* db.run(`DROP INDEX IF EXISTS ${name}`);
  // Version 2 looked at the due time when it claimed.
  if (!present.has('_ml_waits')) {
    yield* db.run(`UPDATE _crap_jobs SET _ml_waits = ${WAITS.time} WHERE status = 'pending' AND _ml_due > unixepoch() * 1000`);
  }
  // Version 3 did not note up to where it had purged: what is older than now cannot be judged by what is missing.
  if (version > 0 && version < 4) yield* notePurge(db, Date.now());
  for (const [name, text] of Object.entries(TRIGGERS)) {
    yield* db.run(`DROP TRIGGER IF EXISTS ${name}`);
    yield* db.run(`CREATE TRIGGER ${name} ${text}`);
  }
  yield* setMeta(db, 'schema_version', String(SCHEMA_VERSION));
}

export function* getMeta(db: Db, key: string): Op<string | undefined> {
  const row = yield* db.get('SELECT value FROM _ml_meta WHERE key = ?', [key]);
  return row === undefined ? undefined : String(row['value']);
}

export function* setMeta(db: Db, key: string, value: string): Op<void> {
  yield* db.run('INSERT INTO _ml_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [key, value]);
}

function* runAll(db: Db, script: string): Op<void> {
  for (const statement of script.split(';')) {
    if (statement.trim() !== '') yield* db.run(statement.trim());
  }
}

function refuseNewer(version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new StoreUnavailableError(
    'DATABASE_NEWER',
    `the database was written by a newer Moonlighter (schema ${version}, this one knows ${SCHEMA_VERSION})`,
    {
      remedy: 'use that version or a newer one; nothing was changed',
      details: { found: version, supported: SCHEMA_VERSION },
    },
  );
}
