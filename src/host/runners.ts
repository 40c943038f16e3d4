/** Everything that executes runs for a host: the worker threads, and the application's own thread for inline jobs. */
import { HostError, messageOf } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import type { ClaimedRun, LogLine } from '../domain/run.js';
import type { RunError, RunReport, StopReason } from '../worker/protocol.js';
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

export class Runners {
  readonly #options: RunnersOptions;
  /** Claimed, their data being checked. */
  readonly #checking = new Map<string, ClaimedRun>();

  constructor(options: RunnersOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#options.pool.running + this.#options.inline.running + this.#checking.size;
  }

  /** How many runs may be claimed now. */
  get free(): number {
    const { pool, inline } = this.#options;
    return Math.min(pool.free, inline.free);
  }

  runs(): ClaimedRun[] {
    return [...this.#options.pool.runs(), ...this.#options.inline.runs(), ...this.#checking.values()];
  }

  /** False = no slot is free. */
  give(run: ClaimedRun, timeoutMs: number): boolean {
    const { checks, inline, pool } = this.#options;
    const check = checks.get(run.slug);
    if (check) {
      this.#checking.set(run.id, run);
      void this.#checked(run, check, timeoutMs);
      return true;
    }
    return inline.serves(run.slug) ? inline.give(run, timeoutMs, dataOf(run)) : pool.give(run, timeoutMs);
  }

  stopRun(run: string, claim: number, reason: StopReason, error?: RunError): boolean {
    const { pool, inline } = this.#options;
    return inline.stopRun(run, claim, reason, error) || pool.stopRun(run, claim, reason, error);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#options.inline.stop(), this.#options.pool.stop()]);
  }

  async #checked(run: ClaimedRun, check: DataCheck, timeoutMs: number): Promise<void> {
    const { inline, pool } = this.#options;
    try {
      const data = await check(dataOf(run));
      this.#checking.delete(run.id);
      const given = inline.serves(run.slug)
        ? inline.give(run, timeoutMs, data)
        : pool.give({ ...run, data: JSON.stringify(data) }, timeoutMs);
      if (!given) this.#end(run, { outcome: 'released', committed: false, log: [], queued: false });
    } catch (error) {
      this.#checking.delete(run.id);
      const code = error instanceof HostError ? error.code : 'DATA_INVALID';
      this.#end(run, {
        outcome: 'failed',
        committed: false,
        log: [],
        queued: false,
        final: true,
        error: { code, message: messageOf(error) },
      });
    }
  }

  #end(run: ClaimedRun, report: RunReport): void {
    this.#options.onFinished({ run, report, durationMs: 0, worker: undefined });
  }
}
