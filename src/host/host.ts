/**
 * A host: one process that claims runs of a project and has them executed. Its parts share one start and one stop; what they do is told
 * through `events`. The main thread schedules and supervises, worker threads run project code.
 */
import { nanoid } from 'nanoid';
import type { CrapConfig } from '../config/crap-config.js';
import type { MoonlighterConfig } from '../config/moonlighter-config.js';
import { type Clock, systemClock } from '../domain/clock.js';
import { HostError } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import type { ClaimedRun } from '../domain/run.js';
import type { Registry } from '../project/registry.js';
import type { WriteQueue } from '../store/writer.js';
import type { ScriptHandler } from '../worker/script-context.js';
import { Activity, type ActivityReport } from './activity.js';
import { changeListener, HostEmitter } from './events.js';
import type { HostLog } from './log.js';
import { buildParts, type Parts } from './parts.js';
import type { OutcomeCounts, RetryDelay } from './run-ends.js';
import type { DataCheck } from './runners.js';
import { VERSION } from './version.js';
import { FairWriteQueue, type WriteHolder } from './write-queue.js';

/** Records of ends may be tried this long at a stop while the database is unavailable. */
const RECORD_PATIENCE_MS = 5_000;

export interface HostOptions {
  /** Absolute. */
  projectDir: string;
  /** Absolute; migrated, with the project's schema in place. */
  databasePath: string;
  config: CrapConfig;
  moonlighter: MoonlighterConfig;
  registry: Registry;
  generation: 8 | 10;
  /** Printed to when given; `events` tell everything in any case. */
  log?: HostLog;
  /** Claim from these queues only. */
  queues?: readonly string[];
  /** Runs of this host at a time, instead of [jobs] max_concurrent. */
  concurrency?: number;
  /** Watch the schedules. Default true. */
  cron?: boolean;
  /** `drained` resolves when nothing is due and nothing runs. */
  drain?: boolean;
  /** Tests move it. */
  clock?: Clock;
  /** Jobs written in TypeScript that run on this thread, by slug; their definitions stand in the registry. */
  handlers?: ReadonlyMap<string, ScriptHandler<Json>>;
  /** Checks of data before a run is executed, by slug. */
  checks?: ReadonlyMap<string, DataCheck>;
  /** How long runs wait after a failed attempt, by slug, where a function says. */
  retryDelays?: ReadonlyMap<string, RetryDelay>;
  /** Module of the worker threads; tests of the host alone replace it. */
  workerEntry?: URL;
}

export interface HostStats {
  id: string;
  startedAt: number | undefined;
  running: number;
  free: number;
  workers: number;
  outcomes: OutcomeCounts;
  writer: WriteHolder | undefined;
  writersWaiting: number;
}

export class Host {
  readonly id = nanoid(12);
  readonly clock: Clock;
  readonly events = new HostEmitter();
  /** For whoever else changes documents in this process. */
  readonly changes = changeListener(this.events);
  /** Resolves when, under `drain`, nothing is due and nothing runs. Runs that wait for a retry are not due. */
  readonly drained: Promise<void>;
  readonly #options: HostOptions;
  readonly #queue = new FairWriteQueue();
  readonly #activity = new Activity(this.events);
  #parts: Parts | undefined;
  #starting: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #startedAt: number | undefined;
  #graceMs: number | undefined;
  #onDrained = () => {};

  constructor(options: HostOptions) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
    this.drained = new Promise((resolve) => {
      this.#onDrained = resolve;
    });
    options.log?.attach(this.events);
  }

  /**
   * Ends when runs are claimed. Rejects with everything closed again when a part cannot start, on_init fails or no worker can work, and
   * with HOST_STOPPED when it was stopped meanwhile.
   */
  async start(): Promise<void> {
    if (this.#parts || this.#stopped) throw new HostError('HOST_STARTED', 'a host starts once');
    const parts = buildParts(this.#options, {
      id: this.id,
      events: this.events,
      queue: this.#queue,
      clock: this.clock,
      activity: () => ({ ...this.activity(), ...(this.#parts && { serves: this.#parts.dispatcher.serves() }) }),
      attempt: (run) => this.#activity.attempt(run),
      onDrained: () => this.#onDrained(),
    });
    this.#parts = parts;
    this.#starting = this.#startParts(parts);
    try {
      await this.#starting;
    } catch (error) {
      await this.stop('start failed');
      throw error;
    }
  }

  /** Claims nothing more, waits for running handlers up to `graceMs` (default shutdown_grace), gives the rest back unharmed, closes everything. */
  stop(reason = 'stopped', graceMs?: number): Promise<void> {
    this.#graceMs ??= graceMs;
    this.#stopped ??= this.#stop(reason);
    return this.#stopped;
  }

  /** Looks for work soon: runs were enqueued by this process. */
  wake(): void {
    this.#parts?.dispatcher.wake();
  }

  /** Looks at the schedules now; tests call it after moving their clock. */
  async checkSchedules(): Promise<void> {
    await this.#parts?.scheduler.check();
  }

  /** Epoch ms of the next instant of a watched schedule. */
  nextTickAt(): number | undefined {
    return this.#parts?.scheduler.next;
  }

  /** Epoch ms at which the next pending run comes due; undefined when none does. */
  nextDueAt(): number | undefined {
    return this.#parts?.dispatcher.nextDueAt();
  }

  /** Orders every writer of this process. */
  get writeQueue(): WriteQueue {
    return this.#queue;
  }

  /** Runs that have been claimed and have not ended. */
  runs(): ClaimedRun[] {
    return this.#parts?.runners.runs() ?? [];
  }

  /** What it is doing now: runs, longest first, and the writer. */
  activity(): ActivityReport {
    return this.#activity.report(this.id, this.#queue.holder, this.#queue.waiting);
  }

  get stats(): HostStats {
    const parts = this.#parts;
    return {
      id: this.id,
      startedAt: this.#startedAt,
      running: parts?.runners.running ?? 0,
      free: parts?.runners.free ?? 0,
      workers: parts?.pool.size ?? 0,
      outcomes: { ...(parts?.ends.counts ?? NO_OUTCOMES) },
      writer: this.#queue.holder,
      writersWaiting: this.#queue.waiting,
    };
  }

  /** Ends the thread that executes this run as a crash would; for tests. */
  crashThreadOf(run: string): void {
    this.#parts?.pool.crashThreadOf(run);
  }

  /** One part after the other; a stop takes effect before the next. */
  async #startParts(parts: Parts): Promise<void> {
    const { cron = true, queues, config } = this.#options;
    const steps = [
      () => parts.pool.start(),
      () => (config.hooks.on_init.length > 0 ? parts.pool.initialise() : undefined),
      () => parts.waker.start(),
      () => parts.record.start(this.id, parts.waker.path, VERSION),
      () => parts.rescuer.start(),
      () => (cron ? parts.scheduler.start() : undefined),
    ];
    for (const step of steps) {
      await step();
      if (this.#stopped) throw new HostError('HOST_STOPPED', 'the host was stopped before it had started');
    }
    parts.leases.start();
    parts.cancels.start();
    parts.wal.start();
    parts.file.start();
    parts.pruner?.start();
    parts.writeHold?.start();
    this.#startedAt = this.clock.now();
    const { threads, maxConcurrent } = parts.settings;
    this.events.emit('host:started', { host: this.id, workers: threads, maxConcurrent, cron, queues });
    parts.dispatcher.start();
  }

  async #stop(reason: string): Promise<void> {
    const parts = this.#parts;
    if (!parts) return;
    const { events } = this;
    parts.writeHold?.stop();
    events.emit('host:stopping', { reason, running: parts.runners.running });
    // A start under way waits for threads or for the database: both are ended, and with them the start, before its parts are closed.
    if (this.#startedAt === undefined) {
      await Promise.all([parts.pool.stop(), parts.acts.close(RECORD_PATIENCE_MS), this.#starting?.catch(() => {})]);
    }
    await Promise.all([parts.dispatcher.stop(), parts.scheduler.stop(), parts.pruner?.stop()]);
    await this.#idle(parts, this.#graceMs ?? parts.settings.shutdownGraceMs);
    await parts.runners.stop();
    await parts.acts.close(RECORD_PATIENCE_MS);
    parts.cancels.stop();
    parts.wal.stop();
    parts.file.stop();
    await Promise.all([parts.leases.stop(), parts.rescuer.stop()]);
    const removed = await parts.record.stop().catch((error) => {
      events.log('warn', `the host's row could not be removed: ${String(error)}`);
      return false;
    });
    await parts.waker.stop(!removed);
    parts.database.close();
    events.emit('host:stopped', { reason });
  }

  /** Ends when no run is running, or after `patienceMs`. */
  #idle(parts: Parts, patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.events.off('attempt:finished', look);
        resolve();
      };
      const look = () => {
        if (parts.runners.running === 0) finish();
      };
      const timer = setTimeout(finish, patienceMs);
      this.events.on('attempt:finished', look);
      look();
    });
  }
}

const NO_OUTCOMES: OutcomeCounts = { completed: 0, failed: 0, timed_out: 0, cancelled: 0, released: 0, lost: 0 };

/** A host that is not started yet. */
export function createHost(options: HostOptions): Host {
  return new Host(options);
}
