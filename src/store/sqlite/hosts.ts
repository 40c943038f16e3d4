/** Hosts, and the claims that one of them holds. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import type { ClaimLimits } from '../history.js';
import type { HostRecord } from '../store.js';
import { foreignClaim, OURS } from './fence.js';
import { enterLimits, leaveLimits } from './limits.js';
import { NO_HEARTBEAT, SOUND_HOST } from './sound-rows.js';
import { toText } from './times.js';

export function* registerHost(db: Db, host: HostRecord, limits?: ClaimLimits): Op<void> {
  const set = limits && (yield* enterLimits(db, limits, host.seenAt));
  yield* db.run(
    `INSERT INTO _ml_hosts (id, pid, hostname, socket, started_at, seen_at, version, limits) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, socket = excluded.socket, limits = excluded.limits`,
    [host.id, host.pid, host.hostname, host.socket, host.startedAt, host.seenAt, host.version, set ?? null],
  );
}

export function* removeHost(db: Db, id: string, now: number): Op<void> {
  yield* db.run('DELETE FROM _ml_hosts WHERE id = ?', [id]);
  yield* leaveLimits(db, now);
}

export function* listHosts(db: Db): Op<HostRecord[]> {
  const rows = yield* db.all(`SELECT * FROM _ml_hosts WHERE ${SOUND_HOST} ORDER BY started_at, id`);
  return rows.map((row) => ({
    id: String(row['id']),
    pid: Number(row['pid']),
    hostname: String(row['hostname']),
    socket: String(row['socket']),
    startedAt: Number(row['started_at']),
    seenAt: Number(row['seen_at']),
    version: String(row['version']),
  }));
}

/**
 * Running rows of a host; with undefined those that are no host's of ours and whose heartbeat is older than `staleBefore`
 * (epoch ms): crap-cms claimed them, or a host whose row is gone.
 */
export function* listClaimsOf(
  db: Db,
  host: string | undefined,
  staleBefore: number,
): Op<{ run: string; slug: string; claim: number; losses: number; attempt: number; maxAttempts: number; cancelling: boolean }[]> {
  const columns = `id, slug, _ml_claim, _ml_losses, attempt, max_attempts, _ml_cancel IS NOT NULL AS cancelling, ${OURS} AS ours`;
  const rows =
    host === undefined
      ? yield* db.all(
          `SELECT ${columns} FROM _crap_jobs WHERE status = 'running' AND (NOT ${OURS} OR NOT EXISTS (SELECT 1 FROM _ml_hosts h WHERE h.id = _ml_host))
           AND (${NO_HEARTBEAT} OR heartbeat_at < ?)`,
          [toText(staleBefore)],
        )
      : yield* db.all(`SELECT ${columns} FROM _crap_jobs WHERE status = 'running' AND ${OURS} AND _ml_host = ?`, [host]);
  return rows.map((row) => ({
    run: String(row['id']),
    slug: String(row['slug']),
    claim: row['ours'] === 1 ? Number(row['_ml_claim']) : foreignClaim(Number(row['attempt'])),
    losses: Number(row['_ml_losses']),
    attempt: Number(row['attempt']),
    maxAttempts: Number(row['max_attempts']),
    cancelling: row['cancelling'] === 1,
  }));
}
