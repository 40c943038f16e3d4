/** Renew: extends leases and keeps the reference's heartbeat fresh, fenced by (run, claim). */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import { toText } from './times.js';

const RENEW =
  "UPDATE _crap_jobs SET _ml_lease = ?, heartbeat_at = ? WHERE id = ? AND status = 'running' AND _ml_claim = ? AND _ml_host = ?";

/** The runs whose claims still stand. */
export function* renew(
  db: Db,
  host: string,
  claims: readonly { run: string; claim: number }[],
  now: number,
  leaseUntil: number,
): Op<Set<string>> {
  const held = new Set<string>();
  for (const { run, claim } of claims) {
    if ((yield* db.run(RENEW, [leaseUntil, toText(now), run, claim, host])) === 1) held.add(run);
  }
  return held;
}
