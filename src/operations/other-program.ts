/** Whether crap-cms runs beside us on the same folder: its pid files name it. Both may run; one of the two should watch the schedules. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PID_FILES = ['crap.pid', 'crap-worker.pid'];

/** The process ids of live crap-cms processes of this folder. */
export function otherProgram(dir: string): number[] {
  return PID_FILES.flatMap((name) => {
    try {
      const pid = Number.parseInt(readFileSync(join(dir, 'data', name), 'utf8'), 10);
      return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? [pid] : [];
    } catch {
      return [];
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
