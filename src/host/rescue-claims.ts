/**
 * Rescue: ends the attempts of a host that is gone, or of nobody's. No retry is spent: their runs are pending again, or stale after three losses in
 * a row and where their job says so; a run that follows such an end is queued with it.
 */
import { RunAbort, StoreUnavailableError } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { Store } from '../store/store.js';
import { afterLoss } from './retry.js';

export interface RescueRules {
  /** What the job's definition says of lost runs. */
  onLost(slug: string): JobDefinition['onLost'];
  /** Called behind each end as stale, in its transaction. */
  followUp?(db: Db, run: string, now: number): Op<unknown>;
  /** This run could not be given back; the others are. */
  onUnable?(run: string, error: unknown): void;
}

export interface RescuedRun {
  run: string;
  slug: string;
  next: 'pending' | 'stale' | 'cancelled';
}

type Claim = { run: string; slug: string; claim: number; losses: number; cancelling: boolean };

/** `host`: its id; undefined = those of crap-cms and of nobody, with a heartbeat from before `staleBefore` (epoch ms). The row of the host stays. */
export function* rescueClaims(
  db: Db,
  store: Store,
  rules: RescueRules,
  { host, staleBefore, now }: { host: string | undefined; staleBefore: number; now: number },
): Op<RescuedRun[]> {
  const rescued: RescuedRun[] = [];
  const giveBack = function* ({ run, slug, claim, losses, cancelling }: Claim): Op<void> {
    const next = afterLoss(losses + 1, now, 'stale', rules.onLost(slug));
    const who = host === undefined ? 'worker heartbeat expired' : 'its host is gone';
    const again = cancelling ? `cancelled: ${who}` : `stale: ${who}, requeued`;
    const message = next.status === 'stale' ? `stale: ${who}, lost ${losses + 1} time(s)` : again;
    const ended = yield* store.end(db, { run, claim, now, outcome: 'lost', error: { code: 'RUN_LOST', message }, next, log: [] });
    if (ended === 'stale' && rules.followUp) yield* rules.followUp(db, run, now);
    if (ended === 'pending' || ended === 'stale' || ended === 'cancelled') rescued.push({ run, slug, next: ended });
  };
  for (const lost of yield* store.listClaimsOf(db, host, staleBefore)) {
    try {
      yield* db.savepoint(() => giveBack(lost));
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof RunAbort) throw error;
      rules.onUnable?.(lost.run, error);
    }
  }
  return rescued;
}
