/** Renew: extends leases and keeps the reference's heartbeat fresh, fenced by (run, claim). */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import { fenceOf } from './fence.js';
import { toText } from './times.js';

const RENEW = 'UPDATE _crap_jobs SET _ml_lease = ?, heartbeat_at = ? WHERE _ml_host = ? AND ';

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
    const fence = fenceOf(run, claim);
    if ((yield* db.run(RENEW + fence.sql, [leaseUntil, toText(now), host, ...fence.params])) === 1) held.add(run);
  }
  return held;
}
