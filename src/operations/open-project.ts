/**
 * Opens a project for a command: finds the folder, loads and checks it, refuses it when it is broken, opens its database and brings
 * that up to date only when something changed. Every other operation works on what this gives.
 */
import { resolve } from 'node:path';
import { findProject } from '../config/find-project.js';
import { ProjectError } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import type { DataCheck } from '../host/runners.js';
import { type CheckedProject, checkProject } from '../project/check-project.js';
import type { Database } from '../store/sqlite/database.js';
import type { LocalExecutor } from '../worker/local.js';
import type { ScriptHandler } from '../worker/script-context.js';
import { bringUpToDate } from './migrate-schema.js';
import { OpenedDatabase, type OpenOptions, type OwnHost, openDatabaseOf } from './open-database.js';

export type { OpenOptions, OwnHost } from './open-database.js';

/** Finds, loads and checks the project; problems are in the result. NotFoundError or UsageError where there is no project. */
export async function loadAndCheck(options: OpenOptions): Promise<CheckedProject> {
  const { config, cwd, env } = options;
  const dir = findProject({ flag: config, env, cwd });
  const project = options.isolated ? await isolated(dir, options) : await checkProject(dir, env, options.log && { log: options.log });
  if (options.databasePath !== undefined) project.config.database.path = resolve(cwd, options.databasePath);
  return project;
}

async function isolated(dir: string, { env, log }: OpenOptions): Promise<CheckedProject> {
  const { loadProject } = await import('../host/load-project-thread.js');
  return await loadProject(dir, env, log);
}

export class OpenedProject extends OpenedDatabase {
  readonly project: CheckedProject;
  /** Jobs in TypeScript of the application, by slug; executed in the foreground too. */
  scripts: { handlers: ReadonlyMap<string, ScriptHandler<Json>>; checks: ReadonlyMap<string, DataCheck> } | undefined;
  #executor: Promise<LocalExecutor> | undefined;

  /** `own`: the host of this process, where there is one. */
  constructor(project: CheckedProject, database: Database, own?: OwnHost) {
    super(database, own);
    this.project = project;
  }

  /** Executes project code in this process; made at the first call. */
  async executor(): Promise<LocalExecutor> {
    this.refuseClosed();
    this.#executor ??= import('../worker/local.js').then(({ createLocalExecutor }) =>
      createLocalExecutor(this.project, this.databasePath, this.own?.changes),
    );
    return await this.#executor;
  }

  protected override async closeUsers(): Promise<void> {
    const executor = await this.#executor?.catch(() => undefined);
    executor?.close();
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
  return openDatabaseOf(project, create);
}
