/** What the process and its worker thread (measured-thread.mjs) keep, in MB, after everything that can be collected has been. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel } from 'node:worker_threads';

export interface Kept {
  /** Heap of JavaScript of the main thread, and of the worker. */
  main: number;
  worker: number;
  /** What the worker's heap holds outside of itself: buffers, memories of WebAssembly. */
  external: number;
  /** Memory of the process that is no file's: SQLite maps the database, and those pages are the system's cache. */
  process: number;
}

const MB = 1024 * 1024;

export async function kept(): Promise<Kept> {
  const channel = new BroadcastChannel('memory');
  try {
    const answer = new Promise<{ heapUsed: number; external: number }>((resolve) => {
      channel.onmessage = (event) => resolve((event as { data: { heapUsed: number; external: number } }).data);
    });
    channel.postMessage('ask');
    const { heapUsed, external } = await answer;
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let i = 0; i < 3; i++) collect();
    const { heapUsed: main, rss } = process.memoryUsage();
    return { main: main / MB, worker: heapUsed / MB, external: external / MB, process: anonymous(rss) / MB };
  } finally {
    channel.close();
  }
}

function anonymous(rss: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024 || rss;
  } catch {
    return rss;
  }
}
