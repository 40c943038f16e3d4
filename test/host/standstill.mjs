// How long a thread stands still at most: the time within a turn of its event loop in which it neither computes nor waits for a processor. On a busy
// machine turns take long; only a thread that waits for a lock (or a disk) sleeps in them. Linux says both in schedstat; elsewhere turns are measured whole.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const SAMPLE_MS = 5;

function sample() {
  let busy = 0;
  try {
    const [computing, waiting] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ').map(Number);
    busy = (computing + waiting) / 1e6;
  } catch {
    // Not Linux.
  }
  return { active: performance.eventLoopUtilization().active, busy };
}

/** `longest`: ms since the start. */
export function watchStandstill() {
  let last = sample();
  const watch = { longest: 0, stop: () => clearInterval(timer) };
  const timer = setInterval(() => {
    const now = sample();
    watch.longest = Math.max(watch.longest, now.active - last.active - (now.busy - last.busy));
    last = now;
  }, SAMPLE_MS);
  timer.unref();
  return watch;
}
