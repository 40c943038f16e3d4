/** Which folder is the project: -C, else CRAP_CONFIG_DIR, else the nearest folder upwards with a crap.toml or an init.lua. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../domain/errors.js';
import type { Environment } from './substitute-env.js';

export interface FindProject {
  /** Value of -C/--config. */
  flag?: string;
  env: Environment;
  cwd: string;
}

const ENTRY_FILES = ['crap.toml', 'init.lua'];
/** A folder that is named may also consist of these alone. */
const NAMED_ENTRIES = [...ENTRY_FILES, 'moonlighter.toml', 'jobs'];

/** Absolute path of the folder, links resolved. Throws UsageError PROJECT_NOT_FOUND. */
export function findProject({ flag, env, cwd }: FindProject): string {
  if (flag !== undefined && flag !== '') return named(resolve(cwd, flag), '-C');
  const variable = env['CRAP_CONFIG_DIR'];
  if (variable) return named(resolve(cwd, variable), 'CRAP_CONFIG_DIR');
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    if (ENTRY_FILES.some((name) => isFile(join(dir, name)))) return realpathSync(dir);
    if (dirname(dir) === dir) break;
  }
  throw new UsageError('PROJECT_NOT_FOUND', `No crap.toml found in '${resolve(cwd)}' or any parent directory.`, {
    remedy: 'go into a project folder, name one with -C <dir> or CRAP_CONFIG_DIR, or make one with `moonlighter init`',
    details: { cwd: resolve(cwd) },
  });
}

function named(path: string, by: string): string {
  const dir = basename(path) === 'crap.toml' && isFile(path) ? dirname(path) : path;
  if (!existsSync(dir)) {
    throw new UsageError('PROJECT_NOT_FOUND', `the project folder '${dir}' (from ${by}) does not exist`, {
      remedy: 'correct the path, or make the project with `moonlighter init <dir>`',
      details: { dir, by },
    });
  }
  if (!statSync(dir).isDirectory() || !NAMED_ENTRIES.some((name) => existsSync(join(dir, name)))) {
    throw new UsageError(
      'PROJECT_NOT_FOUND',
      `No crap.toml found in '${dir}'\n\nMake sure the path points to a valid crap-cms config directory.`,
      { remedy: 'name a folder that holds crap.toml or init.lua, or make one with `moonlighter init <dir>`', details: { dir, by } },
    );
  }
  return realpathSync(dir);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
