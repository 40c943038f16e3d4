/**
 * Files as scripts may reach them: modules for `require` in the project folder; reading for `io` there and in the folders that the project
 * names, writing in those only.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { LuaValue } from './value.js';

/** Larger files are refused: a script reads them whole. */
const SIZE_LIMIT = 64 * 1024 * 1024;

/** What `io` may reach beside the project folder, and what nowhere. */
export interface FileAccess {
  /** Absolute folders that scripts may read and write. */
  readonly roots: readonly string[];
  /** Absolute files and folders that scripts never read, wherever they are. */
  readonly hidden: readonly string[];
  /** The same for writing. */
  readonly sealed: readonly string[];
  /** A file is about to be written. */
  writing?(path: string): void;
}

const NO_ACCESS: FileAccess = { roots: [], hidden: [], sealed: [] };

export class ProjectFiles {
  /** As given: what scripts see in `package.path` and in positions. */
  readonly root: string;
  readonly #real: string;
  readonly #access: FileAccess;

  constructor(root: string, access: FileAccess = NO_ACCESS) {
    this.root = root;
    this.#access = access;
    // A folder that is not there has no files; every look-up says so.
    this.#real = realOf(root) ?? root;
  }

  /** `path, source` of a module, or `nil, tried` in Lua's words. */
  findModule(name: string): LuaValue[] {
    const inner = name.replaceAll('.', '/');
    let tried = '';
    for (const path of [under(this.root, `${inner}.lua`), under(this.root, `${inner}/init.lua`)]) {
      const source = this.#open(path);
      if (typeof source !== 'string') return [path, source];
      tried += `\n\tno file '${path}'`;
    }
    return [undefined, tried];
  }

  /** `package.searchpath` within the project. */
  searchPath(name: string, path: string, separator: string, replacement: string): LuaValue[] {
    const inner = separator === '' ? name : name.replaceAll(separator, replacement);
    const tried: string[] = [];
    for (const template of path.split(';')) {
      const file = template.replaceAll('?', inner);
      if (typeof this.#open(resolve(this.root, file)) !== 'string') return [file];
      tried.push(`no file '${file}'`);
    }
    return [undefined, tried.join('\n\t')];
  }

  /** The bytes of a file, or `nil, message, errno`. Relative paths start at the project folder. */
  read(path: string): LuaValue[] {
    const bytes = this.#open(resolve(this.root, path), true);
    if (typeof bytes !== 'string') return [bytes];
    return refusal(path, bytes);
  }

  /**
   * Writes at once: `append` behind what is there, `replace` from the beginning; a missing file is made unless it must exist. Ends with
   * `true, nil, size`, or `nil, message, errno`.
   */
  write(path: string, bytes: Uint8Array, how: 'append' | 'replace', mustExist: boolean): LuaValue[] {
    const target = resolve(this.root, path);
    const real = realOf(target) ?? (mustExist ? undefined : join(realOf(dirname(target)) ?? '', basename(target)));
    if (real === undefined || path.includes('\0') || !isAbsolute(real)) return refusal(path, MISSING);
    if (!this.#access.roots.some((root) => within(realOf(root), real))) return refusal(path, READ_ONLY);
    if (among(this.#access.sealed, real)) return refusal(path, 'Permission denied');
    this.#access.writing?.(path);
    // The last part is no link any more: O_NOFOLLOW keeps it so.
    const flags = constants.O_WRONLY | constants.O_NOFOLLOW | (mustExist ? 0 : constants.O_CREAT);
    let file: number | undefined;
    try {
      file = openSync(real, flags | (how === 'append' ? constants.O_APPEND : constants.O_TRUNC), 0o644);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      return [true, undefined, fstatSync(file).size];
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return refusal(path, code === 'EISDIR' ? 'Is a directory' : code === 'ENOSPC' ? 'No space left on device' : 'Permission denied');
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** The content, or why not. Links are followed and judged by where they lead. `data`: for io, not for require. */
  #open(path: string, data = false): Uint8Array | string {
    if (path.includes('\0')) return MISSING;
    const real = realOf(path);
    if (real === undefined) return MISSING;
    const granted = within(this.#real, real) || (data && this.#access.roots.some((root) => within(realOf(root), real)));
    if (!granted) return 'Permission denied (outside of the project folder)';
    if (data && among(this.#access.hidden, real)) return 'Permission denied';
    try {
      const { size } = statSync(real);
      if (size > SIZE_LIMIT) return `File too large (${size} bytes, at most ${SIZE_LIMIT})`;
      return new Uint8Array(readFileSync(real));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EISDIR' ? 'Is a directory' : 'Permission denied';
    }
  }
}

const MISSING = 'No such file or directory';
const READ_ONLY = 'files are read-only to a project; keep data in a collection, or name the folder in [hooks] io_roots';
const NUMBERS: Readonly<Record<string, number>> = { [MISSING]: 2, 'Is a directory': 21, 'No space left on device': 28 };

function refusal(path: string, why: string): LuaValue[] {
  return [undefined, `${path}: ${why}`, NUMBERS[why] ?? 13];
}

/** Without links; undefined when it is not there. */
function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Whether it is one of these or below one. */
function among(paths: readonly string[], real: string): boolean {
  return paths.some((path) => {
    const there = realOf(path) ?? path;
    return there === real || within(there, real);
  });
}

/** Strictly below the folder. */
function within(folder: string | undefined, path: string): boolean {
  if (folder === undefined) return false;
  const inside = relative(folder, path);
  return !(inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside));
}

/** Without normalising, so that positions and messages show what was asked for. */
function under(root: string, name: string): string {
  return `${root}/${name}`;
}
