/** Purge: removes ended runs by age, in short transactions. */
import type { FinalStatus } from '../domain/run.js';
import type { OpenedDatabase } from './open-database.js';

const BATCH = 500;

/** `olderThanMs`: age since the end; 0 = all that have ended. Ends with the number of removed runs. */
export async function purgeRuns(
  opened: OpenedDatabase,
  request: { olderThanMs: number; slug?: string; status?: FinalStatus },
): Promise<number> {
  const { olderThanMs, ...which } = request;
  // Ends are compared by the second, as crap-cms writes them: with 0 those of this second count too.
  const olderThan = opened.clock.now() + (olderThanMs === 0 ? 1_000 : -olderThanMs);
  let count = 0;
  for (let removed = BATCH; removed >= BATCH; count += removed) {
    removed = await opened.write('purge', (db) => opened.store.purge(db, { ...which, olderThan }, BATCH));
  }
  return count;
}
