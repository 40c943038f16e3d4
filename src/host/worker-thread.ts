/** One worker thread seen from the main thread: its runs, their deadlines, and its end. */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../domain/errors.js';
import type { ClaimedRun } from '../domain/run.js';
import { farTimer } from '../worker/far-timer.js';
import { lineRead } from '../worker/log-stream.js';
import {
  begunAtOf,
  culpritPlace,
  givePlace,
  hasReturned,
  isTaken,
  keptSince,
  monotonicMs,
  type Places,
  withdrawPlace,
} from '../worker/places.js';
import type { FromWorker, GivenRun, RunError, RunReport, StopReason, ToWorker, WorkerSetup } from '../worker/protocol.js';
import { timeoutText } from '../worker/run-report.js';
import type { FairWriteQueue } from './write-queue.js';

/** How long a thread may take to report a stopped run before it is terminated: with the exit, well under the promised 250 ms. */
const STOP_GRACE_MS = 120;
/** A terminated thread that is stuck in native code leaves late; its runs are accounted for after this. */
const EXIT_PATIENCE_MS = 60;
/** A thread that has not taken a run after this is blocked by code that cannot be suspended. */
export const BLOCKED_AFTER_MS = 200;
/** A run whose code has let no other of its thread go on for so long is to blame for what they could not do. */
const HOG_AFTER_MS = 1_000;
/** A handler that has begun and neither waits nor returns is told of after this. */
const UNTOLD_AFTER_MS = 20;
/** A run whose timeout is over before its handler has begun (it waits for a slot) is looked at this often. */
const NOT_BEGUN_MS = 25;
/** Loading the engine and the project, and making a slot, must end within this. */
const LOAD_LIMIT_MS = 60_000;

/** One run given to a thread. */
interface Assignment {
  run: ClaimedRun;
  timeoutMs: number;
  /** `monotonicMs` at which it was handed over, and at which the handler began, once that was told. */
  givenAt: number;
  startedAt: number | undefined;
  place: number;
  /** Forgets the timer of its timeout, or of its stop. */
  forgetTimer: () => void;
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
  /** It answers again, and can be given runs. */
  roomy(): void;
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
  readonly #places: Places;
  readonly #freePlaces: number[];
  readonly #unread: Int32Array;
  /** Taken back from it, of which it has not heard yet. */
  #withdrawn = 0;
  /** Given in this turn of the event loop, sent together. */
  #outgoing: GivenRun[] = [];
  #startsTimer: NodeJS.Timeout | undefined;
  readonly #exited: Promise<void>;
  #ready = false;
  #gone = false;
  #terminated = false;
  #loadTimer: NodeJS.Timeout | undefined;
  #failure: RunError | undefined;
  #outOfMemory = false;
  /** Why the main thread ended it; undefined when it ended by itself. */
  #ending: string | undefined;
  /** Runs of a terminated thread whose end is not `released`. */
  readonly #guilty = new Map<string, StopReason>();
  /** The run that made the main thread end it by letting no other go on; it is lost. */
  #hog: Assignment | undefined;

  constructor(entry: URL, setup: WorkerSetup, host: { queue: FairWriteQueue; maxHeapMib?: number }, events: ThreadEvents) {
    const { queue, maxHeapMib } = host;
    this.id = setup.worker;
    this.maxSlots = setup.maxSlots;
    this.#queue = queue;
    this.#events = events;
    this.#places = setup.places;
    this.#unread = setup.unread;
    this.#freePlaces = Array.from({ length: setup.maxSlots }, (_, i) => setup.maxSlots - i);
    this.#worker = new Worker(entry, {
      workerData: setup,
      name: `moonlighter worker ${setup.worker}`,
      ...(maxHeapMib !== undefined && { resourceLimits: { maxOldGenerationSizeMb: maxHeapMib } }),
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => {
      this.#failure = { code: 'WORKER_CRASHED', message: messageOf(error) };
      this.#outOfMemory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
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

  /** How many runs may be given to it now; none while it has not even heard of those that were taken back from it. */
  get free(): number {
    return this.ended || this.#withdrawn > 0 ? 0 : this.#freePlaces.length;
  }

  /** A run that was given to it has not been taken yet. */
  get waiting(): boolean {
    for (const { place } of this.#runs.values()) if (!isTaken(this.#places, place)) return true;
    return false;
  }

  /** It has not taken a run that was given to it a while ago. */
  get blocked(): boolean {
    return this.blockedFor(BLOCKED_AFTER_MS);
  }

  /** One that was given to it `ms` ago. */
  blockedFor(ms: number): boolean {
    const before = monotonicMs() - ms;
    for (const { givenAt, place } of this.#runs.values()) if (givenAt <= before && !isTaken(this.#places, place)) return true;
    return false;
  }

  /** Takes back what it has not begun and was not told to stop, at most `limit` runs: they may be given to another thread. */
  withdraw(limit: number): { run: ClaimedRun; timeoutMs: number }[] {
    const taken: Assignment[] = [];
    for (const assignment of this.#runs.values()) {
      if (taken.length >= limit) break;
      if (!assignment.stopping && withdrawPlace(this.#places, assignment.place)) taken.push(assignment);
    }
    for (const assignment of taken) this.#remove(assignment);
    this.#withdrawn += taken.length;
    return taken;
  }

  give(run: ClaimedRun, timeoutMs: number): void {
    const place = this.#freePlaces.pop();
    if (place === undefined) throw new Error('a thread was given more runs than it has slots');
    givePlace(this.#places, place);
    const assignment: Assignment = {
      run,
      timeoutMs,
      givenAt: monotonicMs(),
      startedAt: undefined,
      place,
      forgetTimer: () => {},
      stopping: undefined,
      stopError: undefined,
    };
    this.#runs.set(run.id, assignment);
    this.#watchTimeout(assignment, timeoutMs);
    this.#startsTimer ??= setTimeout(() => this.#lookForStarts(), UNTOLD_AFTER_MS);
    if (this.#outgoing.length === 0) queueMicrotask(() => this.post({ type: 'runs', runs: this.#outgoing.splice(0) }));
    this.#outgoing.push({ run, timeoutMs, place });
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
    if (withdrawPlace(this.#places, assignment.place)) {
      this.#withdrawn++;
      this.#remove(assignment);
      this.#tell(assignment, buriedReport(assignment, reason, false, ''));
      return true;
    }
    this.post({ type: 'stop-run', run: id, claim, reason, ...(error && { error }) });
    assignment.forgetTimer();
    assignment.forgetTimer = farTimer(STOP_GRACE_MS, () => {
      this.#guilty.set(id, reason);
      const hog = this.#hogBeside(assignment);
      if (hog && !hog.stopping) this.#hog = hog;
      const culprit = hog?.run ?? assignment.run;
      this.end(`run ${culprit.id} (${culprit.slug}) ${hog ? 'let no other go on' : 'did not stop'}`);
    });
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
        if (assignment?.run.claim === message.claim) this.#tellStart(assignment);
        return;
      }
      case 'runs-ended':
        for (const { run, claim, report } of message.ends) {
          const assignment = this.#runs.get(run);
          if (assignment?.run.claim === claim) this.#finish(assignment, report);
        }
        return;
      case 'log': {
        lineRead(this.#unread, message);
        const assignment = message.run === undefined ? undefined : this.#runs.get(message.run);
        if (assignment) this.#tellStart(assignment);
        this.#events.message(message, this.id);
        return;
      }
      case 'place-freed':
        this.#freePlaces.push(message.place);
        if (--this.#withdrawn === 0) this.#events.roomy();
        return;
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

  /** Once; nothing where the handler has not begun. */
  #tellStart(assignment: Assignment): void {
    if (assignment.startedAt !== undefined) return;
    assignment.startedAt = begunAtOf(this.#places, assignment.place);
    if (assignment.startedAt !== undefined) this.#events.started(assignment.run, this.id);
  }

  /** Handlers that neither wait nor return send nothing. */
  #lookForStarts(): void {
    this.#startsTimer = undefined;
    for (const assignment of this.#runs.values()) {
      this.#tellStart(assignment);
      if (assignment.startedAt === undefined) this.#startsTimer ??= setTimeout(() => this.#lookForStarts(), UNTOLD_AFTER_MS);
    }
  }

  /** Counted from the instant at which the handler began, until it has returned. */
  #watchTimeout(assignment: Assignment, ms: number): void {
    assignment.forgetTimer = farTimer(ms, () => {
      const begunAt = begunAtOf(this.#places, assignment.place);
      if (hasReturned(this.#places, assignment.place)) return;
      const left = begunAt === undefined ? NOT_BEGUN_MS : begunAt + assignment.timeoutMs - monotonicMs();
      if (left > 0) this.#watchTimeout(assignment, left);
      // What another run has kept from going on has not had its time.
      else this.stopRun(assignment.run.id, assignment.run.claim, this.#hogBeside(assignment) ? 'released' : 'timed_out');
    });
  }

  #hogBeside({ place }: Assignment): Assignment | undefined {
    const its = keptSince(this.#places, monotonicMs() - HOG_AFTER_MS);
    if (its === place) return undefined;
    return [...this.#runs.values()].find((assignment) => assignment.place === its);
  }

  #finish(assignment: Assignment, report: RunReport): void {
    this.#tellStart(assignment);
    this.#remove(assignment);
    this.#freePlaces.push(assignment.place);
    this.#tell(assignment, report);
  }

  /** With its timer: that of a run which never begins would go on for ever. */
  #remove(assignment: Assignment): void {
    assignment.forgetTimer();
    this.#runs.delete(assignment.run.id);
  }

  #tell(assignment: Assignment, report: RunReport): void {
    this.#events.finished({
      run: assignment.run,
      report,
      durationMs: monotonicMs() - (assignment.startedAt ?? assignment.givenAt),
      worker: this.id,
    });
  }

  #bury(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#loadTimer);
    clearTimeout(this.#startsTimer);
    const crashed = this.#ending === undefined && this.#ready;
    const runs = [...this.#runs.values()];
    // Whoever was executed when the thread ended by itself has ended it (places.ts); the runs beside it did nothing.
    const its = culpritPlace(this.#places, this.#outOfMemory);
    const culprit = runs.find(({ place }) => place === its);
    for (const assignment of runs) {
      const guilt = this.#guilty.get(assignment.run.id) ?? (this.#ending ? undefined : assignment.stopping);
      const lost = crashed && (culprit ?? assignment) === assignment;
      this.#finish(assignment, buriedReport(assignment, guilt, lost || assignment === this.#hog, reason));
    }
    this.#events.gone(this, reason);
  }
}

function buriedReport(assignment: Assignment, guilt: StopReason | undefined, lost: boolean, reason: string): RunReport {
  const report = { committed: false, log: [], queued: false };
  if (guilt === 'timed_out') {
    const message = timeoutText(assignment.timeoutMs);
    return { ...report, outcome: 'timed_out', error: assignment.stopError ?? { code: 'RUN_TIMED_OUT', message } };
  }
  if (guilt === 'cancelled') return { ...report, outcome: 'cancelled', error: { code: 'RUN_CANCELLED', message: 'cancelled' } };
  if (lost && guilt === undefined) {
    return { ...report, outcome: 'lost', error: { code: 'WORKER_CRASHED', message: `lost: its worker thread ended: ${reason}` } };
  }
  return { ...report, outcome: 'released' };
}
