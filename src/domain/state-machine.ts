/**
 * The state machine of runs, in one place: the statuses, which may follow which, and what each act makes of a run. The schema enforces
 * the table (store/sqlite/triggers.ts) for the runs that a host of ours has claimed.
 *
 * claim: pending -> running · complete: running -> completed · end: running -> failed, or pending again while retries are left
 * release: running -> pending, no attempt spent · rescue: running -> pending, after three losses in a row stale or failed
 * cancel: pending or running -> cancelled · retry: failed, stale or cancelled -> pending
 */
import { FINAL_STATUSES, type FinalStatus, type Outcome, type RunStatus } from './run.js';

/** What may follow a status. */
export const TRANSITIONS: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  pending: ['running', 'cancelled'],
  running: ['completed', 'failed', 'stale', 'cancelled', 'pending'],
  completed: [],
  failed: ['pending'],
  stale: ['pending'],
  cancelled: ['pending'],
};

/** Statuses that the run may have after an attempt with this outcome. */
export const AFTER_OUTCOME: Readonly<Record<Outcome, readonly RunStatus[]>> = {
  completed: ['completed'],
  failed: ['pending', 'failed'],
  timed_out: ['pending', 'failed'],
  cancelled: ['cancelled'],
  released: ['pending', 'cancelled'],
  lost: ['pending', 'stale', 'failed', 'cancelled'],
};

export function isFinal(status: RunStatus): status is FinalStatus {
  return (FINAL_STATUSES as readonly RunStatus[]).includes(status);
}
