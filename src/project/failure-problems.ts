/** What went wrong while project code ran, as problems with the file and line where it stands. */
import { relative, sep } from 'node:path';
import { HostError, messageOf, type Problem } from '../domain/errors.js';
import { BindingError, LuaError } from '../lua/errors.js';

export interface Place {
  file?: string;
  line?: number;
}

/** The problems inside a failed `define`, or the one failure. `path`: absolute path of the executed file; `title`: what failed; `known`: where, when that is known. */
export function problemsOfFailure(projectDir: string, path: string, title: string, thrown: unknown, known?: Place): Problem[] {
  const place = known ?? placeOf(projectDir, path, thrown);
  const host = thrown instanceof LuaError && thrown.cause instanceof HostError ? thrown.cause : thrown;
  if (host instanceof BindingError && Array.isArray(host.details['problems'])) {
    return (host.details['problems'] as Problem[]).map((problem) => ({
      ...problem,
      file: problem.file ?? place.file,
      line: problem.line ?? place.line,
    }));
  }
  const [code, remedy] = host instanceof BindingError ? [host.code, host.remedy] : ['DEFINITION_FAILED', undefined];
  return [
    {
      severity: 'error',
      code: thrown instanceof LuaError && thrown.kind === 'syntax' ? 'LUA_SYNTAX' : code,
      message: `${title}: ${firstLineOf(thrown)}`,
      ...place,
      remedy: remedy ?? `correct ${place.file ?? 'the file'}${place.line === undefined ? '' : ` at line ${place.line}`}`,
    },
  ];
}

/** The reference's rendering without the traceback. */
export function firstLineOf(thrown: unknown): string {
  if (!(thrown instanceof LuaError)) return messageOf(thrown);
  const prefix = thrown.kind === 'runtime' || thrown.kind === 'syntax' ? `${thrown.kind} error: ` : '';
  return prefix + thrown.message;
}

/** Where an error was raised: its own position, else the first line of its traceback that stands in the project. */
export function placeOf(projectDir: string, path: string, thrown: unknown): Place {
  const own: Place = { file: insideOf(projectDir, path) };
  if (!(thrown instanceof LuaError)) return own;
  const texts = [thrown.chunk === undefined ? '' : `${thrown.chunk}:${thrown.line}:`, thrown.message, thrown.traceback ?? ''];
  for (const text of texts) {
    for (const [, quoted, plain, line] of text.matchAll(/(?:\[string "([^"\n]+)"\]|((?:\.\.\.|\/|[A-Za-z]:)[^:\n]*?)):(\d+)/g)) {
      const file = fileOf(projectDir, path, quoted, plain);
      if (file !== undefined) return { file, line: Number(line) };
    }
  }
  return own;
}

/** Lua cuts long chunk names: `[string "/a/very/lo..."]` at the end, `...ong/hooks/x.lua` at the front. */
function fileOf(projectDir: string, path: string, quoted: string | undefined, plain: string | undefined): string | undefined {
  if (quoted !== undefined) {
    const start = quoted.replace(/\.\.\.$/, '');
    if (quoted === path || (start !== quoted && path.startsWith(start))) return insideOf(projectDir, path);
    return start === quoted && quoted.startsWith(projectDir + sep) ? insideOf(projectDir, quoted) : undefined;
  }
  if (plain === undefined) return undefined;
  if (plain.startsWith(projectDir + sep)) return insideOf(projectDir, plain);
  if (!plain.startsWith('...')) return undefined;
  const end = plain.slice(3);
  if (path.endsWith(end)) return insideOf(projectDir, path);
  const from = projectDir.length - longestOverlap(projectDir + sep, end);
  return from < projectDir.length ? end.slice(longestOverlap(projectDir + sep, end)) : undefined;
}

/** Length of the longest end of `left` that `right` begins with. */
function longestOverlap(left: string, right: string): number {
  for (let length = Math.min(left.length, right.length); length > 0; length--) {
    if (left.endsWith(right.slice(0, length))) return length;
  }
  return 0;
}

/** The path relative to the project, with slashes; what lies outside stays as it is. */
export function insideOf(projectDir: string, path: string): string {
  const inside = relative(projectDir, path);
  return inside === '' || inside.startsWith('..') ? path : inside.split(sep).join('/');
}
