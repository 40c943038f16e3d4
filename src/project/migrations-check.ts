/** What `check` says of migrations: their names, and whether they parse. Nothing of them is executed. */
import type { Session } from '../bindings/session.js';
import { HostError, messageOf, type Problem } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import { LuaError } from '../lua/errors.js';
import { insidePath, listMigrations, type MigrationFile, readMigration } from './migrations.js';

/** Warnings only: nothing but `migrate` executes them, so that a broken one holds nothing else up. */
export function* checkMigrations(session: Session, projectDir: string): Op<Problem[]> {
  const { files, problems } = listMigrations(projectDir);
  const found = problems.map((problem): Problem => ({ ...problem, severity: 'warning' }));
  for (const file of files) {
    const problem = yield* parse(session, file);
    if (problem) found.push(problem);
  }
  return found;
}

/** The file as the body of a function, behind a return, so that nothing of it runs; on the same line, so that positions are its own. */
function* parse(session: Session, file: MigrationFile): Op<Problem | undefined> {
  try {
    yield* session.vm.execute(`do return end local function migration(...) ${readMigration(file)}\nend`, `@${insidePath(file)}`);
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
