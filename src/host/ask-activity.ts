/** Asks another process's host, over its local socket, what it is doing: it answers also while its database is locked. */
import { Socket } from 'node:net';
import type { ActivityReport } from './activity.js';

/** What a host says at most; more is none of ours. */
const LONGEST_ANSWER = 4 * 1024 * 1024;

/** undefined = nobody answered at `path` within `timeoutMs`, or it was no host of this version. */
export function askActivity(path: string, timeoutMs = 1_000): Promise<ActivityReport | undefined> {
  return new Promise((resolve) => {
    const socket = new Socket();
    let text = '';
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(activityOf(text));
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n') || text.length > LONGEST_ANSWER) finish();
    });
    socket.once('close', finish);
    socket.once('error', finish);
    socket.once('connect', () => socket.write('activity\n'));
    try {
      socket.connect(path);
    } catch {
      // No path at all: a row that a host of ours did not write.
      finish();
    }
  });
}

function activityOf(text: string): ActivityReport | undefined {
  try {
    const report = JSON.parse(text) as ActivityReport;
    return Array.isArray(report.running) ? report : undefined;
  } catch {
    return undefined;
  }
}
