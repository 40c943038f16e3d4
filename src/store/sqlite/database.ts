/** One connection to a SQLite file: the reference's pragmas, cached statements, errors of ours, and the clock that ends long scans. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteDatabase, { type Database as Driver, type Statement } from 'better-sqlite3';
import { RunAbort, StoreUnavailableError } from '../../domain/errors.js';
import type { Dialect, Row, SqlValue } from '../db.js';
import { translate } from './errors.js';

export interface OpenOptions {
  path: string;
  readonly?: boolean;
  /** Makes the file and its folder when missing. Default false: a missing file is DATABASE_MISSING. */
  create?: boolean;
  /** Default "normal". */
  synchronous?: 'normal' | 'full';
  /** How long writers wait for another program's lock, in ms; waited for outside SQLite, without blocking. Default 30,000. */
  busyTimeoutMs?: number;
}

/** Rows between two looks at the clock: about 50 ns a row, and the deadline is seen within a few ms of scanning. */
const TICK_ROWS = 1_000;
const STATEMENT_LIMIT = 500;
/**
 * Another program that recovers, closes or checkpoints the file has it for itself for a moment; opening waits so long for that, once a
 * connection. Statements never wait inside SQLite.
 */
const OPEN_PATIENCE_MS = 1_000;
/** To which the write-ahead log is cut when it begins anew. */
export const WAL_LIMIT_BYTES = 64 * 1024 * 1024;

let watcher: ((sql: string) => void) | undefined;

/** For tests of what a kill leaves: `look` is called before each statement on every connection of this thread. */
export function watchStatements(look: ((sql: string) => void) | undefined): void {
  watcher = look;
}

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  ident: (name) => `"${name.replaceAll('"', '""')}"`,
  columnType: (kind) => (kind === 'number' ? 'REAL' : kind === 'checkbox' ? 'INTEGER' : 'TEXT'),
};

export class Database {
  readonly path: string;
  /** How long `untilUnlocked` waits for another program. */
  busyTimeoutMs: number;
  /** Told when a writer has waited for another program's lock for a second, and when such a wait is over. */
  onLocked: ((wait: { free: boolean; waitedMs: number }) => void) | undefined;
  /** Monotonic ms after which scans that carry `ml_tick()` raise RunAbort('timed_out'). */
  deadline = Number.POSITIVE_INFINITY;
  readonly #driver: Driver;
  readonly #statements = new Map<string, Statement>();
  #rows = 0;

  constructor(driver: Driver, path: string, busyTimeoutMs: number) {
    this.#driver = driver;
    this.path = path;
    this.busyTimeoutMs = busyTimeoutMs;
    driver.defaultSafeIntegers(true);
    driver.function('ml_tick', { deterministic: false }, () => {
      if (++this.#rows % TICK_ROWS === 0 && performance.now() > this.deadline) {
        throw new RunAbort('timed_out', 'a statement was still scanning at the deadline');
      }
      return 1;
    });
  }

  get inTransaction(): boolean {
    return this.#driver.inTransaction;
  }

  all(sql: string, params: readonly SqlValue[] = []): Row[] {
    try {
      return (this.#statement(sql).all(...bound(params)) as Row[]).map(read);
    } catch (error) {
      throw translate(error, this.path, sql);
    }
  }

  get(sql: string, params: readonly SqlValue[] = []): Row | undefined {
    try {
      const row = this.#statement(sql).get(...bound(params)) as Row | undefined;
      return row && read(row);
    } catch (error) {
      throw translate(error, this.path, sql);
    }
  }

  /** Changed rows. Throws the driver's error as it is: the caller looks for busy and stale snapshots before it translates. */
  runRaw(sql: string, params: readonly SqlValue[] = []): number {
    const statement = this.#statement(sql);
    if (statement.reader) {
      statement.all(...bound(params));
      return 0;
    }
    return statement.run(...bound(params)).changes;
  }

  run(sql: string, params: readonly SqlValue[] = []): number {
    try {
      return this.runRaw(sql, params);
    } catch (error) {
      throw translate(error, this.path, sql);
    }
  }

  /** Statements without results, several at once (schema). */
  exec(sql: string): void {
    try {
      this.#driver.exec(sql);
    } catch (error) {
      throw translate(error, this.path, sql);
    }
  }

  close(): void {
    this.#statements.clear();
    this.#driver.close();
  }

  #statement(sql: string): Statement {
    watcher?.(sql);
    const known = this.#statements.get(sql);
    if (known) return known;
    if (this.#statements.size >= STATEMENT_LIMIT) this.#statements.clear();
    const statement = this.#driver.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Whole numbers are bound as INTEGER: the driver binds every number as REAL, which a TEXT column would keep as "5.0". */
export function bound(params: readonly unknown[]): readonly unknown[] {
  if (params.every((value) => typeof value === 'string' || value === null)) return params;
  return params.map((value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
    if (typeof value === 'boolean') return value ? 1n : 0n;
    return value instanceof Uint8Array && !Buffer.isBuffer(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
  });
}

const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** Integers as numbers where those are exact, else as bigints. Changes the row in place: it is the driver's gift. */
export function read(row: Row): Row {
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'bigint' && value <= LARGEST && value >= -LARGEST) row[name] = Number(value);
  }
  return row;
}

/** Opens a connection. Throws StoreUnavailableError: DATABASE_MISSING, _UNAVAILABLE, _READ_ONLY, _CORRUPT, _BUSY. */
export function openDatabase(options: OpenOptions): Database {
  const { path, readonly = false, create = false, synchronous = 'normal', busyTimeoutMs = 30_000 } = options;
  if (!create && !existsSync(path)) {
    throw new StoreUnavailableError('DATABASE_MISSING', `there is no database at ${path}`, {
      remedy: 'run `moonlighter migrate` in the project, or check [database] path in crap.toml',
      details: { path },
    });
  }
  let driver: Driver | undefined;
  try {
    if (create) mkdirSync(dirname(path), { recursive: true });
    driver = new SqliteDatabase(path, { readonly, fileMustExist: !create, timeout: OPEN_PATIENCE_MS });
    // Switching to WAL needs the file for itself for a moment; a busy file is in WAL mode already or will be by its owner.
    if (driver.pragma('journal_mode', { simple: true }) !== 'wal' && !readonly) driver.pragma('journal_mode = WAL');
    driver.pragma(`synchronous = ${synchronous}`);
    driver.pragma('foreign_keys = ON');
    driver.pragma('wal_autocheckpoint = 1000');
    // A file that stays larger than this is one that readers keep from shrinking (host/wal-watch.ts).
    driver.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    driver.pragma('cache_size = -16384');
    driver.pragma('mmap_size = 268435456');
    // Not MEMORY as in the reference: a savepoint within a savepoint cuts SQLite's journal of pages in memory by walking through all of
    // it (5,000 enqueues over 100,000 rows: 4.6 s of CPU and 240 MB, with FILE 0.1 s), and large sorts stay in memory.
    driver.pragma('temp_store = FILE');
    driver.pragma('busy_timeout = 0');
    return new Database(driver, path, busyTimeoutMs);
  } catch (error) {
    driver?.close();
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES' || code === 'ENOTDIR' || code === 'EROFS' || code === 'EEXIST' || error instanceof TypeError) {
      throw new StoreUnavailableError('DATABASE_UNAVAILABLE', `the database ${path} cannot be opened (${(error as Error).message})`, {
        remedy: 'check that the path exists and that this user may read and write it',
        details: { path },
        cause: error,
      });
    }
    throw translate(error, path);
  }
}
