/**
 * Which processes hold locks on a database in WAL mode, as far as the system says: on Linux /proc/locks, elsewhere nobody is named. SQLite's
 * WAL locks are bytes of the `-shm` file: 120 is the writer, 123 to 127 are readers' marks (walformat, "WAL-Index File Locking").
 */
import { readFileSync, statSync } from 'node:fs';

const WRITER = 120;
const FIRST_READER = 123;
const LAST_READER = 127;

export interface LockHolder {
  pid: number;
  /** Its command line; empty where it cannot be read. */
  command: string;
}

/** The process that is the writer now; also one of ours. */
export function writerProcess(path: string): LockHolder | undefined {
  return holdersOf(path, WRITER, WRITER, 'WRITE')[0];
}

/** Processes with an open snapshot. */
export function readerProcesses(path: string): LockHolder[] {
  return holdersOf(path, FIRST_READER, LAST_READER, 'READ');
}

/** "crap-cms serve (process 4711)". */
export function holderText({ pid, command }: LockHolder): string {
  return command === '' ? `process ${pid}` : `${command.length > 80 ? `${command.slice(0, 79)}…` : command} (process ${pid})`;
}

function holdersOf(path: string, first: number, last: number, kind: 'READ' | 'WRITE'): LockHolder[] {
  try {
    const inode = statSync(`${path}-shm`).ino;
    const pids = new Set<number>();
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      // "1: POSIX  ADVISORY  WRITE 19121 fe:00:10201282 120 120"; a line of one that waits has "->" after the number.
      const [, type, , access, pid, file, from, to] = line.trim().split(/\s+/);
      if (type !== 'POSIX' || access !== kind || file === undefined || Number(file.split(':')[2]) !== inode) continue;
      if (Number(from) <= last && Number(to === 'EOF' ? Number.POSITIVE_INFINITY : to) >= first) pids.add(Number(pid));
    }
    return [...pids].map((pid) => ({ pid, command: commandOf(pid) }));
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean).join(' ');
  } catch {
    return '';
  }
}
