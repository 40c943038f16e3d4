/** Warns where a project's files need what the chosen Lua engine lacks. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../domain/errors.js';
import { findLacks } from '../lua/lacks.js';
import type { Engine } from '../lua/vm.js';

/** Folders that hold no project code. */
const SKIPPED = new Set(['data', 'node_modules', 'types', 'uploads']);
/** Files looked at, and bytes of one. */
const FILE_LIMIT = 5_000;
const SIZE_LIMIT = 1024 * 1024;

export function checkEngine(dir: string, engine: Engine): Problem[] {
  if (Object.values(engine.capabilities).every(Boolean)) return [];
  return luaFiles(dir).flatMap((file) =>
    findLacks(readFileSync(join(dir, file), 'utf8'), engine.capabilities).map(
      ({ line, capability, text, remedy }): Problem => ({
        severity: 'warning',
        code: capability === 'integers64' ? 'ENGINE_INTEGERS' : 'ENGINE_LUA_VERSION',
        message:
          capability === 'integers64'
            ? `integers of the engine "${engine.name}" have 32 bits: ${text} wraps`
            : `the engine "${engine.name}" is Lua 5.3, which has no ${text}`,
        file,
        line,
        remedy,
      }),
    ),
  );
}

/** Relative to the project folder, sorted; links are not followed. */
function luaFiles(dir: string): string[] {
  const files: string[] = [];
  const visit = (inside: string) => {
    for (const entry of readdirSync(join(dir, inside), { withFileTypes: true })) {
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (files.length >= FILE_LIMIT) return;
      if (entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED.has(entry.name)) visit(path);
      else if (entry.isFile() && entry.name.endsWith('.lua') && statSync(join(dir, path)).size <= SIZE_LIMIT) files.push(path);
    }
  };
  try {
    visit('');
  } catch {
    // What cannot be read is reported where it is loaded.
  }
  return files.sort();
}
