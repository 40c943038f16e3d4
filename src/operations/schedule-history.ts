/** The ledger of a schedule: each due instant, run or skipped and why, consecutive skips for one reason in one row. */
import type { OpenedDatabase } from './open-database.js';
import { iso } from './run-view.js';

export interface TickView {
  slug: string;
  at: string | null;
  until: string | null;
  count: number;
  outcome: 'run' | 'skipped';
  reason: string | null;
  run: string | null;
  recorded_at: string | null;
}

/** Newest first; of all schedules without a slug, also of those that are not defined any more. */
export async function scheduleHistory(opened: OpenedDatabase, slug: string | undefined, limit: number): Promise<TickView[]> {
  const ticks = await opened.read((db) => opened.store.listTicks(db, { slug, limit }));
  return ticks.map(({ at, until, recordedAt, reason = null, run = null, ...rest }) => ({
    ...rest,
    at: iso(at),
    until: iso(until),
    reason,
    run,
    recorded_at: iso(recordedAt),
  }));
}
