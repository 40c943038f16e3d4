/**
 * Executes a project's definition files in the reference's order: collections, globals, jobs, each by file name, then init.lua
 * (jobs page 1.5, Lua API 1.2). A broken file hides nothing of the others: every failure is a problem with file and line.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Session } from '../bindings/session.js';
import { isLater } from '../config/generation.js';
import { applyDefaultTimezone } from '../content/define-check.js';
import { messageOf, type Problem, RunAbort } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import { LuaError } from '../lua/errors.js';
import { doing } from './bounded.js';
import { insideOf, problemsOfFailure } from './failure-problems.js';

const FOLDERS = ['collections', 'globals', 'jobs'] as const;
type Folder = (typeof FOLDERS)[number];

/** Code of the problem after which the VM cannot be used any more. */
export const LOAD_UNFINISHED = 'LOAD_UNFINISHED';

/**
 * Fills the session's registry. The caller has begun the VM's limits and keeps phase "loading" until this ends. Warnings met while
 * defining are in the result too. Ends early, with a LOAD_UNFINISHED problem, when a limit stopped the VM.
 */
export function* loadDefinitions(session: Session, projectDir: string): Op<Problem[]> {
  const problems: Problem[] = [];
  try {
    for (const folder of FOLDERS) {
      const owners = new Owners(session, folder);
      for (const path of filesIn(projectDir, folder, problems)) {
        problems.push(...(yield* loadFile(session, projectDir, path, folder)));
        problems.push(...owners.claim(insideOf(projectDir, path)));
      }
    }
    const init = join(projectDir, 'init.lua');
    if (existsSync(init)) problems.push(...(yield* loadFile(session, projectDir, init, undefined)));
  } catch (error) {
    if (!(error instanceof Unfinished)) throw error;
    problems.push(error.problem);
  }
  applyDefaultTimezone(session.registry, session.options.config.admin.default_timezone);
  return [...problems, ...session.problems];
}

/** The `*.lua` files directly in the folder, by the bytes of their names. */
function filesIn(projectDir: string, folder: Folder, problems: Problem[]): string[] {
  const dir = join(projectDir, folder);
  if (!existsSync(dir)) return [];
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    problems.push(unreadable(`Failed to read ${folder} directory: ${dir}`, folder, error));
    return [];
  }
  return names
    .filter((name) => name.endsWith('.lua') && name !== '.lua')
    .map((name) => join(dir, name))
    .filter((path) => !isFolder(path))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function unreadable(title: string, file: string, error: unknown): Problem {
  const notText = error instanceof TypeError;
  const why = notText ? 'stream did not contain valid UTF-8' : messageOf(error);
  const remedy = notText
    ? 'save it as UTF-8'
    : (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? 'mend the link, or remove it'
      : 'let this user read it';
  return { severity: 'error', code: 'PROJECT_UNREADABLE', message: `${title}: ${why}`, file, remedy };
}

/** The definitions of the file that were refused while it went on. */
function refusedDefinitions(session: Session, projectDir: string, path: string, title: string): Problem[] {
  return session.refused.splice(0).flatMap(({ error, file, line }) => {
    const kind = error.prefixed ? 'runtime' : 'conversion';
    return problemsOfFailure(projectDir, path, title, new LuaError(kind, error.message, { cause: error }), {
      file: file ?? insideOf(projectDir, path),
      ...(line !== undefined && { line }),
    });
  });
}

function* loadFile(session: Session, projectDir: string, path: string, folder: Folder | undefined): Op<Problem[]> {
  const file = insideOf(projectDir, path);
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    return [unreadable(`Failed to read ${path}`, file, error)];
  }
  const title = `Failed to execute ${folder === undefined ? 'init.lua' : path}`;
  session.loadingFile = file;
  try {
    const name = basename(path, '.lua');
    // A name with a dot is no module's name.
    const asModule = folder !== undefined && isLater(session.options.generation, 'definitionsAreModules') && !name.includes('.');
    if (asModule) yield* session.vm.require(`${folder}.${name}`);
    else yield* session.vm.execute(source, path);
    return refusedDefinitions(session, projectDir, path, title);
  } catch (error) {
    if (error instanceof RunAbort) throw new Unfinished(unfinished(session, projectDir, path, error));
    return [...refusedDefinitions(session, projectDir, path, title), ...problemsOfFailure(projectDir, path, title, error)];
  } finally {
    session.loadingFile = undefined;
  }
}

class Unfinished extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

function unfinished(session: Session, projectDir: string, path: string, abort: RunAbort): Problem {
  const at = session.vm.usage.location();
  const file = insideOf(projectDir, path);
  return {
    severity: 'error',
    code: LOAD_UNFINISHED,
    message: `${file} did not finish loading: ${doing(abort)}; the files after it were not looked at`,
    file,
    line: at !== undefined && insideOf(projectDir, at.file) === file ? at.line : undefined,
    remedy: 'look for a loop, or for something that waits, at the top level of the file',
  };
}

/** Which file of a folder defined which slug: a second file with the same slug is a problem that names both. */
class Owners {
  readonly #definitions: ReadonlyMap<string, object>;
  readonly #noun: string;
  readonly #owners = new Map<string, { file: string; definition: object }>();

  constructor(session: Session, folder: Folder) {
    this.#definitions = session.registry[folder];
    this.#noun = folder.slice(0, -1);
  }

  /** Everything new or replaced since the last file belongs to `file`. */
  claim(file: string): Problem[] {
    const problems: Problem[] = [];
    for (const [slug, definition] of this.#definitions) {
      const owner = this.#owners.get(slug);
      if (owner?.definition === definition) continue;
      // Jobs are refused by define itself, which also sees init.lua and what it requires.
      if (owner && owner.file !== file && this.#noun !== 'job') problems.push(this.#twice(slug, owner.file, file, definition));
      this.#owners.set(slug, { file, definition });
    }
    return problems;
  }

  #twice(slug: string, former: string, file: string, definition: { line?: number }): Problem {
    return {
      severity: 'error',
      code: 'DUPLICATE_SLUG',
      message: `the ${this.#noun} '${slug}' is defined in ${former} and again in ${file}`,
      file,
      line: definition.line,
      remedy: 'give one of the two another slug',
    };
  }
}
