/** The acts of the store seam on SQLite, assembled. */
import type { Store } from '../store.js';
import { cancelPending } from './cancel.js';
import { claim, runningCounts } from './claim.js';
import { complete } from './complete.js';
import { end } from './end.js';
import { enqueue } from './enqueue.js';
import { listClaimsOf, listHosts, registerHost, removeHost } from './hosts.js';
import { purge } from './purge.js';
import { renew } from './renew.js';
import { countRuns, findRun, hasDue, listRuns, nextDueAt, recentRuns } from './runs.js';
import { lastTick, recordTick } from './ticks.js';

export const sqliteStore: Store = {
  enqueue,
  claim,
  complete,
  end,
  renew,
  findRun,
  listRuns,
  countRuns,
  cancelPending,
  countRunning: runningCounts,
  hasDue,
  nextDueAt,
  recentRuns,
  purge,
  registerHost,
  removeHost,
  listHosts,
  listClaimsOf,
  lastTick,
  recordTick,
};
