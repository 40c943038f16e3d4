/** Where a `define` call stands: the file relative to the project folder, and the line. */
import { relative, sep } from 'node:path';
import type { Session } from './session.js';

export interface Site {
  file?: string;
  line?: number;
}

/** The place of the Lua code that called the binding now running. */
export function definitionSite(session: Session): Site {
  const at = session.vm.usage.location();
  if (!at) return {};
  return { file: projectPath(session.options.projectDir, at.file), line: at.line };
}

/** A chunk name as a path relative to the project; what lies outside stays as it is. */
export function projectPath(projectDir: string, chunk: string): string {
  const path = /^\[string "(.*)"\]$/s.exec(chunk)?.[1] ?? chunk.replace(/^[@=]/, '');
  const inside = relative(projectDir, path);
  return inside === '' || inside.startsWith('..') || inside === path ? path : inside.split(sep).join('/');
}
