/**
 * Project code in this process, without threads: for commands that execute one thing in the foreground (`run`, `eval`, `collections …`).
 * Other hosts of the same database are met through SQLite's own lock.
 */
import { EffectList, type TransactionOutcome } from '../bindings/effects.js';
import type { ChangeListener, DatabaseContext, Session } from '../bindings/session.js';
import type { CrapConfig } from '../config/crap-config.js';
import type { MoonlighterConfig } from '../config/moonlighter-config.js';
import { HostError, NotFoundError, RunAbort } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { ClaimedRun, LogLine } from '../domain/run.js';
import { engineFor } from '../lua/engines.js';
import type { Registry } from '../project/registry.js';
import type { Db } from '../store/db.js';
import { runEffects } from './effects.js';
import { type Assignment, Executor, type ExecutorOptions } from './executor.js';
import { executorOptions } from './executor-options.js';
import { farTimer } from './far-timer.js';
import { SLICE_MS } from './limits.js';
import { LocalWriteQueue } from './local-write-queue.js';
import { moduleHandler } from './module-handler.js';
import type { RunReport } from './protocol.js';
import { drive, RunControl } from './run-control.js';
import { RunDatabase, type TransactionMode } from './run-database.js';
import { errorOf, timeoutText } from './run-report.js';
import type { ScriptHandler } from './script-context.js';
import { ScriptExecutor } from './script-executor.js';

export interface LocalProject {
  dir: string;
  config: CrapConfig;
  moonlighter: MoonlighterConfig;
  generation: 8 | 10;
  registry: Registry;
}

export interface TransactionOptions {
  /** The current user's document; with one, access is enforced unless a call overrides it. */
  user?: JsonObject;
  /** Rolls back at the end. */
  rollback?: boolean;
  /** Seconds; default none. */
  timeout?: number;
  /** Lines of crap.log and print. */
  log?(line: LogLine): void;
  /** A run was queued; wake the hosts when this happened and the transaction has ended. */
  onQueued?(slug: string): void;
  /** Stopped by it as cancelled (Ctrl-C). */
  signal?: AbortSignal;
}

/** Of a job in TypeScript. */
export interface ForegroundScript {
  /** Of an inline job; that of a module job is loaded. */
  handler?: ScriptHandler<Json> | undefined;
  /** What the job's schema made of the data. */
  data?: Json;
}

export interface LocalExecutor {
  /**
   * Calls `body` with a session inside one transaction, and commits it. Where another commit came between its reads and its first write,
   * it is called again from the start as a writer (unless it had called outside: WRITE_CONFLICT).
   */
  transaction<T>(body: (session: Session, db: Db) => Op<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Executes a job's handler now, without a row: `data` is JSON text. `rollback` undoes what it did to the database.
   * NotFoundError JOB_UNKNOWN where the project has no such job. Jobs in TypeScript run on this thread, where a loop cannot be stopped.
   */
  runHandler(slug: string, data: string, options?: TransactionOptions, script?: ForegroundScript): Promise<RunReport>;
  close(): void;
}

const EARLY_LINES = 1000;

/** Ends when the engine is loaded. The database is opened at the first statement. `changes` hears of documents that changed. */
export async function createLocalExecutor(project: LocalProject, databasePath: string, changes?: ChangeListener): Promise<LocalExecutor> {
  const { config, moonlighter, generation } = project;
  const engine = engineFor(moonlighter.lua.engine);
  await engine.load();
  let hostLog: ((line: LogLine) => void) | undefined;
  // What the project's files say while a slot loads them, until a call listens: the first one may only look up who acts.
  const early: LogLine[] = [];
  const listen = (log: typeof hostLog) => {
    hostLog = log ?? hostLog;
    if (log) for (const line of early.splice(0)) log(line);
  };
  const options = executorOptions({
    engine,
    projectDir: project.dir,
    databasePath,
    crap: config,
    moonlighter,
    generation,
    queue: new LocalWriteQueue(),
    jobs: project.registry.jobs.values(),
    ...(changes && { changes }),
    log: (line) => hostLog?.(line),
    loading: (line) => {
      if (hostLog) hostLog(line);
      else if (early.length < EARLY_LINES) early.push(line);
    },
  });
  const executor = new Executor(options);
  const scripts = new ScriptExecutor(options);

  return {
    async transaction(body, call = {}) {
      listen(call.log);
      for (let mode: TransactionMode = 'deferred'; ; mode = 'immediate') {
        const passage = await transactionPassage(options, body, call, mode);
        if (!passage.again) return passage.value;
      }
    },
    async runHandler(slug, data, call = {}, script = {}) {
      listen(call.log);
      const job = project.registry.jobs.get(slug);
      if (!job) throw new NotFoundError('JOB_UNKNOWN', `Job '${slug}' not defined`);
      const run: ClaimedRun = {
        id: 'foreground',
        slug,
        queue: job.queue,
        data,
        claim: 0,
        attempt: 1,
        maxAttempts: job.retries + 1,
        priority: job.priority,
        uniqueKey: null,
        scheduledBy: null,
        createdAt: Date.now(),
      };
      const { control, forget } = controlOf(call.signal);
      const assignment: Assignment = {
        run,
        // What each call has committed by itself cannot be undone.
        job: call.rollback && job.transaction === false ? { ...job, transaction: true } : job,
        timeoutMs: (call.timeout ?? job.timeout) * 1000,
        control,
        watcher: { ...(call.log && { log: call.log }) },
        unrecorded: true,
        ...(call.rollback && { dryRun: true }),
        ...(call.user && { user: call.user }),
      };
      let report: RunReport;
      try {
        if (job.kind !== 'module' && job.kind !== 'inline') report = await executor.execute(assignment);
        else {
          const handler = script.handler ?? (await moduleHandler(job));
          const { jobs } = project.registry;
          report = await scripts.execute({ ...assignment, handler, jobs, ...(script.data !== undefined && { data: script.data }) });
        }
      } catch (error) {
        report = { outcome: 'failed', committed: false, log: [], queued: false, error: errorOf(error) };
      } finally {
        forget();
      }
      await Promise.all([executor.settled(), scripts.settled()]);
      if (report.queued && !call.rollback) call.onQueued?.(slug);
      return report;
    },
    close() {
      options.slots.close();
      options.connections.close();
    },
  };
}

type Passage<T> = { again: true } | { again: false; value: T };

async function transactionPassage<T>(
  options: ExecutorOptions,
  body: (session: Session, db: Db) => Op<T>,
  call: TransactionOptions,
  mode: TransactionMode,
): Promise<Passage<T>> {
  const { control, forget } = controlOf(call.signal);
  const timeoutMs = (call.timeout ?? Number.POSITIVE_INFINITY) * 1000;
  const deadline = performance.now() + timeoutMs;
  const slot = await options.slots.acquire(control).catch((error: unknown) => {
    forget();
    throw error instanceof RunAbort ? stoppedError(error, timeoutMs) : error;
  });
  const forgetTimeout = Number.isFinite(timeoutMs) ? farTimer(timeoutMs, () => control.stop('timed_out')) : () => {};
  control.onStop((reason) => slot.vm.stop(reason));
  const database = new RunDatabase(options.connections, options.queue, 'command', mode, deadline);
  const queued = new Set<string>();
  const effects = new EffectList();
  let outcome: TransactionOutcome | undefined;
  let outside: string | undefined;
  try {
    const context: DatabaseContext = {
      db: database,
      ...(call.user && { user: call.user }),
      overrideAccessByDefault: call.user === undefined,
      effects,
      ...(options.changes && { changes: options.changes }),
      onQueued: (slug) => queued.add(slug),
      onOutside: (what) => {
        outside ??= what;
      },
    };
    const limits = { deadline, maxInstructions: options.maxInstructions, sliceMs: SLICE_MS };
    slot.enter(context, limits, (line) => call.log?.(line));
    const operation = (function* (): Op<T> {
      const result = yield* body(slot.session, database);
      if (!call.rollback) yield* database.commit();
      return result;
    })();
    const value = await drive(operation, control);
    if (!call.rollback) for (const slug of queued) call.onQueued?.(slug);
    outcome = 'committed';
    return { again: false, value };
  } catch (error) {
    outcome = 'rolled_back';
    if (!(error instanceof RunAbort)) throw error;
    if (error.reason === 'conflict') {
      if (outside === undefined && mode === 'deferred') {
        outcome = undefined;
        return { again: true };
      }
      throw new HostError(
        'WRITE_CONFLICT',
        `another commit came between what was read and the first write, after a call outside (${outside})`,
        {
          remedy: 'run it again',
        },
      );
    }
    throw stoppedError(error, timeoutMs);
  } finally {
    forget();
    forgetTimeout();
    database.close();
    slot.leave();
    if (outcome && !call.rollback) {
      const log = (line: LogLine) => call.log?.(line);
      const more = await runEffects(options, { effects: effects.take(), outcome, owner: 'command', user: call.user, slot, log });
      for (const slug of more) call.onQueued?.(slug);
    }
    options.slots.release(slot);
  }
}

function stoppedError(abort: RunAbort, timeoutMs: number): HostError {
  const timedOut = abort.reason === 'timed_out';
  const text = timedOut ? timeoutText(timeoutMs) : abort.message;
  return new HostError(timedOut ? 'RUN_TIMED_OUT' : abort.reason.toUpperCase(), text, { cause: abort });
}

/** `forget`: a signal that outlives the call keeps nothing of it. */
function controlOf(signal: AbortSignal | undefined): { control: RunControl; forget(): void } {
  const control = new RunControl();
  const stop = () => control.stop('cancelled');
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  return { control, forget: () => signal?.removeEventListener('abort', stop) };
}
