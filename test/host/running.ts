/** A real host over a project folder: compiled worker threads (`npm run build` first), a real database file. */
import { join } from 'node:path';
import { contentSettings } from '../../src/bindings/content-context.js';
import { syncSchema } from '../../src/content/sync.js';
import { runAsync } from '../../src/domain/op.js';
import type { EnqueueRequest, Run } from '../../src/domain/run.js';
import type { HostEvents } from '../../src/host/events.js';
import { createHost, type Host, type HostOptions } from '../../src/host/host.js';
import { loadProject } from '../../src/host/load-project-thread.js';
import type { CheckedProject } from '../../src/project/check-project.js';
import type { Db } from '../../src/store/db.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, readNow, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore } from '../../src/store/sqlite/store.js';
import { createProject, type ProjectFolder } from '../support/project.js';

export class RunningHost {
  readonly folder: ProjectFolder;
  readonly project: CheckedProject;
  readonly databasePath: string;
  readonly host: Host;
  readonly finished: HostEvents['attempt:finished'][] = [];
  readonly started: HostEvents['attempt:started'][] = [];
  readonly log: HostEvents['log'][] = [];
  readonly #database: Database;
  readonly #watchers = new Set<() => void>();

  private constructor(folder: ProjectFolder, project: CheckedProject, database: Database, options: Partial<HostOptions>) {
    this.folder = folder;
    this.project = project;
    this.databasePath = database.path;
    this.#database = database;
    this.host = hostOf(project, database.path, options);
    this.#note('attempt:finished', (e) => this.finished.push(e));
    this.#note('attempt:started', (e) => this.started.push(e));
    this.#note('log', (e) => this.log.push(e));
  }

  /** Loads the project, makes its database; the host is not started. */
  static async prepare(files: Record<string, string>, options: Partial<HostOptions> = {}): Promise<RunningHost> {
    const folder = await createProject(files);
    const project = await loadProject(folder.dir);
    const errors = project.problems.filter((problem) => problem.severity === 'error');
    if (errors.length > 0) throw new Error(errors.map((problem) => `${problem.file}:${problem.line} ${problem.message}`).join('\n'));
    const database = openDatabase({ path: join(folder.dir, 'data', 'crap.db'), create: true });
    await runAsync(
      writeTransaction(database, noQueue, 'test', function* (db) {
        yield* migrate(db);
        yield* syncSchema(db, project.registry, contentSettings(project.config, project.generation));
      }),
    );
    return new RunningHost(folder, project, database, options);
  }

  static async start(files: Record<string, string>, options: Partial<HostOptions> = {}): Promise<RunningHost> {
    const running = await RunningHost.prepare(files, options);
    try {
      await running.host.start();
    } catch (error) {
      await running.dispose();
      throw error;
    }
    return running;
  }

  write<T>(body: (db: Db) => Generator<never, T> | ReturnType<typeof sqliteStore.enqueue>): Promise<T> {
    return runAsync(writeTransaction(this.#database, noQueue, 'test', body as never)) as Promise<T>;
  }

  /** Writes the runs in one transaction, then wakes the host. */
  async enqueue(slug: string, datas: readonly unknown[] = [{}], more: Partial<EnqueueRequest> = {}): Promise<string[]> {
    const job = this.project.registry.jobs.get(slug);
    const ids = await runAsync(
      writeTransaction(this.#database, noQueue, 'test', function* (db) {
        const made: string[] = [];
        for (const data of datas) {
          const request: EnqueueRequest = {
            slug,
            data: JSON.stringify(data),
            queue: job?.queue ?? 'default',
            maxAttempts: (job?.retries ?? 0) + 1,
            scheduledBy: 'system',
            ...more,
          };
          made.push((yield* sqliteStore.enqueue(db, request, Date.now())).id);
        }
        return made;
      }),
    );
    this.host.wake();
    return ids;
  }

  run(id: string): Run {
    return readNow(this.#database, (db) => sqliteStore.findRun(db, id))!;
  }

  runs(): Run[] {
    return readNow(this.#database, (db) => sqliteStore.listRuns(db, { limit: 10_000 }));
  }

  rows<T>(sql: string): T[] {
    return this.#database.all(sql) as T[];
  }

  /** Resolves once `test` holds; looked at after each event of the host. */
  until(test: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!test()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Resolves when so many attempts have ended since the start. */
  ended(count: number): Promise<void> {
    return this.until(() => this.finished.length >= count);
  }

  async dispose(): Promise<void> {
    await this.host.stop('test over');
    this.#database.close();
    await this.folder.dispose();
  }

  #note<K extends keyof HostEvents>(name: K, act: (event: HostEvents[K]) => void): void {
    this.host.events.on(name, (event) => {
      act(event);
      for (const watcher of [...this.#watchers]) watcher();
    });
  }
}

export function hostOf(project: CheckedProject, databasePath: string, options: Partial<HostOptions> = {}): Host {
  const { dir, config, moonlighter, registry, generation } = project;
  return createHost({ projectDir: dir, databasePath, config, moonlighter, registry, generation, ...options });
}

/** A collection with a unique number, for counting effects. */
export const numbers = `
crap.collections.define("numbers", {
  fields = { crap.fields.number({ name = "number", required = true, unique = true }) },
})
`;

/** A file with one job: `options` is Lua inside the definition, `body` the handler's. */
export function job(slug: string, options: string, body: string): Record<string, string> {
  return {
    [`jobs/${slug}.lua`]: `crap.jobs.define("${slug}", { handler = "jobs.${slug}.run"${options && `, ${options}`} })
return { run = function(ctx)
${body}
end }
`,
  };
}
