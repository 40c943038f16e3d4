/** Runs that are executed on the application's own thread: jobs whose handler is a function of it. */
import type { JobDefinition } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { ClaimedRun } from '../domain/run.js';
import type { ExecutorOptions } from '../worker/executor.js';
import type { RunError, RunReport, StopReason } from '../worker/protocol.js';
import { RunControl } from '../worker/run-control.js';
import type { ScriptHandler } from '../worker/script-context.js';
import { ScriptExecutor } from '../worker/script-executor.js';
import type { RunnerEvents } from './runners.js';

/** Runs that may be open at a time; they wait for the application's own calls most of the time. */
const MAX_OPEN = 1_000;

interface Open {
  run: ClaimedRun;
  control: RunControl;
  begunAt: number;
  ended: Promise<void>;
}

export interface InlineRunnerOptions extends RunnerEvents {
  handlers: ReadonlyMap<string, ScriptHandler<Json>>;
  jobs: ReadonlyMap<string, JobDefinition>;
  /** Made when the first run comes. */
  executor(): ExecutorOptions;
}

export class InlineRunner {
  readonly #options: InlineRunnerOptions;
  readonly #open = new Map<string, Open>();
  #surroundings: ExecutorOptions | undefined;
  #executor: ScriptExecutor | undefined;
  #stopping = false;

  constructor(options: InlineRunnerOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#open.size;
  }

  get free(): number {
    return this.#stopping ? 0 : MAX_OPEN - this.#open.size;
  }

  runs(): ClaimedRun[] {
    return [...this.#open.values()].map(({ run }) => run);
  }

  /** Whether the job is one of these. */
  serves(slug: string): boolean {
    return this.#options.handlers.has(slug);
  }

  give(run: ClaimedRun, timeoutMs: number, data: Json): boolean {
    const handler = this.#options.handlers.get(run.slug);
    const job = this.#options.jobs.get(run.slug);
    if (this.#stopping || !handler || !job) return false;
    this.#surroundings ??= this.#options.executor();
    this.#executor ??= new ScriptExecutor(this.#surroundings);
    const control = new RunControl();
    const begunAt = performance.now();
    const watcher = {
      log: (line: Parameters<RunnerEvents['onLog']>[1]) => this.#options.onLog(run, line),
      started: () => this.#options.onStarted(run, 0),
    };
    const ended = this.#executor
      .execute({ run, job, timeoutMs, control, watcher, handler, data, jobs: this.#options.jobs })
      .then((report) => this.#ended(run, report, begunAt));
    this.#open.set(run.id, { run, control, begunAt, ended });
    return true;
  }

  stopRun(run: string, claim: number, reason: StopReason, error?: RunError): boolean {
    const open = this.#open.get(run);
    if (open?.run.claim !== claim) return false;
    open.control.stop(reason, error);
    return true;
  }

  /** Ends every run still going on as released. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const open = [...this.#open.values()];
    for (const { control } of open) control.stop('released');
    await Promise.all(open.map(({ ended }) => ended));
    await this.#executor?.settled();
    this.#surroundings?.slots.close();
    this.#surroundings?.connections.close();
  }

  #ended(run: ClaimedRun, report: RunReport, begunAt: number): void {
    this.#open.delete(run.id);
    this.#options.onFinished({ run, report, durationMs: performance.now() - begunAt, worker: undefined });
  }
}
