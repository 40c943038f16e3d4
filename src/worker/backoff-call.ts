/** Asks a job's backoff function (Lua) how long the run waits after a failed attempt. It has no database; a function that fails or takes long is not waited for. */
import { messageOf } from '../domain/errors.js';
import type { FunctionRef } from '../domain/job.js';
import { numberOf } from '../domain/json.js';
import type { ClaimedRun, LogLine } from '../domain/run.js';
import { jsonToLua } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import { parseData } from './handler-context.js';
import { SLICE_MS } from './limits.js';
import type { RunReport } from './protocol.js';
import { drive, RunControl } from './run-control.js';
import type { Slot, SlotPool } from './slot.js';

const LIMIT_MS = 1_000;
/** Waits beyond a year are mistakes of a unit. */
const LONGEST_SECONDS = 366 * 86_400;

/** The delay; without one (nil, or the function failed) the default counts, and the log says why. */
export async function askBackoff(
  slots: SlotPool,
  used: Slot | undefined,
  ref: FunctionRef,
  run: ClaimedRun,
  report: RunReport,
): Promise<Pick<RunReport, 'retryInMs' | 'log'>> {
  const control = new RunControl();
  const timer = setTimeout(() => control.stop('timed_out'), LIMIT_MS);
  const log = [...report.log];
  const write = (level: LogLine['level'], text: string) => log.push({ at: Date.now(), level, text });
  let own: Slot | undefined;
  try {
    if (!used || used.vm.spent) own = await slots.acquire(control);
    const slot = own ?? used!;
    const forget = control.onStop((reason) => slot.vm.stop(reason));
    slot.enter(
      undefined,
      { deadline: performance.now() + LIMIT_MS, maxInstructions: Number.POSITIVE_INFINITY, sliceMs: SLICE_MS },
      (line) => log.push(line),
    );
    try {
      const answer = await drive(slot.session.lua.callRef(ref.ref, [question(run, report, ref)]), control);
      if (answer === undefined || answer === null) return { log };
      const seconds = numberOf(answer);
      if (seconds !== undefined && seconds >= 0 && seconds <= LONGEST_SECONDS) return { log, retryInMs: Math.round(seconds * 1000) };
      write('warn', `backoff ${ref.ref}: expected seconds from 0 to ${LONGEST_SECONDS} or nil; the default delay counts`);
    } finally {
      forget();
      slot.leave();
    }
  } catch (error) {
    write('warn', `backoff ${ref.ref} failed, the default delay counts: ${messageOf(error)}`);
  } finally {
    clearTimeout(timer);
    if (own) slots.release(own);
  }
  return { log };
}

function question(run: ClaimedRun, report: RunReport, ref: FunctionRef): LuaValue {
  const { message, code } = report.error ?? { message: report.outcome, code: report.outcome };
  return {
    attempt: run.attempt,
    max_attempts: run.maxAttempts,
    error: message,
    code,
    data: jsonToLua(parseData(run.data)),
    ...(ref.options !== undefined && { options: jsonToLua(ref.options) }),
  };
}
