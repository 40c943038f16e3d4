/** The parts of a host, made and tied together; host.ts starts and stops them. */
import type { Clock } from '../domain/clock.js';
import type { LogLine } from '../domain/run.js';
import { EMAIL_SLUG } from '../mail/message.js';
import { emailQueueSettings } from '../mail/queue-settings.js';
import { type Database, openDatabase } from '../store/sqlite/database.js';
import { sqliteStore } from '../store/sqlite/store.js';
import type { WriteQueue } from '../store/writer.js';
import { executorOptions } from '../worker/executor-options.js';
import { trashRules } from '../worker/trash.js';
import type { ActivityReport, OpenAttempt } from './activity.js';
import { HostActs } from './acts.js';
import { CancelWatch } from './cancel-watch.js';
import { claimLimits } from './claim-limits.js';
import { Dispatcher } from './dispatcher.js';
import { changeListener, type HostEmitter } from './events.js';
import { FileWatch } from './file-watch.js';
import { queueFollowUp } from './follow-up.js';
import { ForeignLock } from './foreign-lock.js';
import type { HostOptions } from './host.js';
import { HostRecordKeeper } from './host-record.js';
import { InlineRunner } from './inline-runner.js';
import { LeaseKeeper } from './lease-keeper.js';
import { Pruner, retentionRules } from './pruner.js';
import { Rescuer } from './rescuer.js';
import { RunEnds } from './run-ends.js';
import { type RunnerEvents, Runners } from './runners.js';
import { Scheduler } from './scheduler.js';
import { type HostSettings, hostSettings } from './settings.js';
import { SuspendedWriters } from './suspended-writers.js';
import { TrashPruner } from './trash-pruner.js';
import { Waker } from './waker.js';
import { WalWatch } from './wal-watch.js';
import { WorkerPool } from './worker-pool.js';
import { WriteHold } from './write-hold.js';
import type { FairWriteQueue } from './write-queue.js';

/** What the parts of one host have in common. */
export interface SharedParts {
  id: string;
  events: HostEmitter;
  queue: FairWriteQueue;
  clock: Clock;
  activity(): ActivityReport;
  attempt(run: string): OpenAttempt | undefined;
  /** Nothing is due and nothing runs; asked for under `drain`. */
  onDrained(): void;
}

export interface Parts {
  settings: HostSettings;
  database: Database;
  acts: HostActs;
  ends: RunEnds;
  pool: WorkerPool;
  runners: Runners;
  dispatcher: Dispatcher;
  waker: Waker;
  record: HostRecordKeeper;
  rescuer: Rescuer;
  scheduler: Scheduler;
  leases: LeaseKeeper;
  cancels: CancelWatch;
  wal: WalWatch;
  file: FileWatch;
  pruner: Pruner | undefined;
  writeHold: WriteHold | undefined;
}

/** Opens the database; nothing else begins before it is started. Throws StoreUnavailableError. */
export function buildParts(options: HostOptions, shared: SharedParts): Parts {
  const { config, moonlighter, registry } = options;
  const { id, events, clock, queue } = shared;
  const emails = emailQueueSettings(config, options.generation);
  const settings = hostSettings(config, moonlighter, options.concurrency);
  const database = openDatabase({
    path: options.databasePath,
    synchronous: moonlighter.database.synchronous,
    busyTimeoutMs: settings.busyTimeoutMs,
  });
  const lock = new ForeignLock(database.path, events);
  database.onLocked = (wait) => lock.met(wait);
  const acts = new HostActs(database, sqliteStore, queue, events);
  const wake = () => parts.dispatcher.wake();
  const ends = new RunEnds({ host: id, acts, events, clock, registry, onChange: wake, retryDelays: options.retryDelays });
  const suspended = new SuspendedWriters(options.projectDir, events);
  const heard: RunnerEvents = {
    onStarted: (run, worker) => events.emit('attempt:started', { run, worker }),
    onFinished: ({ run, report, durationMs, worker }) => ends.finished(run, report, durationMs, worker),
    onLog: (run, line) => events.emit('log', { run: run.id, slug: run.slug, line }),
  };
  const pool = new WorkerPool({
    setup: {
      host: id,
      projectDir: options.projectDir,
      databasePath: options.databasePath,
      crap: config,
      moonlighter,
      generation: options.generation,
      registry,
    },
    threads: settings.threads,
    maxSlots: settings.slots,
    maxHeapMib: settings.maxHeapMib,
    queue,
    events,
    ...(options.workerEntry && { entry: options.workerEntry }),
    onStarted: heard.onStarted,
    onFinished: heard.onFinished,
    onRoom: wake,
    onMessage: (message) => {
      if (message.type === 'log') events.emit('log', { run: message.run, slug: message.slug, line: message.line });
      else if (message.type === 'writer-suspended') suspended.met(message);
      else if (message.type === 'lock-met') lock.met(message);
      else if (message.type === 'document-changed') events.emit('document:changed', message.change);
    },
  });
  const file = new FileWatch(database.path, events, wake);
  const held = () => file.gone;
  const inline = new InlineRunner({
    ...heard,
    handlers: options.handlers ?? new Map(),
    jobs: registry.jobs,
    executor: () => inlineSurroundings(options, queue, events),
  });
  const runners = new Runners({ ...heard, pool, inline, checks: options.checks ?? new Map() });
  const dispatcher = new Dispatcher({
    host: id,
    acts,
    events,
    registry,
    system: new Map([[EMAIL_SLUG, emails.concurrency]]),
    clock,
    queues: options.queues,
    maxConcurrent: settings.maxConcurrent,
    queueConcurrency: settings.queueConcurrency,
    ownLimit: settings.ownLimit,
    leaseMs: settings.leaseMs,
    pollMs: settings.pollMs,
    free: () => runners.free,
    running: () => runners.running,
    give: (run) =>
      runners.give(run, (run.slug === EMAIL_SLUG ? emails.timeoutSeconds : (registry.jobs.get(run.slug)?.timeout ?? 60)) * 1000),
    release: (run) => ends.giveBack(run),
    held,
    ...(options.drain && { onIdle: () => shared.onDrained() }),
  });
  const parts: Parts = {
    settings,
    database,
    acts,
    ends,
    pool,
    runners,
    dispatcher,
    waker: new Waker({
      wake: () => {
        events.emit('run:enqueued', { slug: undefined, id: undefined });
        parts.cancels.look();
        wake();
      },
      cancel: (run, claim) => runners.stopRun(run, claim, 'cancelled'),
      meet: () => parts.rescuer.meet(),
      activity: shared.activity,
      attempt: shared.attempt,
    }),
    record: new HostRecordKeeper(acts, clock, settings.leaseMs / 3, claimLimits(registry, settings, emails.concurrency)),
    rescuer: new Rescuer({
      host: id,
      acts,
      events,
      clock,
      leaseMs: settings.leaseMs,
      foreignStaleMs: settings.foreignStaleMs,
      periodMs: settings.rescuePeriodMs,
      own: () => (acts.recording > 0 ? undefined : new Set(runners.runs().map((run) => `${run.id}:${run.claim}`))),
      onRescued: wake,
      onLost: (slug) => registry.jobs.get(slug)?.onLost,
      followUp: (db, run, now) => queueFollowUp(db, acts.store, registry.jobs, run, now),
    }),
    scheduler: new Scheduler({
      acts,
      events,
      jobs: registry.jobs.values(),
      timezone: moonlighter.jobs.timezone,
      generation: options.generation,
      held,
      clock,
      onEnqueued: (slug, id) => {
        events.emit('run:enqueued', { slug, id });
        wake();
      },
    }),
    leases: new LeaseKeeper({
      host: id,
      acts,
      events,
      clock,
      leaseMs: settings.leaseMs,
      heartbeatMs: settings.heartbeatMs,
      runs: () => runners.runs(),
      onLost: (run) => {
        ends.claimLost(run);
        runners.stopRun(run.id, run.claim, 'released');
      },
    }),
    file,
    wal: new WalWatch({ path: database.path, events, activity: shared.activity, limitBytes: settings.walWarningBytes }),
    cancels: new CancelWatch({
      host: id,
      acts,
      events,
      periodMs: settings.pollMs,
      running: () => runners.running,
      stopRun: (run, claim) => runners.stopRun(run, claim, 'cancelled'),
    }),
    pruner: prunerOf(options, acts, events, clock, settings),
    writeHold:
      settings.maxWriteHoldMs > 0
        ? new WriteHold({
            queue,
            limitMs: settings.maxWriteHoldMs,
            runs: () => runners.runs(),
            stopRun: (run, error) => runners.stopRun(run.id, run.claim, 'timed_out', error),
          })
        : undefined,
  };
  return parts;
}

/** For inline jobs: the queue is the host's, so they wait for their turn without blocking anything. */
function inlineSurroundings(options: HostOptions, queue: WriteQueue, events: HostEmitter) {
  const { projectDir, databasePath, config: crap, moonlighter, generation, clock } = options;
  const log = (line: LogLine) => events.emit('log', { run: undefined, slug: undefined, line });
  const changes = changeListener(events);
  return executorOptions({
    projectDir,
    databasePath,
    crap,
    moonlighter,
    generation,
    queue,
    log,
    changes,
    ...(clock && { clock }),
    jobs: options.registry.jobs.values(),
  });
}

/** Undefined when nothing is ever purged. */
function prunerOf(
  { registry, config, generation }: HostOptions,
  acts: HostActs,
  events: HostEmitter,
  clock: Clock,
  settings: HostSettings,
): Pruner | undefined {
  const rules = retentionRules(registry.jobs.values(), settings.purgeAfterMs);
  const trash = trashRules({ registry, config, generation }, clock);
  if (rules.length + trash.length === 0) return undefined;
  return new Pruner(acts, events, clock, rules, settings.prunePeriodMs, new TrashPruner(acts, events, trash));
}
