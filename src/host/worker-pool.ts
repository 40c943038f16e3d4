/** The worker threads of a host: started, given runs, replaced when they end. */
import { HostError } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { ClaimedRun } from '../domain/run.js';
import { ON_INIT_LIMIT_MS } from '../worker/limits.js';
import { makePlaces } from '../worker/places.js';
import type { FromWorker, RunError, StopReason, WorkerSetup } from '../worker/protocol.js';
import type { HostEmitter } from './events.js';
import { BLOCKED_AFTER_MS, type FinishedRun, WorkerThread } from './worker-thread.js';
import type { FairWriteQueue } from './write-queue.js';

/** A thread that dies before it was ever ready is started again after this, doubled each time up to the limit. */
const RESTART_DELAY_MS = 250;
const RESTART_LIMIT_MS = 10_000;
/** Time for the threads to close their slots and connections. */
const SHUTDOWN_PATIENCE_MS = 1_000;
/** What a thread has not taken after this, and no other has room for, is given back. */
const RELEASED_AFTER_MS = 1_000;
/** A thread that has not answered for its on_init functions this long after their limit does not answer any more. */
const ON_INIT_PATIENCE_MS = ON_INIT_LIMIT_MS + 1_000;

export interface WorkerPoolOptions {
  setup: Omit<WorkerSetup, 'worker' | 'maxSlots' | 'listening' | 'places' | 'unread'>;
  /** Threads, at least 1. */
  threads: number;
  /** Slots a thread may have, at least 1. */
  maxSlots: number;
  /** JavaScript memory of a thread; one that needs more ends. Default V8's. */
  maxHeapMib?: number;
  queue: FairWriteQueue;
  events: HostEmitter;
  /** Module of the threads; default dist/worker/thread.js. */
  entry?: URL;
  onStarted(run: ClaimedRun, worker: number): void;
  /** Called once for each run that was given, whatever became of it. */
  onFinished(end: FinishedRun): void;
  onMessage(message: FromWorker, worker: number): void;
  /** A thread that did not answer can be given runs again. */
  onRoom?(): void;
}

interface Settle {
  resolve(): void;
  reject(error: unknown): void;
}

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #entry: URL;
  readonly #threads = new Set<WorkerThread>();
  /** Jobs that scripts defined anew, for threads that start later. */
  readonly #redefined = new Map<string, JobDefinition>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #watched = new Map<WorkerThread, NodeJS.Timeout>();
  #stopping = false;
  #next = 0;
  #failures = 0;
  #settle: Settle | undefined;
  #initialising: { thread: WorkerThread; settle: Settle; timer: NodeJS.Timeout } | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#entry = options.entry ?? threadEntry();
  }

  /** Starts all threads; ends when the first is ready, fails with WORKER_UNUSABLE when it cannot work. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      for (let i = 0; i < this.#options.threads; i++) this.#spawn();
    });
  }

  get running(): number {
    let running = 0;
    for (const thread of this.#threads) running += thread.running;
    return running;
  }

  /** How many runs may be given now. */
  get free(): number {
    if (this.#stopping) return 0;
    let free = 0;
    for (const thread of this.#threads) free += thread.free;
    return free;
  }

  get size(): number {
    return this.#threads.size;
  }

  runs(): ClaimedRun[] {
    return [...this.#threads].flatMap((thread) => thread.runs);
  }

  /**
   * Hands a run to the least loaded thread, those first that are loaded already and not blocked. False = no slot is free. What a thread does
   * not take, since code in it cannot be suspended, is given to another that has room, or soon given back for other hosts to take.
   */
  give(run: ClaimedRun, timeoutMs: number): boolean {
    const best = this.#best();
    if (!best) return false;
    best.give(run, timeoutMs);
    this.#watch(best);
    return true;
  }

  #best(): WorkerThread | undefined {
    let best: WorkerThread | undefined;
    let [rank, load] = [-1, 0];
    for (const thread of this.#threads) {
      if (thread.free <= 0) continue;
      const its = (thread.ready ? 2 : 0) + (this.#watched.has(thread) && thread.blocked ? 0 : 1);
      if (its > rank || (its === rank && thread.running < load)) [best, rank, load] = [thread, its, thread.running];
    }
    return best;
  }

  /** Looks again and again, until the thread has taken everything that it was given. */
  #watch(thread: WorkerThread): void {
    if (this.#watched.has(thread)) return;
    const timer = setInterval(() => {
      if (thread.ended || this.#stopping || !thread.waiting) {
        clearInterval(timer);
        this.#watched.delete(thread);
      } else if (thread.ready && thread.blocked) this.#relieve(thread);
    }, BLOCKED_AFTER_MS);
    this.#watched.set(thread, timer);
  }

  #relieve(blocked: WorkerThread): void {
    const others = [...this.#threads].filter((thread) => thread !== blocked && thread.ready && thread.free > 0 && !thread.blocked);
    const room = others.reduce((sum, { free }) => sum + free, 0);
    for (const { run, timeoutMs } of blocked.withdraw(room)) {
      const [least] = others.filter(({ free }) => free > 0).sort((a, b) => a.running - b.running);
      least!.give(run, timeoutMs);
      this.#watch(least!);
    }
    if (!blocked.blockedFor(RELEASED_AFTER_MS)) return;
    for (const { run } of blocked.withdraw(Number.POSITIVE_INFINITY)) {
      const report = { outcome: 'released' as const, committed: false, log: [], queued: false };
      this.#options.onFinished({ run, report, durationMs: 0, worker: blocked.id });
    }
  }

  /** `error`: what the attempt is recorded with, instead of the text of the reason. False = the run is not running here. */
  stopRun(run: string, claim: number, reason: StopReason, error?: RunError): boolean {
    for (const thread of this.#threads) if (thread.stopRun(run, claim, reason, error)) return true;
    return false;
  }

  /** Has one thread call the on_init functions. Rejects with ON_INIT_FAILED, also when the thread ends or does not answer. */
  initialise(): Promise<void> {
    return new Promise((resolve, reject) => {
      const thread = [...this.#threads].find((each) => each.ready && !each.ended);
      if (!thread) {
        reject(new HostError('WORKER_UNUSABLE', 'no worker thread is ready'));
        return;
      }
      const timer = setTimeout(() => thread.end('on_init did not finish'), ON_INIT_PATIENCE_MS);
      this.#initialising = { thread, settle: { resolve, reject }, timer };
      thread.post({ type: 'initialise' });
    });
  }

  /** Number of the thread that has this run. */
  threadOf(run: string): number | undefined {
    return [...this.#threads].find((thread) => thread.runs.some(({ id }) => id === run))?.id;
  }

  /** Ends the thread that executes this run as a crash would; for tests of what a host makes of it. */
  crashThreadOf(run: string): void {
    for (const thread of this.#threads) if (thread.runs.some((r) => r.id === run)) thread.crash();
  }

  /** Ends every run still going on as released, then the threads. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#settle?.reject(new HostError('HOST_STOPPED', 'the host was stopped before it had started'));
    this.#settle = undefined;
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const timer of this.#watched.values()) clearInterval(timer);
    for (const thread of this.#threads) for (const run of thread.runs) thread.stopRun(run.id, run.claim, 'released');
    await Promise.all([...this.#threads].map((thread) => thread.shutdown(SHUTDOWN_PATIENCE_MS)));
  }

  #spawn(): void {
    const { setup: shared, maxSlots, events } = this.#options;
    const setup: WorkerSetup = {
      ...shared,
      worker: ++this.#next,
      maxSlots,
      listening: events.changesHeard,
      places: makePlaces(maxSlots),
      unread: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
    };
    const thread = new WorkerThread(this.#entry, setup, this.#options, {
      ready: () => {
        this.#failures = 0;
        this.#settle?.resolve();
        this.#settle = undefined;
      },
      started: (run, worker) => this.#options.onStarted(run, worker),
      finished: (end) => this.#options.onFinished(end),
      roomy: () => this.#options.onRoom?.(),
      message: (message, worker) => {
        if (message.type === 'initialised') this.#initialised(thread, message.error, message.remedy);
        else if (message.type === 'job-redefined') this.#redefine(thread, message.job);
        else this.#options.onMessage(message, worker);
      },
      gone: (gone, reason) => this.#replace(gone, reason),
    });
    this.#threads.add(thread);
    for (const job of this.#redefined.values()) thread.post({ type: 'redefine', job });
  }

  #initialised(thread: WorkerThread, error: RunError | undefined, remedy = 'mend the function, or take it out of [hooks] on_init'): void {
    if (this.#initialising?.thread !== thread) return;
    const { settle, timer } = this.#initialising;
    this.#initialising = undefined;
    clearTimeout(timer);
    if (!error) settle.resolve();
    else settle.reject(new HostError(error.code, error.message, { remedy }));
  }

  /** Runs to come use the new definition; limits and schedule stay as they were loaded. */
  #redefine(from: WorkerThread, job: JobDefinition): void {
    this.#options.setup.registry.jobs.set(job.slug, job);
    this.#redefined.set(job.slug, job);
    for (const thread of this.#threads) if (thread !== from) thread.post({ type: 'redefine', job });
  }

  #replace(gone: WorkerThread, reason: string): void {
    this.#threads.delete(gone);
    this.#initialised(gone, { code: 'ON_INIT_FAILED', message: `on_init hooks failed: their thread ended: ${reason}` });
    if (this.#stopping) return;
    if (!gone.ready && this.#settle) {
      this.#stopping = true;
      const { code, message } = gone.failure ?? { code: 'WORKER_UNUSABLE', message: reason };
      this.#settle.reject(new HostError(code, message, { details: { worker: gone.id } }));
      this.#settle = undefined;
      return;
    }
    this.#options.events.emit('worker:replaced', { worker: gone.id, reason });
    if (gone.ready) {
      this.#spawn();
      return;
    }
    const delay = Math.min(RESTART_DELAY_MS * 2 ** this.#failures++, RESTART_LIMIT_MS);
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#spawn();
    }, delay);
    this.#restarts.add(timer);
  }
}

/** In dist/bundle/, also when this module runs from src (tests): threads need compiled files, and few of them are loaded quickly. */
export function threadEntry(name = 'worker/thread.js'): URL {
  const here = import.meta.url;
  const root = here.slice(0, here.lastIndexOf('/host/')).replace(/\/src$/, '/dist');
  return new URL(`${root}/bundle/${name}`);
}
