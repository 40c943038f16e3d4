/**
 * What scripts may reach with `io` (Lua API 10.6): the project folder to read, the folders of [hooks] io_roots to read and write; never to
 * write, and under generation 10 not to read: the configuration, data/, the database, backups/, logs/ and the folders of the system.
 */
import { resolve } from 'node:path';
import type { CrapConfig } from '../config/crap-config.js';
import { isLater } from '../config/generation.js';
import type { FileAccess } from '../lua/project-files.js';

const HIDDEN_IN_PROJECT = ['crap.toml', 'moonlighter.toml', 'data', 'backups', 'logs'];
const HIDDEN_IN_SYSTEM = ['/proc', '/sys', '/dev'];

export function fileAccess(crap: CrapConfig, generation: 8 | 10, projectDir: string, writing?: (path: string) => void): FileAccess {
  const roots = (crap.hooks.io_roots ?? []).map((root) => resolve(projectDir, root));
  const database = resolve(projectDir, crap.database.path);
  const inProject = HIDDEN_IN_PROJECT.map((name) => resolve(projectDir, name));
  const sealed = [...inProject, database, `${database}-wal`, `${database}-shm`, ...HIDDEN_IN_SYSTEM];
  const hidden = isLater(generation, 'filesAreHidden') ? sealed : [];
  return { roots, hidden, sealed, ...(writing && { writing }) };
}
