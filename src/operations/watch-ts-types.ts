/** Writes the types for TypeScript, and again whenever a file of the project changes. */
import { watch } from 'node:fs';
import { findProject } from '../config/find-project.js';
import { HostError, messageOf } from '../domain/errors.js';
import type { OpenOptions } from './open-project.js';
import { type TsTypesReport, type WriteTsOptions, writeTsTypes } from './write-ts-types.js';

/** Editors write a file in several steps. */
const SETTLE_MS = 50;

/**
 * Ends when `signal` is aborted. Throws what is wrong with the project at the start; one that cannot be used later, for a moment, is told to `failed`
 * and looked at again after the next change. HostError WATCH_FAILED when the folder cannot be watched, or not any longer.
 */
export async function watchTsTypes(
  open: OpenOptions,
  options: WriteTsOptions,
  signal: AbortSignal,
  heard: { written(report: TsTypesReport): void; failed(error: unknown): void },
  watchFolder: typeof watch = watch,
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
  let end = (_error: HostError) => {};
  const broken = new Promise<never>((_, reject) => {
    end = reject;
  });
  broken.catch(() => {});
  // Before the first look: what changes right after it is not to be missed.
  const watcher = opened(dir, () =>
    watchFolder(dir, { recursive: true }, (_, name) => {
      if (name !== null && !/\.(?:lua|toml)$/.test(name)) return;
      clearTimeout(timer);
      timer = setTimeout(look, SETTLE_MS);
    }),
  );
  watcher.on('error', (error) => end(watchFailed(dir, error)));
  try {
    const first = writeTsTypes(open, options).then((report) => heard.written(report));
    pass = first.catch(() => {});
    await first;
    const asked = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([asked, broken]);
  } finally {
    watcher.close();
    clearTimeout(timer);
  }
  await pass;
}

function opened<T>(dir: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw watchFailed(dir, error);
  }
}

function watchFailed(dir: string, cause: unknown): HostError {
  return new HostError('WATCH_FAILED', `${dir} cannot be watched: ${messageOf(cause)}`, {
    remedy: 'start it again; where the system has too few watches left, allow it more (sysctl fs.inotify.max_user_watches)',
    cause,
  });
}
