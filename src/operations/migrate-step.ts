/** One migration up or down, in one transaction together with its row in `_crap_migrations`. */
import { HostError, messageOf, StoreUnavailableError } from '../domain/errors.js';
import type { LogLine } from '../domain/run.js';
import { LuaError } from '../lua/errors.js';
import { placeOf } from '../project/failure-problems.js';
import { callMigration, insidePath, listMigrations, type MigrationDirection, type MigrationFile } from '../project/migrations.js';
import { forgetMigration, isApplied, recordMigration } from '../store/sqlite/migrations.js';
import { inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';

export interface MigrateOptions {
  /** Lines of crap.log and print. */
  log?(line: LogLine): void;
  /** A migration was committed. */
  done?(filename: string): void;
  signal?: AbortSignal;
}

/** Of the project; HostError PROJECT_UNREADABLE. */
export function migrationFiles(opened: OpenedProject): MigrationFile[] {
  const { files, problems } = listMigrations(opened.project.dir);
  const broken = problems.find(({ severity }) => severity === 'error');
  if (broken) throw new HostError(broken.code, broken.message, { remedy: broken.remedy });
  return files;
}

/**
 * Calls the steps one after the other and ends with the names of those that were taken: another program may have been there first. Each is
 * the writer from its start, so that two commands beside each other never execute the same one twice. The first that fails ends it:
 * HostError MIGRATION_FAILED with `details` `{migration, direction, file, line, done, left}`; what was done before stays.
 */
export async function takeSteps(
  opened: OpenedProject,
  files: readonly MigrationFile[],
  direction: MigrationDirection,
  options: MigrateOptions,
): Promise<string[]> {
  const done: string[] = [];
  for (const [index, file] of files.entries()) {
    try {
      if (!(await takeStep(opened, file, direction, options))) continue;
    } catch (error) {
      throw failure(opened, file, direction, error, { done, left: files.slice(index).map(({ name }) => name) });
    }
    done.push(file.name);
    options.done?.(file.name);
  }
  return done;
}

/** False where nothing was to be done any more. */
function takeStep(opened: OpenedProject, file: MigrationFile, direction: MigrationDirection, options: MigrateOptions): Promise<boolean> {
  const { log, signal } = options;
  return inTransaction(opened, { ...(log && { log }), ...(signal && { signal }) }, function* (session) {
    const { db } = session.requireDatabase();
    // A savepoint as the first statement begins as the writer.
    return yield* db.savepoint(function* () {
      if ((yield* isApplied(db, file.name)) === (direction === 'up')) return false;
      yield* callMigration(session, file, direction);
      if (direction === 'up') yield* recordMigration(db, file.name);
      else yield* forgetMigration(db, file.name);
      return true;
    });
  });
}

function failure(
  opened: OpenedProject,
  file: MigrationFile,
  direction: MigrationDirection,
  error: unknown,
  progress: { done: string[]; left: string[] },
): HostError {
  const what = `migration ${file.name} failed (${direction})`;
  const details = {
    migration: file.name,
    direction,
    ...place(opened.project.dir, file, error),
    ...progress,
    ...(error instanceof LuaError && error.traceback !== undefined && { traceback: error.traceback }),
  };
  const stays =
    progress.done.length === 0
      ? 'nothing was changed'
      : progress.done.length === 1
        ? 'the one before it stays'
        : `the ${progress.done.length} before it stay`;
  const again = `moonlighter migrate ${direction}`;
  if (error instanceof StoreUnavailableError) {
    const { code, message, retryable } = error;
    const remedy = `${error.remedy ?? 'see what holds the database'}; then ${again}`;
    return new StoreUnavailableError(code, `${what}: ${message}`, { remedy, details, retryable, cause: error });
  }
  const own = error instanceof HostError && error.code === 'MIGRATION_INVALID' ? error.remedy : undefined;
  return new HostError('MIGRATION_FAILED', `${what}: ${textOf(error)}`, {
    remedy: `it was rolled back whole, ${stays}; ${own ?? `correct ${insidePath(file)}`}, then ${again}`,
    details,
    cause: error,
  });
}

function textOf(error: unknown): string {
  return error instanceof LuaError && error.kind === 'syntax' ? `syntax error: ${error.message}` : messageOf(error);
}

/** Where in the migration it stopped, also when what it called raised; else where the error was raised. */
function place(projectDir: string, file: MigrationFile, error: unknown): { file: string; line?: number } {
  const inside = insidePath(file);
  if (!(error instanceof LuaError)) return { file: inside };
  const own = error.chunk === undefined ? '' : `${error.chunk}:${error.line}:`;
  for (const [, chunk, line] of `${own}\n${error.message}\n${error.traceback ?? ''}`.matchAll(/([^\s:]+):(\d+):/g)) {
    // Lua cuts long chunk names at the front.
    if (chunk === inside || (chunk!.startsWith('...') && inside.endsWith(chunk!.slice(3)))) return { file: inside, line: Number(line) };
  }
  return { file: inside, ...placeOf(projectDir, file.path, error) };
}
