/**
 * Opens a project's database without its definitions: what runs did, and what becomes of them, stands in rows. No Lua is executed, so that
 * this costs little and also answers while a file of the project is broken.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { findProject } from '../config/find-project.js';
import { loadConfig } from '../config/load-config.js';
import type { MoonlighterConfig } from '../config/moonlighter-config.js';
import { type Clock, systemClock } from '../domain/clock.js';
import { HostError } from '../domain/errors.js';
import { type Op, runAsync } from '../domain/op.js';
import type { LogLine } from '../domain/run.js';
import { probeSocket, wakeHosts } from '../host/waker.js';
import type { Db } from '../store/db.js';
import { type Database, openDatabase } from '../store/sqlite/database.js';
import { holderText, writerProcess } from '../store/sqlite/lock-holders.js';
import { isMigrated } from '../store/sqlite/migrate.js';
import { noQueue, readTransaction, writeTransaction } from '../store/sqlite/short-transaction.js';
import { sqliteStore } from '../store/sqlite/store.js';
import type { HostRecord } from '../store/store.js';
import type { WriteQueue } from '../store/writer.js';
import type { ChangeListener } from '../worker/changes.js';

export interface OpenOptions {
  /** The folder named with -C/--config; default CRAP_CONFIG_DIR, else the nearest one above `cwd`. */
  config?: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Loads the project in a thread of its own: for processes that must go on whatever its files do. */
  isolated?: boolean;
  /** Lines of crap.log and print while the project's files are loaded. Default: dropped. */
  log?(line: LogLine): void;
  /** The database file, instead of the project's [database] path. */
  databasePath?: string;
}

/** The host of this process: its writers stand in one queue with ours, and it is woken directly. */
export interface OwnHost {
  readonly id: string;
  readonly writeQueue: WriteQueue;
  /** Hears of documents that commands of this process change. */
  readonly changes?: ChangeListener;
  /** That of the host. Default the system's. */
  readonly clock?: Clock;
  wake(): void;
}

export class OpenedDatabase {
  readonly databasePath: string;
  readonly store = sqliteStore;
  readonly clock: Clock;
  /** Told when a write has waited for a second for the lock that somebody holds: a process, or "another program" where the system cannot say it. */
  onLocked: ((who: string) => void) | undefined;
  protected readonly own: OwnHost | undefined;
  readonly #database: Database;
  #closed = false;

  /** `own`: the host of this process, where there is one. */
  constructor(database: Database, own?: OwnHost) {
    this.own = own;
    this.clock = own?.clock ?? systemClock;
    this.databasePath = database.path;
    this.#database = database;
    database.onLocked = ({ free }) => {
      if (free || !this.onLocked) return;
      const holder = writerProcess(database.path);
      this.onLocked(holder ? holderText(holder) : 'another program');
    };
  }

  /** One snapshot. */
  async read<T>(body: (db: Db) => Op<T>): Promise<T> {
    this.refuseClosed();
    return await runAsync(readTransaction(this.#database, body));
  }

  /** One write transaction; other processes are met at the file's lock, for up to [database] busy_timeout. */
  async write<T>(owner: string, body: (db: Db) => Op<T>): Promise<T> {
    this.refuseClosed();
    return await runAsync(writeTransaction(this.#database, this.own?.writeQueue ?? noQueue, owner, body));
  }

  /** Writes the write-ahead log back into the file and empties it; false while somebody holds it. */
  shrinkLog(): boolean {
    return Number(this.#database.get('PRAGMA wal_checkpoint(TRUNCATE)')?.['busy'] ?? 1) === 0;
  }

  hosts(): Promise<HostRecord[]> {
    return this.read((db) => this.store.listHosts(db));
  }

  /** Tells the running hosts that there is work. Ends with how many were told. */
  async wake(): Promise<number> {
    this.own?.wake();
    const hosts = (await this.hosts()).filter((host) => host.id !== this.own?.id);
    if (hosts.length === 0) return 0;
    const { dead } = await wakeHosts(hosts);
    return hosts.length - dead.length;
  }

  /** Whether some host of this database answers. */
  async hostIsRunning(): Promise<boolean> {
    const answers = await Promise.all((await this.hosts()).map((host) => probeSocket(host.socket)));
    return answers.includes('alive');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.closeUsers();
    this.#database.close();
  }

  /** What has connections of its own. */
  protected async closeUsers(): Promise<void> {}

  protected refuseClosed(): void {
    if (this.#closed) throw new HostError('HOST_STOPPED', 'the database is closed: the host is stopped', { remedy: 'make another host' });
  }
}

/** What is read of both configuration files to open the database. */
interface DatabaseSettings {
  dir: string;
  config: { database: { path: string; busy_timeout: number } };
  moonlighter: Pick<MoonlighterConfig, 'database'>;
}

/** `create`: makes the file when there is none (default); otherwise DATABASE_MISSING. */
export function openDatabaseOf({ dir, config, moonlighter }: DatabaseSettings, create = true): Database {
  return openDatabase({
    path: pathOf(dir, config.database.path),
    create,
    synchronous: moonlighter.database.synchronous,
    busyTimeoutMs: config.database.busy_timeout * 1000,
  });
}

function pathOf(dir: string, path: string): string {
  return isAbsolute(path) ? path : join(dir, path);
}

/**
 * The database of the project as it stands. Where it is not there yet, lacks tables of ours, or the configuration has errors, the project is
 * opened whole, which makes what is missing or says what is wrong. Throws as openProject does.
 */
export async function openRuns(options: OpenOptions): Promise<OpenedDatabase> {
  const dir = findProject({ flag: options.config, env: options.env, cwd: options.cwd });
  const { crap, moonlighter, problems } = loadConfig(dir, options.env);
  if (options.databasePath !== undefined) crap.database.path = resolve(options.cwd, options.databasePath);
  if (!problems.some(({ severity }) => severity === 'error') && existsSync(pathOf(dir, crap.database.path))) {
    const opened = new OpenedDatabase(openDatabaseOf({ dir, config: crap, moonlighter }, false));
    try {
      if (await opened.read(isMigrated)) return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
    await opened.close();
  }
  const { openProject } = await import('./open-project.js');
  return await openProject(options);
}
