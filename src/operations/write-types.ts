/**
 * Types: writes the stubs of the `crap` table and the classes of this project's collections, globals and jobs for editors, under the
 * names that crap-cms gives them (Lua API 9, 10.7). Executes nothing but the definitions.
 */
import { existsSync, rmSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { typesOf } from '../project/types.js';
import { luaTypes } from '../project/types-lua.js';
import { stubText } from '../project/types-stubs.js';
import { loadAndCheck, type OpenOptions, refuseBroken } from './open-project.js';
import { bring, changing, head, read, refuseForeign, type TypesFile } from './types-files.js';

export interface WriteTypesOptions {
  /** The folder of the files, seen from `cwd`, inside or outside of the project. Default `types` in the project. */
  out?: string;
  /** Writes nothing; the report says what would be. */
  check?: boolean;
  /** Also over files that somebody else wrote. */
  force?: boolean;
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

/** What the other generation's name holds would define the same classes a second time. */
function drop(path: string, check: boolean): TypesFile {
  if (check) return { path, state: 'obsolete' };
  changing(path, () => rmSync(path));
  return { path, state: 'removed' };
}

function isOurs(path: string): boolean {
  return head(read(path) ?? '').includes('`moonlighter types`');
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
