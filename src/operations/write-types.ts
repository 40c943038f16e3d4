/**
 * Types: writes the stubs of the `crap` table and the classes of this project's collections, globals and jobs for editors, under the
 * names that crap-cms gives them (Lua API 9, 10.7). Executes nothing but the definitions.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { HostError, messageOf, RefusedError } from '../domain/errors.js';
import { typesOf } from '../project/types.js';
import { luaTypes } from '../project/types-lua.js';
import { stubText } from '../project/types-stubs.js';
import { loadAndCheck, type OpenOptions, refuseBroken } from './open-project.js';

export interface WriteTypesOptions {
  /** The folder of the files, seen from `cwd`, inside or outside of the project. Default `types` in the project. */
  out?: string;
  /** Writes nothing; the report says what would be. */
  check?: boolean;
  /** Also over files that somebody else wrote. */
  force?: boolean;
}

export interface TypesFile {
  path: string;
  /** With `check`: "missing" and "outdated" are what would be written; "obsolete" what would be removed. */
  state: 'written' | 'unchanged' | 'removed' | 'missing' | 'outdated' | 'obsolete';
}

export interface TypesReport {
  /** false: `check` found files that are not up to date. */
  ok: boolean;
  dir: string;
  out: string;
  generation: 8 | 10;
  files: TypesFile[];
  counts: { collections: number; globals: number; jobs: number };
}

const GENERATED: Record<8 | 10, string> = { 8: 'generated.lua', 10: 'hooks.lua' };
const SETTINGS = '.luarc.json';

/**
 * ProjectError where the project cannot be used; RefusedError FILE_EXISTS where a file of the same name was not generated;
 * FILE_NOT_WRITTEN where the folder cannot be written.
 */
export async function writeTypes(open: OpenOptions, options: WriteTypesOptions = {}): Promise<TypesReport> {
  const project = await loadAndCheck(open);
  refuseBroken(project);
  const { dir, generation, registry } = project;
  const out = options.out === undefined ? join(dir, 'types') : resolve(open.cwd, options.out);
  const texts: [string, string][] = [
    [join(out, 'crap.lua'), stubText(generation)],
    [join(out, GENERATED[generation]), luaTypes(typesOf(project))],
  ];
  const former = join(out, GENERATED[generation === 10 ? 8 : 10]);
  if (!options.force) for (const [path] of texts) refuseForeign(path);
  const files = texts.map(([path, text]): TypesFile => bring(path, text, options.check === true));
  if (isOurs(former)) files.push(drop(former, options.check === true));
  const settings = join(dir, SETTINGS);
  if (!options.check && !existsSync(settings)) {
    files.push(bring(settings, settingsText(dir, out, project.moonlighter.lua.engine), false));
  }
  return {
    ok: files.every(({ state }) => state === 'written' || state === 'unchanged' || state === 'removed'),
    dir,
    out,
    generation,
    files,
    counts: { collections: registry.collections.size, globals: registry.globals.size, jobs: registry.jobs.size },
  };
}

function bring(path: string, text: string, check: boolean): TypesFile {
  const present = read(path);
  if (present === text) return { path, state: 'unchanged' };
  if (check) return { path, state: present === undefined ? 'missing' : 'outdated' };
  changing(path, () => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  });
  return { path, state: 'written' };
}

/** What the other generation's name holds would define the same classes a second time. */
function drop(path: string, check: boolean): TypesFile {
  if (check) return { path, state: 'obsolete' };
  changing(path, () => rmSync(path));
  return { path, state: 'removed' };
}

function changing(path: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    throw new HostError('FILE_NOT_WRITTEN', `${path} could not be written (${messageOf(error)})`, {
      remedy: 'check that the folder may be written by this user, or name another one with --out',
      details: { path },
      cause: error,
    });
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Generated files say so at their head, those of crap-cms too. */
function refuseForeign(path: string): void {
  const text = read(path);
  if (text === undefined || text.trim() === '' || /^---@meta|^--.*(?:auto-)?generated/im.test(head(text))) return;
  throw new RefusedError('FILE_EXISTS', `${path} exists and was not generated`, {
    remedy: 'move it away, name another folder with --out, or write over it with --force',
    details: { path },
  });
}

function isOurs(path: string): boolean {
  return head(read(path) ?? '').includes('`moonlighter types`');
}

function head(text: string): string {
  return text.split('\n', 5).join('\n');
}

/** What the language server is to know of a project; written once, then its user's. */
function settingsText(dir: string, out: string, engine: 'lua54' | 'fengari'): string {
  const inside = relative(dir, out);
  const library = inside.startsWith('..') || isAbsolute(inside) ? out : inside;
  const settings = {
    'runtime.version': engine === 'fengari' ? 'Lua 5.3' : 'Lua 5.4',
    'runtime.path': ['?.lua', '?/init.lua'],
    'runtime.builtin': { debug: 'disable' },
    'workspace.library': [library.split(sep).join('/')],
    'workspace.ignoreDir': ['data', 'uploads'],
    'workspace.checkThirdParty': false,
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}
