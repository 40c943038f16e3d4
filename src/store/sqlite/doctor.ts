/** Doctor, the database: what is damaged, missing, stuck or left over in it; and the repairs, each safe to do at any time. */
import type { Op } from '../../domain/op.js';
import { FINAL_STATUSES } from '../../domain/run.js';
import type { Db } from '../db.js';
import type { DatabaseState } from '../history.js';
import { notedInstants } from './marks.js';
import { migrate, schemaVersion } from './migrate.js';
import { JOB_COLUMNS, LATER_COLUMNS, OUR_TABLES, SCHEMA_VERSION, WAITS } from './schema.js';
import { countUnsound } from './sound-rows.js';
import { AHEAD, BEHIND, TRIGGERS } from './triggers.js';

/** Findings of SQLite's own check that are told. */
const CHECK_LIMIT = 20;

const INDEXES = [...OUR_TABLES.matchAll(/CREATE (?:UNIQUE )?INDEX IF NOT EXISTS (\w+)/g)].map((match) => match[1]!);
const TABLES = [...OUR_TABLES.matchAll(/CREATE TABLE IF NOT EXISTS (\w+)/g)].map((match) => match[1]!);

/** `full`: also what the quick check leaves out (indexes against their tables), which reads everything. */
export function* inspectDatabase(db: Db, full: boolean): Op<DatabaseState> {
  const version = yield* schemaVersion(db);
  const lines = yield* integrity(db, full);
  const damagedSearch = [...new Set(lines.map(searchTableIn).filter((table) => table !== undefined))];
  const size = function* (pragma: string): Op<number> {
    return Number(Object.values((yield* db.get(`PRAGMA ${pragma}`)) ?? {})[0] ?? 0);
  };
  const pages = { size: yield* size('page_size'), count: yield* size('page_count'), free: yield* size('freelist_count') };
  const foreign = yield* db.all(`SELECT c."table" AS name, c.parent, l."from" AS col, count(*) AS n FROM pragma_foreign_key_check c
    JOIN pragma_foreign_key_list(c."table") l ON l.id = c.fkid GROUP BY 1, 2, 3 ORDER BY 1`);
  const orphans = foreign.map((row) => ({
    table: String(row['name']),
    rows: Number(row['n']),
    parent: String(row['parent']),
    column: String(row['col']),
  }));
  const current = version === SCHEMA_VERSION;
  const missing = current ? yield* missingParts(db) : [];
  const usable = current && missing.length === 0;
  return {
    version,
    supported: SCHEMA_VERSION,
    damage: lines.filter((line) => searchTableIn(line) === undefined),
    damagedSearch,
    missing,
    pages,
    orphans,
    stuck: usable ? yield* countStuck(db) : { key: 0, dependencies: 0 },
    heedless: usable ? yield* countOf(db, '_crap_jobs', HEEDLESS) : 0,
    leftovers: usable ? yield* countLeftovers(db) : { attempts: 0, dependencies: 0 },
    unsound: usable ? yield* countUnsound(db) : [],
    newestInstant: usable ? yield* notedInstants(db) : 0,
  };
}

function* integrity(db: Db, full: boolean): Op<string[]> {
  yield* renewSearchTables(db);
  const lines = function* (pragma: string): Op<string[]> {
    const rows = yield* db.all(`PRAGMA ${pragma}(${CHECK_LIMIT})`);
    return rows.map((row) => String(Object.values(row)[0])).filter((line) => line !== 'ok');
  };
  const quick = yield* lines('quick_check');
  const sound = quick.every((line) => searchTableIn(line) !== undefined);
  return sound && full ? [...quick, ...(yield* lines('integrity_check'))] : quick;
}

/** SQLite's check of a search table goes by what this connection remembers of it, also when another has written since; a read looks anew. */
function* renewSearchTables(db: Db): Op<void> {
  const tables = yield* db.all("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%fts5%'");
  for (const { name } of tables) {
    try {
      yield* db.get(`SELECT 1 FROM ${db.dialect.ident(String(name))} LIMIT 1`);
    } catch {
      // The check says what is wrong with it.
    }
  }
}

/** The search table that a line of the check speaks of: derived data, which can be made anew. */
function searchTableIn(line: string): string | undefined {
  return /fts5/i.test(line) ? /\b(?:main\.)?(_fts_[^\s":+]+)/.exec(line)?.[1] : undefined;
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

const ENDED = FINAL_STATUSES.map((status) => `'${status}'`).join(', ');
const GONE = "ended IS NULL AND after NOT IN (SELECT id FROM _crap_jobs WHERE status IN ('pending', 'running'))";
/** For none, or for one that is gone or has ended without a mark: that one is not marked by anybody any more. */
const STUCK_DEPENDENCIES = `status = 'pending' AND _ml_waits & ${WAITS.dependencies} AND (NOT EXISTS (SELECT 1 FROM _ml_dependencies d WHERE d.run = _crap_jobs.id)
  OR EXISTS (SELECT 1 FROM _ml_dependencies d WHERE d.run = _crap_jobs.id AND ${GONE}))`;
const HEEDLESS = `status = 'pending' AND NOT _ml_waits & ${WAITS.dependencies} AND EXISTS (SELECT 1 FROM _ml_dependencies d WHERE d.run = _crap_jobs.id)`;
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
    `UPDATE _ml_dependencies SET ended = coalesce((SELECT j.status FROM _crap_jobs j WHERE j.id = after AND j.status IN (${ENDED})), 'cancelled')
     WHERE ${GONE}`,
  );
  const free =
    yield* db.run(`UPDATE _crap_jobs SET _ml_waits = _ml_waits & ~${WAITS.dependencies} WHERE status = 'pending' AND _ml_waits & ${WAITS.dependencies}
    AND NOT EXISTS (SELECT 1 FROM _ml_dependencies d WHERE d.run = _crap_jobs.id)`);
  const oldest = `SELECT min(rowid) FROM _crap_jobs WHERE ${STUCK_KEY} GROUP BY slug, _ml_key`;
  return lost + free + (yield* db.run(`UPDATE _crap_jobs SET _ml_waits = _ml_waits & ~${WAITS.key} WHERE rowid IN (${oldest})`));
}

/** Ends with how many runs wait from now on for those that they depend on. */
export function* restoreWaits(db: Db): Op<number> {
  return yield* db.run(`UPDATE _crap_jobs SET _ml_waits = _ml_waits | ${WAITS.dependencies} WHERE ${HEEDLESS}`);
}

/** Attempts and dependencies of runs that are not there. */
export function* dropLeftovers(db: Db): Op<number> {
  return (yield* db.run(`DELETE FROM _ml_attempts WHERE ${NO_RUN}`)) + (yield* db.run(`DELETE FROM _ml_dependencies WHERE ${NO_RUN}`));
}
