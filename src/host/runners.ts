/** Everything that executes runs for a host: the worker threads, and the application's own thread for inline jobs. */
import { HostError, RunAbort } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import type { ClaimedRun, LogLine } from '../domain/run.js';
import { farTimer } from '../worker/far-timer.js';
import type { RunError, RunReport, StopReason } from '../worker/protocol.js';
import { RunControl } from '../worker/run-control.js';
import { endingOf } from '../worker/run-report.js';
import { dataOf } from '../worker/script-executor.js';
import type { InlineRunner } from './inline-runner.js';
import type { WorkerPool } from './worker-pool.js';

export interface RunnerEvents {
  onStarted(run: ClaimedRun, worker: number): void;
  onFinished(end: { run: ClaimedRun; report: RunReport; durationMs: number; worker: number | undefined }): void;
  onLog(run: ClaimedRun, line: LogLine): void;
}

/** Checks the data of a job written in TypeScript; throws what is wrong with it. */
export type DataCheck = (data: Json) => Json | Promise<Json>;

export interface RunnersOptions extends RunnerEvents {
  pool: WorkerPool;
  inline: InlineRunner;
  checks: ReadonlyMap<string, DataCheck>;
}

interface Checking {
  run: ClaimedRun;
  control: RunControl;
  ended: Promise<void>;
}

export class Runners {
  readonly #options: RunnersOptions;
  /** Claimed, their data being checked. */
  readonly #checking = new Map<string, Checking>();

  constructor(options: RunnersOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#options.pool.running + this.#options.inline.running + this.#checking.size;
  }

  /** How many runs may be claimed now. */
  get free(): number {
    const { pool, inline } = this.#options;
    // What is being checked has no slot yet, and will ask for one.
    return Math.max(0, Math.min(pool.free, inline.free) - this.#checking.size);
  }

  runs(): ClaimedRun[] {
    return [...this.#options.pool.runs(), ...this.#options.inline.runs(), ...[...this.#checking.values()].map(({ run }) => run)];
  }

  /** False = no slot is free. */
  give(run: ClaimedRun, timeoutMs: number): boolean {
    const { checks, inline, pool } = this.#options;
    const check = checks.get(run.slug);
    if (check) {
      const control = new RunControl();
      this.#checking.set(run.id, { run, control, ended: this.#checked(run, check, timeoutMs, control) });
      return true;
    }
    return inline.serves(run.slug) ? inline.give(run, timeoutMs, dataOf(run)) : pool.give(run, timeoutMs);
  }

  stopRun(run: string, claim: number, reason: StopReason, error?: RunError): boolean {
    const { pool, inline } = this.#options;
    const checking = this.#checking.get(run);
    if (checking?.run.claim === claim) {
      checking.control.stop(reason, error);
      return true;
    }
    return inline.stopRun(run, claim, reason, error) || pool.stopRun(run, claim, reason, error);
  }

  async stop(): Promise<void> {
    const checking = [...this.#checking.values()];
    for (const { control } of checking) control.stop('released');
    await Promise.all(checking.map(({ ended }) => ended));
    await Promise.all([this.#options.inline.stop(), this.#options.pool.stop()]);
  }

  /** A schema may ask others and wait: it has the time of the handler, and is stopped like it. */
  async #checked(run: ClaimedRun, check: DataCheck, timeoutMs: number, control: RunControl): Promise<void> {
    const { inline, pool } = this.#options;
    const forgetTimeout = farTimer(timeoutMs, () => control.stop('timed_out'));
    const unsent = { committed: false, log: [], queued: false };
    let report: RunReport | undefined;
    try {
      const stopped = new Promise<never>((_, reject) => {
        control.onStop((reason) => reject(new RunAbort(reason, `stopped while its data was checked: ${reason}`)));
      });
      // Asked in a turn of its own: the run is among those that can be stopped before its schema has anything to say.
      const data = await Promise.race([Promise.resolve(dataOf(run)).then(check), stopped]);
      this.#checking.delete(run.id);
      const given = inline.serves(run.slug)
        ? inline.give(run, timeoutMs, data)
        : pool.give({ ...run, data: JSON.stringify(data) }, timeoutMs);
      if (!given) report = { outcome: 'released', ...unsent };
    } catch (error) {
      this.#checking.delete(run.id);
      report = { ...unsent, ...endingOf(error, timeoutMs) };
      if (control.error && report.outcome === control.reason) report.error = control.error;
      // What is wrong with the data is so at the next attempt too; a schema that fails itself may not.
      if (error instanceof HostError && error.code === 'DATA_INVALID') report.final = true;
    } finally {
      forgetTimeout();
    }
    if (report) this.#end(run, report);
  }

  #end(run: ClaimedRun, report: RunReport): void {
    this.#options.onFinished({ run, report, durationMs: 0, worker: undefined });
  }
}
