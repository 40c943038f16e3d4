/** What a long-lived host needs before it starts: the project checked in a thread of its own, the database up to date. */
import type { LogLine } from '../domain/run.js';
import type { HostOptions } from '../host/host.js';
import type { CheckedProject } from '../project/check-project.js';
import { bringUpToDate } from './migrate-schema.js';
import { pendingMigrations } from './migrate-status.js';
import { loadAndCheck, OpenedProject, type OpenOptions, openProjectDatabase, refuseBroken } from './open-project.js';
import { otherProgram } from './other-program.js';

export interface PreparedHost {
  project: CheckedProject;
  /** What the project's files said while they were loaded. */
  lines: readonly LogLine[];
  /** For createHost; the caller adds queues, concurrency, log … */
  options: HostOptions;
  /** Process ids of crap-cms on the same folder. */
  others: number[];
  /** File names of migrations that are not applied yet; starting applies none. */
  pendingMigrations: string[];
}

/** ProjectError, StoreUnavailableError as openProject. */
export async function prepareHost(options: OpenOptions): Promise<PreparedHost> {
  const lines: LogLine[] = [];
  const project = await loadAndCheck({ ...options, isolated: true, log: (line) => lines.push(line) });
  refuseBroken(project);
  const opened = new OpenedProject(project, openProjectDatabase(project));
  let pending: string[];
  try {
    await bringUpToDate(opened);
    pending = (await pendingMigrations(opened)).map(({ name }) => name);
  } finally {
    await opened.close();
  }
  const { dir, config, moonlighter, registry, generation } = project;
  return {
    project,
    lines,
    options: { projectDir: dir, databasePath: opened.databasePath, config, moonlighter, registry, generation },
    others: otherProgram(dir),
    pendingMigrations: pending,
  };
}
