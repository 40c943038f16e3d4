/** Renew: extends leases and keeps the reference's heartbeat fresh, fenced by (run, claim). */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import { fenceOf } from './fence.js';
import { toText } from './times.js';

const RENEW = 'UPDATE _crap_jobs SET _ml_lease = ?, heartbeat_at = ? WHERE _ml_host = ? AND ';

/** Its worker has committed it; the main thread may not have heard of that yet. */
const COMPLETED = "SELECT 1 FROM _crap_jobs WHERE id = ? AND status = 'completed' AND _ml_claim = ? AND _ml_host = ?";

/** The runs whose claims stand, and those that have completed under them. */
export function* renew(
  db: Db,
  host: string,
  claims: readonly { run: string; claim: number }[],
  now: number,
  leaseUntil: number,
): Op<Set<string>> {
  const held = new Set<string>();
  for (const { run, claim } of claims) {
    const fence = fenceOf(run, claim);
    const stands = (yield* db.run(RENEW + fence.sql, [leaseUntil, toText(now), host, ...fence.params])) === 1;
    if (stands || (yield* db.get(COMPLETED, [run, claim, host]))) held.add(run);
  }
  return held;
}
