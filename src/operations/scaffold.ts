/** Writes the files of a scaffold, none of them over one that is there. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HostError, messageOf, RefusedError } from '../domain/errors.js';

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
