/** Loads and checks a project in a thread of its own, which is ended afterwards whatever the project's files did. */
import { Worker } from 'node:worker_threads';
import { type ErrorDetails, HostError } from '../domain/errors.js';
import type { LogLine } from '../domain/run.js';
import type { CheckedProject } from '../project/check-project.js';
import { threadEntry } from './worker-pool.js';

export interface LoadRequest {
  dir: string;
  env: Record<string, string | undefined>;
}

export interface LoadAnswer {
  project?: CheckedProject;
  /** Lines of crap.log and print while the files were loaded, at most LINES_KEPT. */
  lines?: LogLine[];
  error?: { code: string; message: string; remedy?: string; details?: ErrorDetails };
}

export const LINES_KEPT = 1000;

/** checkProject bounds itself at 30 s; what it cannot bound is ended here. */
const LIMIT_MS = 45_000;

/** The project with every problem found; `log` gets what its files said while they were loaded. HostError where there is no project; LOAD_UNFINISHED when its files do not end. */
export function loadProject(
  dir: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  log: (line: LogLine) => void = () => {},
): Promise<CheckedProject> {
  return new Promise((resolve, reject) => {
    const request: LoadRequest = { dir, env: { ...env } };
    const worker = new Worker(threadEntry('host/load-project-entry.js'), { workerData: request, name: 'moonlighter loader' });
    const timer = setTimeout(() => {
      finish(() =>
        reject(
          new HostError('LOAD_UNFINISHED', `loading the project in ${dir} did not finish within ${LIMIT_MS / 1000} s`, {
            remedy: 'look for a loop in init.lua or a definition file',
          }),
        ),
      );
    }, LIMIT_MS);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      worker.removeAllListeners();
      // What the project's files left behind in the thread may still fail until it is gone.
      worker.on('error', () => {});
      void worker.terminate();
      settle();
    };
    worker.once('message', ({ project, lines, error }: LoadAnswer) =>
      finish(() => {
        for (const line of lines ?? []) log(line);
        if (project) resolve(project);
        else
          reject(
            new HostError(error?.code ?? 'INTERNAL', error?.message ?? 'no answer', { remedy: error?.remedy, details: error?.details }),
          );
      }),
    );
    worker.once('error', (error) => finish(() => reject(error)));
    worker.once('exit', (code) => finish(() => reject(new HostError('LOAD_FAILED', `the loading thread exited with code ${code}`))));
  });
}
