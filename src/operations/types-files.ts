/** Generated files: written when their text changed, never over what somebody else wrote. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostError, messageOf, RefusedError } from '../domain/errors.js';

export interface TypesFile {
  path: string;
  /** With `check`: "missing" and "outdated" are what would be written; "obsolete" what would be removed. */
  state: 'written' | 'unchanged' | 'removed' | 'missing' | 'outdated' | 'obsolete';
}

export function bring(path: string, text: string, check: boolean): TypesFile {
  const present = read(path);
  if (present === text) return { path, state: 'unchanged' };
  if (check) return { path, state: present === undefined ? 'missing' : 'outdated' };
  changing(path, () => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  });
  return { path, state: 'written' };
}

export function changing(path: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    throw new HostError('FILE_NOT_WRITTEN', `${path} could not be written (${messageOf(error)})`, {
      remedy: 'check that the folder may be written by this user, or name another one with --out',
      details: { path },
      cause: error,
    });
  }
}

export function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Generated files say so at their head, those of crap-cms too. */
export function refuseForeign(path: string): void {
  const text = read(path);
  if (text === undefined || text.trim() === '' || /^---@meta|^(?:--|\/\/).*(?:auto-)?generated/im.test(head(text))) return;
  throw new RefusedError('FILE_EXISTS', `${path} exists and was not generated`, {
    remedy: 'move it away, name another folder with --out, or write over it with --force',
    details: { path },
  });
}

export function head(text: string): string {
  return text.split('\n', 5).join('\n');
}
