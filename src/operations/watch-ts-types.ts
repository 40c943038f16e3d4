/** Writes the types for TypeScript, and again whenever a file of the project changes. */
import { watch } from 'node:fs';
import { findProject } from '../config/find-project.js';
import type { OpenOptions } from './open-project.js';
import { type TsTypesReport, type WriteTsOptions, writeTsTypes } from './write-ts-types.js';

/** Editors write a file in several steps. */
const SETTLE_MS = 50;

/**
 * Ends when `signal` is aborted. Throws what is wrong with the project at the start; one that cannot be used later, for a moment, is told to `failed`
 * and looked at again after the next change.
 */
export async function watchTsTypes(
  open: OpenOptions,
  options: WriteTsOptions,
  signal: AbortSignal,
  heard: { written(report: TsTypesReport): void; failed(error: unknown): void },
): Promise<void> {
  const dir = findProject({ flag: open.config, env: open.env, cwd: open.cwd });
  let timer: NodeJS.Timeout | undefined;
  let pass: Promise<void> = Promise.resolve();
  const look = () => {
    pass = pass.then(async () => {
      try {
        const report = await writeTsTypes(open, options);
        if (report.file.state === 'written') heard.written(report);
      } catch (error) {
        heard.failed(error);
      }
    });
  };
  // Before the first look: what changes right after it is not to be missed.
  const watcher = watch(dir, { recursive: true }, (_, name) => {
    if (name !== null && !/\.(?:lua|toml)$/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(look, SETTLE_MS);
  });
  try {
    const first = writeTsTypes(open, options).then((report) => heard.written(report));
    pass = first.catch(() => {});
    await first;
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    watcher.close();
    clearTimeout(timer);
  }
  await pass;
}
