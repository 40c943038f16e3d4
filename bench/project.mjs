// Throw-away projects for measurements, and what the machine is.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Writes a project into a fresh temporary folder. @param {Record<string, string>} files @returns {{ dir: string, dispose(): void }} */
export function writeProject(files) {
  const dir = mkdtempSync(join(tmpdir(), 'ml-bench-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return { dir, dispose: () => rmSync(dir, { recursive: true, force: true }) };
}

export function machine() {
  const all = cpus();
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cores: all.length,
    cpu: all[0]?.model.trim() ?? '',
  };
}
