/**
 * The migrations of a project: `migrations/*.lua` by file name, each returning a table with `up` and `down` (Lua API 1.1). They are executed
 * only by `moonlighter migrate`; here they are listed, named and called, in a transaction that the caller owns.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isLuaFunction, releaseFunctions } from '../bindings/held-functions.js';
import type { Session } from '../bindings/session.js';
import { HostError, messageOf, type Problem } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';

export const MIGRATIONS_FOLDER = 'migrations';

export type MigrationDirection = 'up' | 'down';

export interface MigrationFile {
  /** With its ending, as `_crap_migrations` has it: `20260131080000_seed_posts.lua`. */
  name: string;
  /** Absolute. */
  path: string;
}

export interface MigrationsFolder {
  /** In the order in which they are applied: by the bytes of their names. */
  files: MigrationFile[];
  /** An error where the folder cannot be read; warnings about names. */
  problems: Problem[];
}

const NAME = /^(\d{14})_[A-Za-z0-9_-]+\.lua$/;

/** A project without the folder has none. Other files than `*.lua`, and folders, are left alone. */
export function listMigrations(projectDir: string): MigrationsFolder {
  const dir = join(projectDir, MIGRATIONS_FOLDER);
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    return { files: [], problems: (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : [unreadable(dir, error)] };
  }
  const files = names
    .filter((name) => name.endsWith('.lua') && name !== '.lua')
    .map((name) => ({ name, path: join(dir, name) }))
    .filter(({ path }) => !(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false))
    .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  return { files, problems: files.flatMap((file, i) => nameProblems(file, files[i - 1])) };
}

/** `20260131080000_seed_posts.lua`; `at` (epoch ms) is written in UTC. */
export function migrationFileName(name: string, at: number): string {
  return `${new Date(at).toISOString().replace(/\D/g, '').slice(0, 14)}_${name}.lua`;
}

/** The file relative to the project: how it is named in positions. */
export function insidePath({ name }: MigrationFile): string {
  return `${MIGRATIONS_FOLDER}/${name}`;
}

/** UTF-8 text. HostError MIGRATION_INVALID where it cannot be read. */
export function readMigration(file: MigrationFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file.path));
  } catch (error) {
    const why = error instanceof TypeError ? 'it is no UTF-8 text' : messageOf(error);
    throw new HostError('MIGRATION_INVALID', `${insidePath(file)} cannot be read: ${why}`, {
      remedy: 'save it as UTF-8, where this user may read it',
      details: { file: insidePath(file) },
      cause: error,
    });
  }
}

/** Executes the file and calls its function without arguments. Throws LuaError, or HostError MIGRATION_INVALID for a file of another shape. */
export function* callMigration(session: Session, file: MigrationFile, direction: MigrationDirection): Op<void> {
  const { vm } = session;
  const values = yield* vm.execute(readMigration(file), `@${insidePath(file)}`);
  try {
    const results = yield* vm.call(functionOf(file, direction, values[0]), []);
    if (!vm.spent) for (const result of results) releaseFunctions(vm, result);
  } finally {
    if (!vm.spent) for (const value of values) releaseFunctions(vm, value);
  }
}

function functionOf(file: MigrationFile, direction: MigrationDirection, module: LuaValue) {
  const inside = insidePath(file);
  if (!(module instanceof LuaTable)) throw invalid(file, `${inside} returns ${luaTypeName(module)}, expected a table with up and down`);
  const fn = module.get(direction);
  if (isLuaFunction(fn)) return fn;
  if (fn === undefined || fn === null) throw invalid(file, `${inside} has no function '${direction}'`);
  throw invalid(file, `${inside}: '${direction}' is a ${luaTypeName(fn)}, expected a function`);
}

function invalid(file: MigrationFile, message: string): HostError {
  return new HostError('MIGRATION_INVALID', message, {
    remedy: 'return a table with two functions: return { up = function() … end, down = function() … end }',
    details: { file: insidePath(file) },
  });
}

function nameProblems(file: MigrationFile, before: MigrationFile | undefined): Problem[] {
  const warning = { severity: 'warning', code: 'MIGRATION_NAME', file: insidePath(file) } as const;
  const stamp = NAME.exec(file.name)?.[1];
  if (stamp === undefined) {
    return [
      {
        ...warning,
        message: `${insidePath(file)}: expected a name like 20260131080000_seed_posts.lua; it is applied in the order of its name all the same`,
        remedy: 'moonlighter make migration <name> names files',
      },
    ];
  }
  if (before === undefined || NAME.exec(before.name)?.[1] !== stamp) return [];
  return [
    {
      ...warning,
      message: `${insidePath(file)} has the same instant as ${before.name}: the rest of the names decides their order`,
      remedy: 'give one of the two another instant, before it is applied anywhere',
    },
  ];
}

function unreadable(dir: string, error: unknown): Problem {
  return {
    severity: 'error',
    code: 'PROJECT_UNREADABLE',
    message: `Failed to read ${MIGRATIONS_FOLDER} directory: ${dir}: ${messageOf(error)}`,
    file: MIGRATIONS_FOLDER,
    remedy: 'make it a folder that this user may read',
  };
}
