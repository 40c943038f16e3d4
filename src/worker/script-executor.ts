/**
 * Executes the runs of jobs written in JavaScript, in a worker thread or on the application's own: one transaction from the first statement
 * to the completion, under the fence. A run that met another's commit is executed again at once as a writer. What a handler does after its
 * end is refused; a handler that loops without awaiting can only be ended with its thread.
 */
import { EffectList, type Entry, inCall } from '../bindings/effects.js';
import { HostError, messageOf, NotFoundError, RunAbort } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { type ClaimedRun, type EnqueueRequest, type LogLine, oversizedData, requestOf } from '../domain/run.js';
import { completion, storableResult } from './completion.js';
import { RunEffects } from './effects.js';
import { type Assignment, type ExecutorOptions, firstMode } from './executor.js';
import { farTimer } from './far-timer.js';
import { belonging } from './floating.js';
import { SLICE_MS } from './limits.js';
import { ownerOf, type RunReport } from './protocol.js';
import { drive } from './run-control.js';
import { RunDatabase, type TransactionMode } from './run-database.js';
import { RunLog } from './run-log.js';
import { endingOf, recordedEnding } from './run-report.js';
import { type EnqueueOptions, type RunInfo, type ScriptHandler, scriptContext } from './script-context.js';
import type { Slot } from './slot.js';

export interface ScriptAssignment extends Assignment {
  handler: ScriptHandler<Json>;
  /** Checked and converted already where the job has a schema; default the JSON of the run. */
  data?: Json;
  /** Jobs that the handler may queue. */
  jobs: ReadonlyMap<string, JobDefinition>;
}

export class ScriptExecutor {
  readonly #options: ExecutorOptions;
  readonly #effects: RunEffects;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#effects = new RunEffects(options);
  }

  /** Ends when everything has been called that waits for the end of a stopped run. */
  settled(): Promise<void> {
    return this.#effects.settled();
  }

  /** Never rejects: whatever goes wrong is the report. */
  async execute(assignment: ScriptAssignment): Promise<RunReport> {
    const { job, timeoutMs, control } = assignment;
    const forgetTimeout = farTimer(timeoutMs, () => control.stop('timed_out'));
    assignment.watcher?.started?.();
    try {
      const passage = new ScriptPassage(this.#options, assignment, firstMode(job, assignment.run), forgetTimeout);
      const report = await passage.execute();
      if (report !== 'again') return await this.#effects.settle(report, passage.takeEffects(), assignment);
      const second = new ScriptPassage(this.#options, assignment, 'immediate', forgetTimeout);
      const repeated = await second.execute();
      return repeated === 'again'
        ? { ...endingOf(new RunAbort('conflict', 'two conflicts'), timeoutMs), committed: false, log: [], queued: false }
        : await this.#effects.settle(repeated, second.takeEffects(), assignment);
    } finally {
      forgetTimeout();
    }
  }
}

class ScriptPassage {
  readonly #options: ExecutorOptions;
  readonly #assignment: ScriptAssignment;
  readonly #handlerReturned: () => void;
  readonly #database: RunDatabase;
  readonly #mode: TransactionMode;
  readonly #deadline: number;
  readonly #log = new RunLog();
  readonly #effects: EffectList;
  #slot: Slot | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** Of an operation that the handler may have caught: a conflict or a stop ends the run all the same. */
  #abort: RunAbort | undefined;
  #over = false;
  #queued = false;

  constructor(options: ExecutorOptions, assignment: ScriptAssignment, mode: TransactionMode, handlerReturned: () => void) {
    this.#options = options;
    this.#assignment = assignment;
    this.#handlerReturned = handlerReturned;
    this.#mode = mode;
    this.#deadline = performance.now() + assignment.timeoutMs;
    this.#database = new RunDatabase(options.connections, options.queue, ownerOf(assignment.run), mode, this.#deadline);
    this.#effects = new EffectList({ perCall: mode === 'per-call' });
  }

  /** What hooks registered with crap.tx in the operations of the handler. */
  takeEffects(): Entry[] {
    return this.#effects.take();
  }

  async execute(): Promise<RunReport | 'again'> {
    const { control, timeoutMs, watcher } = this.#assignment;
    const stopping = new AbortController();
    let forget = () => {};
    try {
      if (control.reason) throw new RunAbort(control.reason, 'stopped before it began');
      const stopped = new Promise<never>((_, reject) => {
        forget = control.onStop((reason) => {
          this.#over = true;
          stopping.abort(new RunAbort(reason, `the run was stopped: ${reason}`));
          reject(stopping.signal.reason);
        });
      });
      const result = encode(await Promise.race([this.#call(stopping.signal), stopped]));
      await this.#last.catch(() => {});
      if (this.#abort) throw this.#abort;
      this.#over = true;
      this.#handlerReturned();
      watcher?.completing?.();
      const kept = await drive(this.#finish(result), control);
      return { outcome: 'completed', committed: kept, result, log: this.#log.lines, queued: this.#queued && kept };
    } catch (error) {
      const thrown = this.#abort ?? error;
      if (thrown instanceof RunAbort && thrown.reason === 'conflict' && this.#mode === 'deferred' && !control.reason) return 'again';
      const ending = this.#assignment.unrecorded ? endingOf(thrown, timeoutMs) : recordedEnding(thrown, timeoutMs);
      if (control.error && ending.outcome === control.reason) ending.error = control.error;
      if (ending.error && thrown instanceof Error && !(thrown instanceof RunAbort) && thrown.stack) ending.error.traceback ??= thrown.stack;
      return { ...ending, committed: false, log: this.#log.lines, queued: this.#queued && this.#mode === 'per-call' };
    } finally {
      this.#over = true;
      forget();
      // An operation under way ends with the control or by itself; its connection is free only then.
      await this.#last.catch(() => {});
      this.#database.close();
      if (this.#slot) {
        this.#slot.leave();
        this.#options.slots.release(this.#slot);
      }
    }
  }

  async #call(signal: AbortSignal): Promise<unknown> {
    const { run, handler, data = dataOf(run) } = this.#assignment;
    const context = scriptContext({
      data,
      run: infoOf(run),
      signal,
      log: (level, text) => this.#write({ at: this.#options.clock.now(), level, text }),
      operate: (body) =>
        this.#inTurn(async () => {
          const slot = await this.#session();
          return await drive(
            inCall(slot.session, () => body(() => slot.session.contentContext())),
            this.#assignment.control,
          );
        }),
      enqueue: (slug, payload, options) => this.#inTurn(() => drive(this.#enqueue(slug, payload, options), this.#assignment.control)),
    });
    return await belonging(run, this.#assignment.control, async () => await handler(context));
  }

  /** One operation after the other: they share one connection and one transaction. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(
      () => this.#guarded(act),
      () => this.#guarded(act),
    );
    this.#last = turn;
    // A handler that does not await an operation learns of its error through the outcome; the process is not to end for it.
    turn.catch(() => {});
    return turn;
  }

  async #guarded<T>(act: () => Promise<T>): Promise<T> {
    if (this.#over) {
      throw new HostError('RUN_OVER', `the run ${this.#assignment.run.id} is over: nothing more can be done in it`, {
        remedy: 'await every operation before the handler returns, and end when ctx.signal is aborted',
      });
    }
    if (this.#abort) throw this.#abort;
    try {
      return await act();
    } catch (error) {
      if (error instanceof RunAbort) this.#abort = error;
      throw error;
    }
  }

  /** A slot is taken by the first operation on collections: their hooks are Lua. */
  async #session(): Promise<Slot> {
    if (this.#slot) return this.#slot;
    const slot = await this.#options.slots.acquire(this.#assignment.control);
    const limits = { deadline: this.#deadline, maxInstructions: this.#options.maxInstructions, sliceMs: SLICE_MS };
    const onQueued = () => {
      this.#queued = true;
    };
    const { changes } = this.#options;
    const { user } = this.#assignment;
    const context = {
      db: this.#database,
      ...(user && { user }),
      overrideAccessByDefault: user === undefined,
      effects: this.#effects,
      onQueued,
      ...(changes && { changes }),
    };
    slot.enter(context, limits, (line) => this.#write(line));
    this.#slot = slot;
    return slot;
  }

  *#enqueue(slug: string, data: Json, options: EnqueueOptions): Op<string> {
    const job = this.#assignment.jobs.get(slug);
    if (!job) throw new NotFoundError('JOB_NOT_DEFINED', `Job '${slug}' not defined`);
    const { store, clock } = this.#options;
    const now = clock.now();
    const request = enqueueRequest(job, data, options, now);
    const { id, duplicate } = yield* this.#database.savepoint(() => store.enqueue(this.#database, { ...request, scheduledBy: 'api' }, now));
    if (!duplicate) this.#queued = true;
    return id;
  }

  *#finish(result: string | null): Op<boolean> {
    if (this.#assignment.dryRun) return true;
    return yield* this.#database.finish(completion(this.#options, this.#assignment, result, this.#log.lines));
  }

  #write(line: LogLine): void {
    this.#log.add(line);
    this.#assignment.watcher?.log?.(line);
  }
}

/** What a caller asks for, in the store's terms. HostError DATA_TOO_LARGE, INVALID_OPTION. */
export function enqueueRequest(job: JobDefinition, data: Json, options: EnqueueOptions, now: number): Omit<EnqueueRequest, 'scheduledBy'> {
  const text = JSON.stringify(data);
  if (text === undefined) throw new HostError('INVALID_JSON', `data of job '${job.slug}' is no JSON value`);
  const oversized = oversizedData(job.slug, text);
  if (oversized) throw new HostError('DATA_TOO_LARGE', oversized.message, oversized);
  const { priority = job.priority, delayMs, runAt, unique, key, after, afterFailure } = options;
  if (!Number.isInteger(priority)) throw new HostError('INVALID_OPTION', `priority: expected a whole number, got ${priority}`);
  if (options.queue === '') throw new HostError('INVALID_OPTION', 'queue: expected a name, got an empty text');
  if (delayMs !== undefined && runAt !== undefined) throw new HostError('INVALID_OPTION', 'delayMs and runAt exclude each other');
  const dueAt = runAt?.getTime() ?? now + (delayMs ?? 0);
  if (!Number.isFinite(dueAt)) throw new HostError('INVALID_OPTION', 'runAt or delayMs is no instant');
  const {
    key: uniqueKey,
    within,
    replace,
  } = typeof unique === 'string' ? { key: unique, within: undefined, replace: false } : (unique ?? {});
  if (within !== undefined && replace) throw new HostError('INVALID_OPTION', 'unique: within and replace exclude each other');
  if (uniqueKey === '') throw new HostError('INVALID_OPTION', 'unique key must be non-empty (or omit the option)');
  return {
    ...requestOf(job, text),
    ...(options.queue !== undefined && { queue: options.queue }),
    priority,
    ...(dueAt > now && { dueAt }),
    ...(uniqueKey !== undefined && { uniqueKey }),
    ...(within !== undefined ? { uniqueMode: { within } } : replace ? { uniqueMode: 'replace' as const } : {}),
    ...(key !== undefined && { key }),
    ...(after && { after }),
    ...(afterFailure && { afterFailure }),
  };
}

/** What is no JSON counts as an empty object: such rows come from other programs. */
export function dataOf(run: ClaimedRun): Json {
  try {
    return JSON.parse(run.data) as Json;
  } catch {
    return {};
  }
}

function infoOf(run: ClaimedRun): RunInfo {
  const { id, slug, queue, attempt, maxAttempts, priority, uniqueKey, scheduledBy, createdAt } = run;
  return { id, slug, queue, attempt, maxAttempts, priority, uniqueKey, scheduledBy, queuedAt: new Date(createdAt).toISOString() };
}

/** undefined and null are no result. */
function encode(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new HostError('RESULT_INVALID', `the result is no JSON value: ${messageOf(error)}`, { cause: error });
  }
  if (text === undefined) throw new HostError('RESULT_INVALID', `the result is a ${typeof value}, which is no JSON value`);
  return storableResult(text);
}
