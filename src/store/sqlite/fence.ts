/**
 * The fence: only the holder of a claim may end or renew it. A claim of ours is its number together with the `attempt` that it left in the
 * row, because crap-cms, taking a run over, counts `attempt` on and knows nothing of claim numbers. A claim of crap-cms has no number: in
 * the seam it is -(attempt + 1).
 */
import type { SqlValue } from '../db.js';

/** A running row whose claim is ours. */
export const OURS = '(_ml_attempt > 0 AND _ml_attempt = attempt)';

export interface Fence {
  /** Condition on `_crap_jobs`. */
  sql: string;
  params: SqlValue[];
  /** crap-cms made the claim. */
  foreign: boolean;
}

const OWN_SQL = `id = ? AND status = 'running' AND _ml_claim = ? AND ${OURS}`;
const FOREIGN_SQL = `id = ? AND status = 'running' AND attempt = ? AND NOT ${OURS}`;

export function fenceOf(run: string, claim: number): Fence {
  if (claim >= 0) return { sql: OWN_SQL, params: [run, claim], foreign: false };
  return { sql: FOREIGN_SQL, params: [run, -claim - 1], foreign: true };
}

/** How a claim of crap-cms is written in the seam; `end` takes it like one of ours. */
export function foreignClaim(attempt: number): number {
  return -(attempt + 1);
}
