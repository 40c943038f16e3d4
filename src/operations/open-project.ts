/**
 * Opens a project for a command: finds the folder, loads and checks it, refuses it when it is broken, opens its database and brings
 * that up to date only when something changed. Every other operation works on what this gives.
 */
import { isAbsolute, join, resolve } from 'node:path';
import { findProject } from '../config/find-project.js';
import { type Clock, systemClock } from '../domain/clock.js';
import { HostError, ProjectError } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import { type Op, runAsync } from '../domain/op.js';
import { loadProject } from '../host/load-project-thread.js';
import type { DataCheck } from '../host/runners.js';
import { probeSocket, wakeHosts } from '../host/waker.js';
import { type CheckedProject, checkProject } from '../project/check-project.js';
import type { Db } from '../store/db.js';
import { type Database, openDatabase } from '../store/sqlite/database.js';
import { holderText, writerProcess } from '../store/sqlite/lock-holders.js';
import { noQueue, readTransaction, writeTransaction } from '../store/sqlite/short-transaction.js';
import { sqliteStore } from '../store/sqlite/store.js';
import type { HostRecord } from '../store/store.js';
import type { WriteQueue } from '../store/writer.js';
import type { ChangeListener } from '../worker/changes.js';
import { createLocalExecutor, type LocalExecutor } from '../worker/local.js';
import type { ScriptHandler } from '../worker/script-context.js';
import { bringUpToDate } from './migrate-schema.js';

export interface OpenOptions {
  /** The folder named with -C/--config; default CRAP_CONFIG_DIR, else the nearest one above `cwd`. */
  config?: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Loads the project in a thread of its own: for processes that must go on whatever its files do. */
  isolated?: boolean;
  /** The database file, instead of the project's [database] path. */
  databasePath?: string;
}

/** Finds, loads and checks the project; problems are in the result. NotFoundError or UsageError where there is no project. */
export async function loadAndCheck(options: OpenOptions): Promise<CheckedProject> {
  const { config, cwd, env } = options;
  const dir = findProject({ flag: config, env, cwd });
  const project = options.isolated ? await loadProject(dir, env) : await checkProject(dir, env);
  if (options.databasePath !== undefined) project.config.database.path = resolve(cwd, options.databasePath);
  return project;
}

/** Where the project's database file is. */
function databasePathOf(project: CheckedProject): string {
  const { path } = project.config.database;
  return isAbsolute(path) ? path : join(project.dir, path);
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

export class OpenedProject {
  readonly project: CheckedProject;
  readonly databasePath: string;
  readonly store = sqliteStore;
  readonly clock: Clock;
  /** Told when a write has waited for a second for the lock that somebody holds: a process, or "another program" where the system cannot say it. */
  onLocked: ((who: string) => void) | undefined;
  /** Jobs in TypeScript of the application, by slug; executed in the foreground too. */
  scripts: { handlers: ReadonlyMap<string, ScriptHandler<Json>>; checks: ReadonlyMap<string, DataCheck> } | undefined;
  readonly #database: Database;
  readonly #own: OwnHost | undefined;
  #executor: Promise<LocalExecutor> | undefined;
  #closed = false;

  /** `own`: the host of this process, where there is one. */
  constructor(project: CheckedProject, database: Database, own?: OwnHost) {
    this.project = project;
    this.#own = own;
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
    this.#refuseClosed();
    return await runAsync(readTransaction(this.#database, body));
  }

  /** One write transaction; other processes are met at the file's lock, for up to [database] busy_timeout. */
  async write<T>(owner: string, body: (db: Db) => Op<T>): Promise<T> {
    this.#refuseClosed();
    return await runAsync(writeTransaction(this.#database, this.#own?.writeQueue ?? noQueue, owner, body));
  }

  /** Executes project code in this process; made at the first call. */
  async executor(): Promise<LocalExecutor> {
    this.#refuseClosed();
    this.#executor ??= createLocalExecutor(this.project, this.databasePath, this.#own?.changes);
    return await this.#executor;
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
    this.#own?.wake();
    const hosts = (await this.hosts()).filter((host) => host.id !== this.#own?.id);
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
    const executor = await this.#executor?.catch(() => undefined);
    executor?.close();
    this.#database.close();
  }

  #refuseClosed(): void {
    if (this.#closed) throw new HostError('HOST_STOPPED', 'the database is closed: the host is stopped', { remedy: 'make another host' });
  }
}

/** ProjectError with every problem when the project cannot be used; StoreUnavailableError when its database cannot. */
export async function openProject(options: OpenOptions): Promise<OpenedProject> {
  const project = await loadAndCheck(options);
  refuseBroken(project);
  const database = openProjectDatabase(project);
  const opened = new OpenedProject(project, database);
  try {
    await bringUpToDate(opened);
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

export function refuseBroken(project: CheckedProject): void {
  if (project.problems.some((problem) => problem.severity === 'error')) throw new ProjectError(project.problems);
}

/** `create`: makes the file when there is none (default); otherwise DATABASE_MISSING. */
export function openProjectDatabase(project: CheckedProject, create = true): Database {
  return openDatabase({
    path: databasePathOf(project),
    create,
    synchronous: project.moonlighter.database.synchronous,
    busyTimeoutMs: project.config.database.busy_timeout * 1000,
  });
}
