/**
 * Calls what project code registered with crap.tx and tells what changed, after the transaction has ended: in a slot, each call with a transaction of its own.
 * At most once: the list lives in memory, so a host that dies in between has not called them.
 */
import { callEffects, EffectList, type Entry, type TransactionOutcome, wants } from '../bindings/effects.js';
import { messageOf } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import type { LogLine } from '../domain/run.js';
import type { Assignment, ExecutorOptions } from './executor.js';
import { EFFECTS_LIMIT_MS, SLICE_MS } from './limits.js';
import { ownerOf, type RunReport } from './protocol.js';
import { drive, RunControl } from './run-control.js';
import { RunDatabase } from './run-database.js';
import type { Slot } from './slot.js';

export interface EffectCall {
  effects: readonly Entry[];
  outcome: TransactionOutcome;
  /** Shown to those who wait for it as the writer. */
  owner: string;
  user?: JsonObject | undefined;
  /** The slot of what has ended, free to be used again; another one is taken where it is spent or there is none. */
  slot?: Slot | undefined;
  /** Ends the functions too when it is stopped. */
  within?: RunControl;
  log(line: LogLine): void;
}

/** Never rejects: what goes wrong is a line of the log. Ends with the slugs of which runs were queued. */
export async function runEffects(options: ExecutorOptions, call: EffectCall): Promise<ReadonlySet<string>> {
  const wanted = call.effects.filter((entry) => wants(entry, call.outcome));
  const queued = new Set<string>();
  if (wanted.length === 0) return queued;
  const control = new RunControl();
  const timer = setTimeout(() => control.stop('timed_out'), EFFECTS_LIMIT_MS);
  const unlink = call.within?.onStop((reason) => control.stop(reason));
  let own: Slot | undefined;
  try {
    const slot = call.slot && !call.slot.vm.spent ? call.slot : await options.slots.acquire(control);
    if (slot !== call.slot) own = slot;
    const deadline = performance.now() + EFFECTS_LIMIT_MS;
    const database = new RunDatabase(options.connections, options.queue, call.owner, 'per-call', deadline);
    const forget = control.onStop((reason) => slot.vm.stop(reason));
    slot.enter(
      {
        db: database,
        ...(call.user && { user: call.user }),
        overrideAccessByDefault: false,
        effects: new EffectList({ perCall: true }),
        ...(options.changes && { changes: options.changes }),
        onQueued: (slug) => queued.add(slug),
      },
      { deadline, maxInstructions: options.maxInstructions, sliceMs: SLICE_MS },
      call.log,
    );
    try {
      await drive(callEffects(slot.session, wanted, call.outcome), control);
    } finally {
      forget();
      database.close();
      slot.leave();
    }
  } catch (error) {
    const text = control.reason === 'timed_out' ? `they did not end within ${EFFECTS_LIMIT_MS / 1000}s` : messageOf(error);
    call.log({ at: options.clock.now(), level: 'error', text: `functions registered with crap.tx were not all called: ${text}` });
  } finally {
    clearTimeout(timer);
    unlink?.();
    if (own) options.slots.release(own);
  }
  return queued;
}

/** The same for runs, by what became of them. */
export class RunEffects {
  readonly #options: ExecutorOptions;
  readonly #settling = new Set<Promise<void>>();

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** Ends with the report once they are called. A stopped run is reported first: its place is promised at once. */
  async settle(report: RunReport, effects: Entry[], assignment: Assignment, slot?: Slot): Promise<RunReport> {
    if (effects.length === 0 || assignment.dryRun) return report;
    const { run, user, control, watcher } = assignment;
    const kept = report.outcome === 'completed' && report.committed;
    const log = (line: LogLine) => {
      // The lines of a completed run are stored with its completion, those of a stopped one are on their way.
      if (!kept && !control.reason) report.log.push(line);
      watcher?.log?.(line);
    };
    const call: EffectCall = { effects, outcome: kept ? 'committed' : 'rolled_back', owner: ownerOf(run), user, log };
    if (control.reason) {
      const settling: Promise<void> = runEffects(this.#options, call).then(() => {
        this.#settling.delete(settling);
      });
      this.#settling.add(settling);
      return report;
    }
    watcher?.completing?.();
    const queued = await runEffects(this.#options, { ...call, slot, within: control });
    return { ...report, queued: report.queued || queued.size > 0 };
  }

  /** Ends when those of stopped runs are called too. */
  async settled(): Promise<void> {
    await Promise.all(this.#settling);
  }
}
