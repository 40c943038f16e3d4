/** What `check` says of migrations: their names, and whether they parse. Nothing of them is executed. */
import type { Session } from '../bindings/session.js';
import { HostError, messageOf, type Problem } from '../domain/errors.js';
import { LuaError } from '../lua/errors.js';
import { insidePath, listMigrations, type MigrationFile, readMigration } from './migrations.js';

/** Warnings only: nothing but `migrate` executes them, so that a broken one holds nothing else up. */
export function checkMigrations(session: Session, projectDir: string): Problem[] {
  const { files, problems } = listMigrations(projectDir);
  const found = problems.map((problem): Problem => ({ ...problem, severity: 'warning' }));
  for (const file of files) {
    const problem = parse(session, file);
    if (problem) found.push(problem);
  }
  return found;
}

function parse(session: Session, file: MigrationFile): Problem | undefined {
  try {
    session.vm.parse(readMigration(file), `@${insidePath(file)}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const line = error instanceof LuaError ? error.line : undefined;
    const syntax = error instanceof LuaError && error.kind === 'syntax';
    return {
      severity: 'warning',
      code: syntax ? 'LUA_SYNTAX' : 'MIGRATION_INVALID',
      message: syntax ? `syntax error: ${error.message}` : messageOf(error),
      file: insidePath(file),
      ...(line !== undefined && { line }),
      remedy: `correct ${insidePath(file)}${line === undefined ? '' : ` at line ${line}`} before it is applied`,
    };
  }
}
