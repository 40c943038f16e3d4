/** What becomes of a run whose attempt did not complete: pending again, or final. Pure rules. */
import { defaultRetryDelayMs, retryDelayMs } from '../domain/backoff.js';
import type { JobDefinition } from '../domain/job.js';
import type { EndRequest } from '../store/store.js';

/** A run that is lost this often in a row is not tried again. */
const MAX_LOSSES = 3;

/** After a failure or a timeout: retries left -> pending after the backoff (`delayMs`: what its Lua function said), else failed. */
export function afterFailure(
  attempt: number,
  maxAttempts: number,
  now: number,
  backoff?: JobDefinition['backoff'],
  delayMs?: number,
): EndRequest['next'] {
  if (attempt < maxAttempts) return { status: 'pending', dueAt: now + (delayMs ?? retryDelayMs(backoff, attempt)), spendsAttempt: true };
  return { status: 'failed' };
}

/** Given back unharmed: claimable at once unless `delayMs` says later. */
export function afterRelease(now: number, delayMs = 0): EndRequest['next'] {
  return { status: 'pending', dueAt: now + delayMs, spendsAttempt: false };
}

/**
 * After the host or thread of a run is gone; `losses` counts this loss. The first is repeated at once (most losses are the host's
 * fault, and a restart should not stand idle), later ones after the backoff, the third ends the run: `stale` when the host
 * died, `failed` when its thread did. A job with `on_lost = "stale"` is never repeated.
 */
export function afterLoss(
  losses: number,
  now: number,
  last: 'stale' | 'failed',
  onLost: JobDefinition['onLost'] = 'retry',
): EndRequest['next'] {
  if (onLost === 'stale') return { status: 'stale' };
  if (losses >= MAX_LOSSES) return { status: last };
  return { status: 'pending', dueAt: now + (losses <= 1 ? 0 : defaultRetryDelayMs(losses - 1)), spendsAttempt: false };
}
