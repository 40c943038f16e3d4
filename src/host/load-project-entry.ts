/** Entry of the thread that loads and checks a project, so that the main thread never runs project code. */
import { parentPort, workerData } from 'node:worker_threads';
import { HostError, messageOf } from '../domain/errors.js';
import type { LogLine } from '../domain/run.js';
import { checkProject } from '../project/check-project.js';
import { LINES_KEPT, type LoadAnswer, type LoadRequest } from './load-project-thread.js';

const { dir, env } = workerData as LoadRequest;
const answer = (message: LoadAnswer) => parentPort!.postMessage(message);

const lines: LogLine[] = [];
const log = (line: LogLine) => {
  if (lines.length < LINES_KEPT) lines.push(line);
};

checkProject(dir, env, { log }).then(
  (project) => answer({ project, lines }),
  (error: unknown) => {
    if (!(error instanceof HostError)) return answer({ error: { code: 'INTERNAL', message: messageOf(error) } });
    const { code, message, remedy, details } = error;
    return answer({ error: { code, message, remedy, details: JSON.parse(JSON.stringify(details)) } });
  },
);
