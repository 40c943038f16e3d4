/** One worker thread seen from the main thread: its runs, their deadlines, and its end. */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../domain/errors.js';
import type { ClaimedRun } from '../domain/run.js';
import type { FromWorker, RunError, RunReport, StopReason, ToWorker, WorkerSetup } from '../worker/protocol.js';
import { timeoutText } from '../worker/run-report.js';
import type { FairWriteQueue } from './write-queue.js';

/** How long a thread may take to report a stopped run before it is terminated: with the exit, under the promised 250 ms. */
const STOP_GRACE_MS = 150;
/** A terminated thread that is stuck in native code leaves late; its runs are accounted for after this. */
const EXIT_PATIENCE_MS = 60;
/** Longest timer of Node. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;
/** Loading the engine and the project, and making a slot, must end within this. */
const LOAD_LIMIT_MS = 60_000;

/** One run given to a thread. */
interface Assignment {
  run: ClaimedRun;
  timeoutMs: number;
  /** Monotonic ms at which it was handed over, and at which the handler began. */
  givenAt: number;
  startedAt: number | undefined;
  timer: NodeJS.Timeout | undefined;
  stopping: StopReason | undefined;
  stopError: RunError | undefined;
}

export interface FinishedRun {
  run: ClaimedRun;
  report: RunReport;
  durationMs: number;
  worker: number;
}

export interface ThreadEvents {
  ready(thread: WorkerThread): void;
  started(run: ClaimedRun, worker: number): void;
  finished(end: FinishedRun): void;
  message(message: FromWorker, worker: number): void;
  /** The thread is gone for good; every run of it has been reported through `finished`. */
  gone(thread: WorkerThread, reason: string): void;
}

export class WorkerThread {
  readonly id: number;
  readonly maxSlots: number;
  readonly #worker: Worker;
  readonly #queue: FairWriteQueue;
  readonly #events: ThreadEvents;
  readonly #runs = new Map<string, Assignment>();
  readonly #exited: Promise<void>;
  #ready = false;
  #gone = false;
  #terminated = false;
  #loadTimer: NodeJS.Timeout | undefined;
  #failure: RunError | undefined;
  /** Why the main thread ended it; undefined when it ended by itself. */
  #ending: string | undefined;
  /** Runs of a terminated thread whose end is not `released`. */
  readonly #guilty = new Map<string, StopReason>();

  constructor(entry: URL, setup: WorkerSetup, queue: FairWriteQueue, events: ThreadEvents) {
    this.id = setup.worker;
    this.maxSlots = setup.maxSlots;
    this.#queue = queue;
    this.#events = events;
    this.#worker = new Worker(entry, { workerData: setup, name: `moonlighter worker ${setup.worker}` });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => {
      this.#failure = { code: 'WORKER_CRASHED', message: messageOf(error) };
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        queue.workerGone(this.id);
        this.#bury(this.#ending ?? this.#failure?.message ?? `the thread exited by itself with code ${code}`);
        resolve();
      });
    });
    this.#loadTimer = setTimeout(() => this.end('loading the project did not finish'), LOAD_LIMIT_MS);
    this.#loadTimer.unref();
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** No run may be given to it any more. */
  get ended(): boolean {
    return this.#gone || this.#ending !== undefined;
  }

  get failure(): RunError | undefined {
    return this.#failure;
  }

  get running(): number {
    return this.#runs.size;
  }

  get runs(): ClaimedRun[] {
    return [...this.#runs.values()].map((assignment) => assignment.run);
  }

  give(run: ClaimedRun, timeoutMs: number): void {
    this.#runs.set(run.id, {
      run,
      timeoutMs,
      givenAt: performance.now(),
      startedAt: undefined,
      timer: undefined,
      stopping: undefined,
      stopError: undefined,
    });
    this.post({ type: 'run', run, timeoutMs });
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Asks the thread to stop a run; where it does not answer in time the thread is terminated. False = the run is not here. */
  stopRun(id: string, claim: number, reason: StopReason, error?: RunError): boolean {
    const assignment = this.#runs.get(id);
    if (assignment?.run.claim !== claim) return false;
    if (assignment.stopping) return true;
    assignment.stopping = reason;
    assignment.stopError = error;
    this.post({ type: 'stop-run', run: id, claim, reason, ...(error && { error }) });
    clearTimeout(assignment.timer);
    assignment.timer = setTimeout(() => {
      this.#guilty.set(id, reason);
      this.end(`run ${id} (${assignment.run.slug}) did not stop`);
    }, STOP_GRACE_MS);
    return true;
  }

  /** Terminates the thread. Runs still on it are reported: those that did not stop by their reason, the others as released. */
  end(reason: string): void {
    if (this.#gone || this.#terminated) return;
    this.#terminated = true;
    this.#ending ??= reason;
    const patience = setTimeout(() => this.#bury(reason), EXIT_PATIENCE_MS);
    void this.#worker.terminate().then(() => clearTimeout(patience));
  }

  /** Ends the thread without having decided to: its runs are lost. For tests. */
  crash(): void {
    void this.#worker.terminate();
  }

  /** Lets the thread close by itself, terminates it after `patienceMs`. */
  async shutdown(patienceMs: number): Promise<void> {
    if (this.#gone) return;
    this.#ending ??= 'shutdown';
    this.post({ type: 'shutdown' });
    const timer = setTimeout(() => this.end('shutdown'), patienceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        clearTimeout(this.#loadTimer);
        this.#events.message(message, this.id);
        this.#events.ready(this);
        return;
      case 'unusable':
        this.#failure = message.error;
        return;
      case 'run-started': {
        const assignment = this.#runs.get(message.run);
        if (assignment?.run.claim !== message.claim || assignment.startedAt !== undefined) return;
        assignment.startedAt = performance.now();
        this.#events.started(assignment.run, this.id);
        if (!assignment.stopping) {
          assignment.timer = setTimeout(
            () => this.stopRun(message.run, message.claim, 'timed_out'),
            Math.min(assignment.timeoutMs, TIMER_LIMIT_MS),
          );
        }
        return;
      }
      case 'run-completing': {
        const assignment = this.#runs.get(message.run);
        if (assignment?.run.claim === message.claim && !assignment.stopping) clearTimeout(assignment.timer);
        return;
      }
      case 'run-ended': {
        const assignment = this.#runs.get(message.run);
        if (assignment?.run.claim !== message.claim) return;
        const { type: _type, run: _run, claim: _claim, ...report } = message;
        this.#finish(assignment, report);
        return;
      }
      case 'write-requested':
        this.#queue.requestFor(
          this.id,
          message.ticket,
          message.owner,
          () => this.post({ type: 'write-granted', ticket: message.ticket }),
          message.signal,
        );
        return;
      case 'write-released':
        this.#queue.releaseFor(this.id, message.ticket);
        return;
      default:
        this.#events.message(message, this.id);
    }
  }

  #finish(assignment: Assignment, report: RunReport): void {
    clearTimeout(assignment.timer);
    this.#runs.delete(assignment.run.id);
    this.#events.finished({
      run: assignment.run,
      report,
      durationMs: performance.now() - (assignment.startedAt ?? assignment.givenAt),
      worker: this.id,
    });
  }

  #bury(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#loadTimer);
    const crashed = this.#ending === undefined && this.#ready;
    for (const assignment of [...this.#runs.values()]) {
      const guilt = this.#guilty.get(assignment.run.id) ?? (this.#ending ? undefined : assignment.stopping);
      this.#finish(assignment, buriedReport(assignment, guilt, crashed, reason));
    }
    this.#events.gone(this, reason);
  }
}

function buriedReport(assignment: Assignment, guilt: StopReason | undefined, crashed: boolean, reason: string): RunReport {
  const report = { committed: false, log: [], queued: false };
  if (guilt === 'timed_out') {
    const message = timeoutText(assignment.timeoutMs);
    return { ...report, outcome: 'timed_out', error: assignment.stopError ?? { code: 'RUN_TIMED_OUT', message } };
  }
  if (guilt === 'cancelled') return { ...report, outcome: 'cancelled', error: { code: 'RUN_CANCELLED', message: 'cancelled' } };
  if (crashed && guilt === undefined) {
    return { ...report, outcome: 'lost', error: { code: 'WORKER_CRASHED', message: `lost: its worker thread ended: ${reason}` } };
  }
  return { ...report, outcome: 'released' };
}
