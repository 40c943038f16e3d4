/** Where a `define` call stands: the file relative to the project folder, and the line. */
import { join, relative, sep } from 'node:path';
import { isLater } from '../config/generation.js';
import { BindingError } from '../lua/errors.js';
import type { Session } from './session.js';

export interface Site {
  file?: string;
  line?: number;
}

/** The place of the Lua code that called the binding now running. */
export function definitionSite(session: Session): Site {
  const at = session.vm.usage.location();
  if (!at) return session.loadingFile === undefined ? {} : { file: session.loadingFile };
  return { file: projectPath(session.options.projectDir, at.file, session.loadingFile), line: at.line };
}

/**
 * A chunk name as Lua prints it, as a path relative to the project; what lies outside stays as it is. Lua cuts long names to 59 bytes:
 * those of files in front, those of text chunks (which definition files are) behind; `loadingFile` fills in the latter.
 */
export function projectPath(projectDir: string, chunk: string, loadingFile?: string): string {
  const path = /^\[string "(.*)"\]$/s.exec(chunk)?.[1] ?? chunk.replace(/^[@=]/, '');
  if (path.endsWith('...') && loadingFile !== undefined && join(projectDir, loadingFile).startsWith(path.slice(0, -3))) return loadingFile;
  if (path.startsWith('...')) return afterTail(projectDir, path.slice(3)) ?? path;
  const inside = relative(projectDir, path);
  return inside === '' || inside.startsWith('..') || inside === path ? path : inside.split(sep).join('/');
}

/** What follows the end of the project's path in a path that was cut in front. */
function afterTail(projectDir: string, tail: string): string | undefined {
  for (let at = tail.lastIndexOf('/'); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf('/', at - 1)) {
    if (projectDir.endsWith(tail.slice(0, at))) return tail.slice(at + 1);
  }
  return undefined;
}

/** Outside of loading: `late` refuses a new slug, and under generation 10 a known one is refused too. `kind` is "collection", "global" or "job". */
export function checkPhase(session: Session, kind: string, known: boolean, late: string): void {
  if (session.phase === 'loading') return;
  if (isLater(session.options.generation, 'redefinitionsAreRefused')) {
    const text = `crap.${kind}s.define must be called from a definition file or init.lua. To change a registered ${kind}, edit the file and restart the process.`;
    throw new BindingError('DEFINE_LATE', text);
  }
  if (!known) throw new BindingError('DEFINE_LATE', late);
}

/**
 * Runs the body of a `define`. While a project's file is loaded, a definition that is refused is noted and the file goes on, so that
 * everything wrong with it is reported together; elsewhere the script gets the error.
 */
export function defining(session: Session, body: () => void): void {
  if (session.phase !== 'loading' || session.loadingFile === undefined) return body();
  const { file, line } = definitionSite(session);
  try {
    body();
  } catch (error) {
    if (!(error instanceof BindingError)) throw error;
    session.refused.push({ error, file, line });
  }
}
