/** The sources as text: every file with its import lines, for the tests that hold the code against its design. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Source {
  /** Relative to the repository, with slashes: `src/cli/main.ts`. */
  path: string;
  text: string;
}

export interface Import {
  from: string;
  line: number;
  /** A package name, or a path relative to the repository. */
  to: string;
  isPackage: boolean;
}

export function sourcesIn(folder: string, endings: readonly string[]): Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }));
}

/** Import and re-export statements, `import()` and `require.resolve()` too. Node's own modules are left out. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const patterns = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
    /\brequire(?:\.resolve)?\(\s*['"]([^'"]+)['"]/g,
    /\bresolve\(\s*['"]([a-z@][^'"]*\/[^'"]+)['"]\s*\)/g,
  ];
  for (const pattern of patterns) {
    for (const match of source.text.matchAll(pattern)) {
      const specifier = match[1]!;
      if (specifier.startsWith('node:')) continue;
      const line = source.text.slice(0, match.index).split('\n').length;
      const isPackage = !specifier.startsWith('.');
      const to = isPackage
        ? specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/')
        : posix.normalize(posix.join(posix.dirname(source.path), specifier)).replace(/\.js$/, '.ts');
      found.push({ from: source.path, line, to, isPackage });
    }
  }
  return found;
}

/** `src/store/sqlite/claim.ts` -> `store`; files directly in src/ -> themselves. */
export function folderOf(path: string): string {
  return path.split('/').slice(1, -1)[0] ?? path.split('/').at(-1)!;
}
