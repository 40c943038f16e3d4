/** Asks another process's host, over its local socket, what it is doing: it answers also while its database is locked. */
import { Socket } from 'node:net';
import type { ActivityReport, OpenAttempt } from './activity.js';

/** What a host says at most; more is none of ours. */
const LONGEST_ANSWER = 4 * 1024 * 1024;

/** undefined = nobody answered at `path` within `timeoutMs`, or it was no host of this version. */
export async function askActivity(path: string, timeoutMs = 1_000): Promise<ActivityReport | undefined> {
  const report = (await ask(path, 'activity', timeoutMs)) as ActivityReport | undefined;
  return Array.isArray(report?.running) ? report : undefined;
}

/** The attempt of a run that the host executes at this moment; undefined = it does not, or as above. */
export async function askAttempt(path: string, run: string, timeoutMs = 1_000): Promise<OpenAttempt | undefined> {
  const attempt = (await ask(path, `attempt ${run}`, timeoutMs)) as OpenAttempt | null | undefined;
  return Array.isArray(attempt?.log) ? (attempt as OpenAttempt) : undefined;
}

function ask(path: string, question: string, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = new Socket();
    let text = '';
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(parsed(text));
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n') || text.length > LONGEST_ANSWER) finish();
    });
    socket.once('close', finish);
    socket.once('error', finish);
    socket.once('connect', () => socket.write(`${question}\n`));
    try {
      socket.connect(path);
    } catch {
      // No path at all: a row that a host of ours did not write.
      finish();
    }
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
