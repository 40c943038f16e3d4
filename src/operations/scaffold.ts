/** What all scaffolds share: names, Lua text, and writing files, none of them over one that is there. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HostError, messageOf, RefusedError, UsageError } from '../domain/errors.js';
import { slugProblem } from '../domain/slug.js';

export interface ScaffoldRequest {
  /** The project's folder. */
  dir: string;
  /** Decides which slugs are reserved; default 8. */
  generation?: 8 | 10;
  /** Overwrites the file. */
  force?: boolean;
}

/** UsageError INVALID_SLUG in the reference's words, with the nearest name that can be used. */
export function requireSlug(slug: string, generation?: 8 | 10): void {
  const problem = slugProblem(slug, generation);
  if (problem === undefined) return;
  const near = slug
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  const usable = near !== '' && near !== slug && slugProblem(near, generation) === undefined;
  throw new UsageError('INVALID_SLUG', problem, { ...(usable && { remedy: `try '${near}'` }), details: { slug } });
}

/** A Lua string. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\0', '\\0')}"`;
}

/** Each line `depth` levels further in; empty lines stay empty. */
export function indented(lines: readonly string[], depth = 1): string[] {
  return lines.map((line) => (line === '' ? '' : '  '.repeat(depth) + line));
}

/** `files`: text by path relative to `dir`. RefusedError FILE_EXISTS before anything is written, unless `force`. */
export function writeScaffold(dir: string, files: Record<string, string>, force = false): string[] {
  const paths = Object.keys(files).map((name) => join(dir, name));
  const present = paths.find((path) => existsSync(path));
  if (present !== undefined && !force) {
    throw new RefusedError('FILE_EXISTS', `File '${present}' already exists — use --force to overwrite`, { details: { path: present } });
  }
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(dir, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  } catch (error) {
    throw new HostError('FILE_NOT_WRITTEN', `the files could not be written (${messageOf(error)})`, {
      remedy: 'check that the folder may be written by this user',
      cause: error,
    });
  }
  return paths;
}
