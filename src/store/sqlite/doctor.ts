/** Doctor, the database: what is damaged, missing, stuck or left over in it; and the repairs, each safe to do at any time. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { DatabaseState } from '../history.js';
import { notedInstants } from './marks.js';
import { migrate, schemaVersion } from './migrate.js';
import { JOB_COLUMNS, LATER_COLUMNS, OUR_TABLES, SCHEMA_VERSION } from './schema.js';
import { AHEAD, BEHIND, TRIGGERS } from './triggers.js';

/** Findings of SQLite's own check that are told. */
const CHECK_LIMIT = 20;

const INDEXES = [...OUR_TABLES.matchAll(/CREATE (?:UNIQUE )?INDEX IF NOT EXISTS (\w+)/g)].map((match) => match[1]!);
const TABLES = [...OUR_TABLES.matchAll(/CREATE TABLE IF NOT EXISTS (\w+)/g)].map((match) => match[1]!);

/** `full`: also what the quick check leaves out (indexes against their tables), which reads everything. */
export function* inspectDatabase(db: Db, full: boolean): Op<DatabaseState> {
  const version = yield* schemaVersion(db);
  const damage = yield* integrity(db, full);
  const size = function* (pragma: string): Op<number> {
    return Number(Object.values((yield* db.get(`PRAGMA ${pragma}`)) ?? {})[0] ?? 0);
  };
  const pages = { size: yield* size('page_size'), count: yield* size('page_count'), free: yield* size('freelist_count') };
  const foreign = yield* db.all('SELECT "table" AS name, count(*) AS n FROM pragma_foreign_key_check GROUP BY "table" ORDER BY "table"');
  const orphans = foreign.map((row) => ({ table: String(row['name']), rows: Number(row['n']) }));
  const current = version === SCHEMA_VERSION;
  const missing = current ? yield* missingParts(db) : [];
  const usable = current && missing.length === 0;
  return {
    version,
    supported: SCHEMA_VERSION,
    damage,
    missing,
    pages,
    orphans,
    stuck: usable ? yield* countStuck(db) : { key: 0, dependencies: 0 },
    leftovers: usable ? yield* countLeftovers(db) : { attempts: 0, dependencies: 0 },
    newestInstant: usable ? yield* notedInstants(db) : 0,
  };
}

function* integrity(db: Db, full: boolean): Op<string[]> {
  const lines = function* (pragma: string): Op<string[]> {
    const rows = yield* db.all(`PRAGMA ${pragma}(${CHECK_LIMIT})`);
    return rows.map((row) => String(Object.values(row)[0])).filter((line) => line !== 'ok');
  };
  const quick = yield* lines('quick_check');
  return quick.length > 0 || !full ? quick : yield* lines('integrity_check');
}

/** Columns, tables, indexes and triggers that this version has and the database does not, or has with another text. */
function* missingParts(db: Db): Op<string[]> {
  const master = yield* db.all("SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'index', 'trigger')");
  const has = (type: string, name: string) => master.some((row) => row['type'] === type && row['name'] === name);
  const columns = new Set(
    (yield* db.all("SELECT m.name || '.' || c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'")).map(
      (row) => String(row['name']),
    ),
  );
  const wanted = [
    ...JOB_COLUMNS.map(([name]) => `_crap_jobs.${name}`),
    ...LATER_COLUMNS.filter(([table]) => has('table', table)).map(([table, name]) => `${table}.${name}`),
  ];
  return [
    ...TABLES.filter((name) => !has('table', name)).map((name) => `table ${name}`),
    ...wanted.filter((name) => !columns.has(name)).map((name) => `column ${name}`),
    ...INDEXES.filter((name) => !has('index', name)).map((name) => `index ${name}`),
    ...Object.entries(TRIGGERS)
      .filter(([name, text]) => !master.some((row) => row['name'] === name && row['sql'] === `CREATE TRIGGER ${name} ${text}`))
      .map(([name]) => `trigger ${name}`),
  ];
}

const STUCK_DEPENDENCIES = `status = 'pending' AND _ml_waits & 4 AND NOT EXISTS (SELECT 1 FROM _ml_dependencies d
  LEFT JOIN _crap_jobs o ON o.id = d.after WHERE d.run = _crap_jobs.id AND (d.ended IS NOT NULL OR o.status IN ('pending', 'running')))`;
const STUCK_KEY = `status = 'pending' AND _ml_waits IN (${BEHIND.join(', ')}) AND NOT EXISTS (SELECT 1 FROM _crap_jobs o
  WHERE o.slug = _crap_jobs.slug AND o._ml_key = _crap_jobs._ml_key AND o.status IN ('pending', 'running') AND o._ml_waits IN (${AHEAD.join(', ')}))`;
const NO_RUN = 'run NOT IN (SELECT id FROM _crap_jobs)';

function* countOf(db: Db, table: string, condition: string): Op<number> {
  return Number((yield* db.get(`SELECT count(*) AS n FROM ${table} WHERE ${condition}`))?.['n'] ?? 0);
}

function* countStuck(db: Db): Op<DatabaseState['stuck']> {
  return {
    key: yield* countOf(db, '_crap_jobs', STUCK_KEY),
    dependencies: yield* countOf(db, '_crap_jobs', STUCK_DEPENDENCIES),
  };
}

function* countLeftovers(db: Db): Op<DatabaseState['leftovers']> {
  return {
    attempts: yield* countOf(db, '_ml_attempts', NO_RUN),
    dependencies: yield* countOf(db, '_ml_dependencies', NO_RUN),
  };
}

/** Puts back what is missing of the system tables; nothing is taken away. */
export function repairSchema(db: Db): Op<void> {
  return migrate(db);
}

/**
 * Runs that wait for nothing go on: the oldest behind each key; dependants whose runs have ended or are gone (a run that is gone counts as
 * cancelled, as where one is removed). Ends with how many rows were mended.
 */
export function* releaseStuck(db: Db): Op<number> {
  const lost = yield* db.run(
    `UPDATE _ml_dependencies SET ended = coalesce((SELECT j.status FROM _crap_jobs j WHERE j.id = after), 'cancelled')
     WHERE ended IS NULL AND after NOT IN (SELECT id FROM _crap_jobs WHERE status IN ('pending', 'running'))`,
  );
  const free = yield* db.run(`UPDATE _crap_jobs SET _ml_waits = _ml_waits & ~4 WHERE status = 'pending' AND _ml_waits & 4
    AND NOT EXISTS (SELECT 1 FROM _ml_dependencies d WHERE d.run = _crap_jobs.id)`);
  const oldest = `SELECT min(rowid) FROM _crap_jobs WHERE ${STUCK_KEY} GROUP BY slug, _ml_key`;
  return lost + free + (yield* db.run(`UPDATE _crap_jobs SET _ml_waits = _ml_waits & ~2 WHERE rowid IN (${oldest})`));
}

/** Attempts and dependencies of runs that are not there. */
export function* dropLeftovers(db: Db): Op<number> {
  return (yield* db.run(`DELETE FROM _ml_attempts WHERE ${NO_RUN}`)) + (yield* db.run(`DELETE FROM _ml_dependencies WHERE ${NO_RUN}`));
}

/** Collections whose search table has not as many rows as there are live documents. */
export function* incompleteSearch(db: Db, slugs: readonly string[]): Op<string[]> {
  const found: string[] = [];
  const { ident } = db.dialect;
  for (const slug of slugs) {
    const tables = yield* db.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (?, ?)", [slug, `_fts_${slug}`]);
    if (tables.length < 2) continue;
    const columns = (yield* db.all('SELECT name FROM pragma_table_info(?)', [slug])).map((row) => row['name']);
    const live = columns.includes('_deleted_at') ? ' WHERE _deleted_at IS NULL' : '';
    const row = yield* db.get(
      `SELECT (SELECT count(*) FROM ${ident(`_fts_${slug}`)}) = (SELECT count(*) FROM ${ident(slug)}${live}) AS same`,
    );
    if (Number(row?.['same']) !== 1) found.push(slug);
  }
  return found;
}
