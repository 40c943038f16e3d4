/** The acts of the store seam on SQLite, assembled. */
import type { Store } from '../store.js';
import { listAttempts } from './attempts.js';
import { cancelAllPending, cancelPending, listCancelRequests, requestCancel } from './cancel.js';
import { claim, runningCounts } from './claim.js';
import { noteSetBack } from './clock-notes.js';
import { complete } from './complete.js';
import { listDependencies } from './dependencies.js';
import { dropLeftovers, inspectDatabase, releaseStuck, repairSchema, restoreWaits } from './doctor.js';
import { end } from './end.js';
import { enqueue } from './enqueue.js';
import { healthFigures } from './health.js';
import { listClaimsOf, listHosts, registerHost, removeHost } from './hosts.js';
import { listAheadOfKey } from './keys.js';
import { limitsHistory } from './limits.js';
import { listPauses, pause, resume } from './pauses.js';
import { purge, purgeTicks, removeRun } from './purge.js';
import { allowedAt } from './rate.js';
import { hasDue, hasOverdue, nextDueAt } from './ready.js';
import { renew } from './renew.js';
import { retry, retryAll } from './retry.js';
import { countBy, countRuns, findRun, listRuns, recentRuns } from './runs.js';
import { noteRepeat, repeatedStretches, settleRepeats } from './schedule-repeats.js';
import { beginSchedules, currentSchedules, hasActive, recordSchedule, scheduleHistory } from './schedules.js';
import { listUnendable, mendUnendable, mendUnsound } from './sound-rows.js';
import { cutTick, lastTick, listTicks, missedAfter, newestTick, recordTick, ticksWithin } from './ticks.js';
import { readAttempts, readMarks, readRunning, readTicks } from './verify-history.js';
import { findBreaches } from './verify-runs.js';

export const sqliteStore: Store = {
  enqueue,
  claim,
  complete,
  end,
  renew,
  findRun,
  listRuns,
  countRuns,
  countBy,
  cancelPending,
  cancelAllPending,
  allowedAt,
  requestCancel,
  listCancelRequests,
  retry,
  retryAll,
  listAttempts,
  listDependencies,
  listAheadOfKey,
  countRunning: runningCounts,
  hasDue,
  hasOverdue,
  nextDueAt,
  recentRuns,
  healthFigures,
  purge,
  purgeTicks,
  removeRun,
  pause,
  resume,
  listPauses,
  registerHost,
  removeHost,
  listHosts,
  listClaimsOf,
  lastTick,
  ticksWithin,
  newestTick,
  missedAfter,
  cutTick,
  noteSetBack,
  recordTick,
  listTicks,
  currentSchedules,
  scheduleHistory,
  recordSchedule,
  beginSchedules,
  repeatedStretches,
  noteRepeat,
  settleRepeats,
  hasActive,
  findBreaches,
  readAttempts,
  readRunning,
  readTicks,
  readMarks,
  limitsHistory,
  inspectDatabase,
  repairSchema,
  releaseStuck,
  restoreWaits,
  dropLeftovers,
  mendUnsound,
  listUnendable,
  mendUnendable,
};
