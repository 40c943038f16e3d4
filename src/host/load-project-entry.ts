/** Entry of the thread that loads and checks a project, so that the main thread never runs project code. */
import { parentPort, workerData } from 'node:worker_threads';
import { HostError, messageOf } from '../domain/errors.js';
import { checkProject } from '../project/check-project.js';
import type { LoadAnswer, LoadRequest } from './load-project-thread.js';

const { dir, env } = workerData as LoadRequest;
const answer = (message: LoadAnswer) => parentPort!.postMessage(message);

checkProject(dir, env).then(
  (project) => answer({ project }),
  (error: unknown) => {
    if (!(error instanceof HostError)) return answer({ error: { code: 'INTERNAL', message: messageOf(error) } });
    const { code, message, remedy, details } = error;
    return answer({ error: { code, message, remedy, details: JSON.parse(JSON.stringify(details)) } });
  },
);
