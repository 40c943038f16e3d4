/** The files of a project as scripts may reach them: modules for `require`, and reading for `io`, never outside the folder. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { LuaValue } from './value.js';

/** Larger files are refused: a script reads them whole. */
const SIZE_LIMIT = 64 * 1024 * 1024;

export class ProjectFiles {
  /** As given: what scripts see in `package.path` and in positions. */
  readonly root: string;
  readonly #real: string;

  constructor(root: string) {
    this.root = root;
    let real = root;
    try {
      real = realpathSync(root);
    } catch {
      // A folder that is not there has no files; every look-up says so.
    }
    this.#real = real;
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

  /** The bytes of a file of the project, or `nil, message, errno`. Relative paths start at the project folder. */
  read(path: string): LuaValue[] {
    const bytes = this.#open(resolve(this.root, path));
    if (typeof bytes !== 'string') return [bytes];
    return [undefined, `${path}: ${bytes}`, bytes === 'No such file or directory' ? 2 : 13];
  }

  /** The content, or why not. Links are followed and judged by where they lead. */
  #open(path: string): Uint8Array | string {
    if (path.includes('\0')) return 'No such file or directory';
    let real: string;
    try {
      real = realpathSync(path);
    } catch {
      return 'No such file or directory';
    }
    const inside = relative(this.#real, real);
    if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
      return 'Permission denied (outside of the project folder)';
    }
    try {
      const { size } = statSync(real);
      if (size > SIZE_LIMIT) return `File too large (${size} bytes, at most ${SIZE_LIMIT})`;
      return new Uint8Array(readFileSync(real));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EISDIR' ? 'Is a directory' : 'Permission denied';
    }
  }
}

/** Without normalising, so that positions and messages show what was asked for. */
function under(root: string, name: string): string {
  return `${root}/${name}`;
}
