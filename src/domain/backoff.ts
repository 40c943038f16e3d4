/** How long a run waits after a failed attempt: the reference's curve, or what its job says. Pure; a Lua function is called elsewhere. */
import type { Backoff } from './job.js';

/** `min(5 * 2^(attempt-1), 300)` seconds, the reference's backoff. `attempt` is the one that just failed, from 1. */
export function defaultRetryDelayMs(attempt: number): number {
  return Math.min(5 * 2 ** Math.min(Math.max(attempt, 1) - 1, 6), 300) * 1000;
}

/** Milliseconds. `random`: from 0 to 1, for the jitter. */
export function retryDelayMs(backoff: Backoff | undefined, attempt: number, random: () => number = Math.random): number {
  if (backoff?.kind === 'list') return (backoff.seconds[Math.min(attempt, backoff.seconds.length) - 1] ?? 0) * 1000;
  if (backoff?.kind !== 'curve') return defaultRetryDelayMs(attempt);
  const { base, factor, max, jitter } = backoff;
  const seconds = base === 0 ? 0 : Math.min(base * factor ** (attempt - 1), max);
  return Math.round(seconds * (1 + jitter * (2 * random() - 1)) * 1000);
}
