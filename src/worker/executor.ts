/**
 * One run from its claim to its outcome: make the handler's table, open the transaction, call the handler, encode the result,
 * complete under the fence, commit. A run that met another's commit and has called nothing outside is executed again at once as a writer.
 */
import { EffectList, type Entry } from '../bindings/effects.js';
import type { ChangeListener } from '../bindings/session.js';
import type { Clock } from '../domain/clock.js';
import { HostError, RunAbort } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { JsonObject } from '../domain/json.js';
import type { Op, Wait } from '../domain/op.js';
import type { ClaimedRun, LogLine } from '../domain/run.js';
import { luaToJsonText } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import type { Store } from '../store/store.js';
import type { WriteQueue } from '../store/writer.js';
import { askBackoff } from './backoff-call.js';
import { completion, storableResult } from './completion.js';
import { RunEffects } from './effects.js';
import { farTimer } from './far-timer.js';
import { handlerContext } from './handler-context.js';
import { SLICE_MS } from './limits.js';
import { ownerOf, type RunReport } from './protocol.js';
import { drive, type RunControl } from './run-control.js';
import { type ConnectionPool, RunDatabase, type TransactionMode } from './run-database.js';
import { RunLog } from './run-log.js';
import { endingOf, errorOf, recordedEnding } from './run-report.js';
import type { Slot, SlotPool } from './slot.js';

/** A passage that computes for longer streams its lines, although it may still end in a conflict and say them again. */
const HOLD_LINES_MS = 1_000;
/** So does one that writes more than this. */
const HOLD_CHARS = 256 * 1024;
/** Waits within the host, which a busy machine makes more of; the run has not called outside. */
const INNER_WAITS: readonly string[] = ['preempted', 'write_queue', 'write_lock'];

export interface ExecutorOptions {
  slots: SlotPool;
  connections: ConnectionPool;
  queue: WriteQueue;
  store: Store;
  clock: Clock;
  generation: 8 | 10;
  worker?: number | undefined;
  /** Who hears of documents that changed. */
  changes?: ChangeListener;
  /** Lua instructions a run may execute; Infinity where crap.toml writes none. */
  maxInstructions: number;
  /** Lines written while no run is in a slot. */
  log(line: LogLine): void;
}

/** What the surroundings are told while a run executes. */
export interface RunWatcher {
  /** The handler's code is about to run. */
  started?(): void;
  /** The handler has returned: its timeout counts no more. */
  completing?(): void;
  log?(line: LogLine): void;
  /** It waits for something outside while it is the writer (`fromStart`: as of its first read); told once a passage. */
  writerSuspended?(wait: Wait, fromStart: boolean, location: { file: string; line: number } | undefined): void;
}

/** What is to be executed, and how. */
export interface Assignment {
  run: ClaimedRun;
  job: JobDefinition;
  timeoutMs: number;
  control: RunControl;
  watcher?: RunWatcher;
  /** Foreground runs: roll everything back at the end instead of completing. */
  dryRun?: boolean;
  /** Foreground runs: the current user's document; with one, access is enforced unless a call overrides it. */
  user?: JsonObject;
  /** Foreground runs: there is no row, commit without completing one. */
  unrecorded?: boolean;
}

export class Executor {
  readonly #options: ExecutorOptions;
  readonly #effects: RunEffects;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#effects = new RunEffects(options);
  }

  /** Never rejects: whatever goes wrong is the report. A slot that cannot be made releases the run. */
  async execute(assignment: Assignment): Promise<RunReport> {
    const { slots } = this.#options;
    const { job, run, timeoutMs, control } = assignment;
    let slot: Slot | undefined;
    let forgetTimeout = () => {};
    let broken = false;
    const forget = control.onStop((reason) => slot?.vm.stop(reason));
    try {
      slot = await slots.acquire(control);
      forgetTimeout = farTimer(timeoutMs, () => control.stop('timed_out'));
      const deadline = performance.now() + timeoutMs;
      assignment.watcher?.started?.();
      let mode = firstMode(job, run);
      for (;;) {
        if (control.reason) throw new RunAbort(control.reason, 'stopped before it began');
        const passage: Passage = new Passage(this.#options, slot, assignment, mode, {
          deadline,
          handlerReturned: () => forgetTimeout(),
          slotLeft: () => {
            slots.release(slot!);
            slot = undefined;
          },
        });
        const report = await passage.execute();
        broken = passage.broken;
        if (report !== 'again') {
          const settled = await this.#effects.settle(report, passage.takeEffects(), assignment, slot);
          return await this.#withDelay(settled, assignment, slot);
        }
        mode = 'immediate';
        if (slot && !slot.vm.spent) continue;
        if (slot) slots.release(slot);
        slot = undefined;
        slot = await slots.acquire(control);
      }
    } catch (error) {
      // Without a slot (also for a passage that is to be repeated) nothing of the run has happened: it is given back.
      broken = slot !== undefined && !(error instanceof RunAbort);
      const unable = slot === undefined && !(error instanceof RunAbort);
      const ending = unable ? { outcome: 'released' as const, error: errorOf(error) } : endingOf(error, timeoutMs);
      return { ...ending, committed: false, log: [], queued: false };
    } finally {
      forgetTimeout();
      forget();
      if (slot) slots.release(slot, broken);
    }
  }

  /** Ends when everything has been called that waits for the end of a stopped run. */
  settled(): Promise<void> {
    return this.#effects.settled();
  }

  /** Asks the Lua function of the job's backoff how long to wait, where it has one and a retry is left. */
  async #withDelay(report: RunReport, { run, job }: Assignment, slot: Slot | undefined): Promise<RunReport> {
    const failed = report.outcome === 'failed' || report.outcome === 'timed_out';
    if (!failed || report.final || job.backoff?.kind !== 'function' || run.attempt >= run.maxAttempts) return report;
    return { ...report, ...(await askBackoff(this.#options.slots, slot, job.backoff.function, run, report)) };
  }
}

/** How the transaction of an attempt begins; one that follows a lost race for the first write begins as the writer, so that it cannot lose again. */
export function firstMode(job: JobDefinition, run: ClaimedRun): TransactionMode {
  if (job.transaction === false) return 'per-call';
  return job.transaction === 'immediate' || run.contended ? 'immediate' : 'deferred';
}

interface PassageSurroundings {
  /** Monotonic ms. */
  deadline: number;
  handlerReturned(): void;
  /** The passage needs its slot no more, although it has not ended. */
  slotLeft(): void;
}

/** One passage through the pipeline, in one transaction. */
class Passage {
  /** Something of the host, not of the script, failed in the slot. */
  broken = false;
  readonly #options: ExecutorOptions;
  readonly #slot: Slot;
  readonly #assignment: Assignment;
  readonly #surroundings: PassageSurroundings;
  readonly #database: RunDatabase;
  readonly #log = new RunLog();
  readonly #effects: EffectList;
  /** Lines not streamed yet: a passage that ends in a conflict is to stay unseen. undefined = lines are streamed as they come. */
  #held: LogLine[] | undefined;
  #heldChars = 0;
  readonly #begunAt = performance.now();
  #outside: string | undefined;
  #queued = false;
  #completing = false;
  #left = false;
  #named = false;
  readonly #fromStart: boolean;

  constructor(options: ExecutorOptions, slot: Slot, assignment: Assignment, mode: TransactionMode, surroundings: PassageSurroundings) {
    this.#options = options;
    this.#slot = slot;
    this.#assignment = assignment;
    this.#surroundings = surroundings;
    this.#held = mode === 'deferred' ? [] : undefined;
    this.#fromStart = mode === 'immediate';
    const owner = ownerOf(assignment.run);
    this.#database = new RunDatabase(options.connections, options.queue, owner, mode, surroundings.deadline);
    this.#effects = new EffectList({ perCall: mode === 'per-call' });
  }

  /** What waits for the outcome. */
  takeEffects(): Entry[] {
    return this.#effects.take();
  }

  async execute(): Promise<RunReport | 'again'> {
    try {
      const { result, kept } = await drive(this.#pipeline(), this.#assignment.control, (wait) => this.#waiting(wait));
      return { outcome: 'completed', committed: kept, result, log: this.#log.lines, queued: this.#queued && kept };
    } catch (error) {
      const { control } = this.#assignment;
      const conflict = error instanceof RunAbort && error.reason === 'conflict';
      if (conflict && this.#outside === undefined && !control.reason) {
        this.#held = [];
        return 'again';
      }
      const thrown = conflict ? this.#conflict(error) : error;
      this.broken = !(error instanceof HostError || error instanceof RunAbort);
      const { unrecorded, timeoutMs } = this.#assignment;
      const ending = unrecorded ? endingOf(thrown, timeoutMs) : recordedEnding(thrown, timeoutMs);
      if (control.error && ending.outcome === control.reason) ending.error = control.error;
      // Where each call is its own transaction, runs that it queued stand although the run failed.
      return { ...ending, committed: false, log: this.#log.lines, queued: this.#queued && this.#assignment.job.transaction === false };
    } finally {
      this.#stream();
      this.#database.close();
      if (!this.#left) this.#slot.leave();
    }
  }

  *#pipeline(): Op<{ result: string | null; kept: boolean }> {
    const context = this.#enter();
    const result = encodeResult(yield* this.#call(context));
    return yield* this.#finish(result);
  }

  #enter(): LuaValue {
    const { user, job } = this.#assignment;
    const limits = {
      deadline: this.#surroundings.deadline,
      maxInstructions: job.maxInstructions ?? this.#options.maxInstructions,
      sliceMs: SLICE_MS,
      ...(job.maxMemory !== undefined && { maxMemoryBytes: job.maxMemory }),
    };
    this.#slot.enter(
      {
        db: this.#database,
        ...(user && { user }),
        overrideAccessByDefault: user === undefined,
        effects: this.#effects,
        ...(this.#options.changes && { changes: this.#options.changes }),
        inRun: true,
        onQueued: () => {
          this.#queued = true;
        },
        onOutside: (what) => {
          this.#outside ??= what;
          this.#stream();
        },
      },
      limits,
      (line) => this.#write(line),
    );
    return handlerContext(this.#assignment.run, this.#assignment.job.handler, this.#options.generation);
  }

  /** Through the session's caller, which resolves a reference once: the rule of the reference tries the file system each time. */
  *#call(context: LuaValue): Op<LuaValue> {
    return yield* this.#slot.session.lua.callRef(this.#assignment.job.handler.ref, [context]);
  }

  *#finish(result: string | null): Op<{ result: string | null; kept: boolean }> {
    this.#completing = true;
    this.#surroundings.handlerReturned();
    this.#assignment.watcher?.completing?.();
    if (this.#assignment.dryRun) return { result, kept: true };
    if (!this.#database.isWriter) this.#leaveSlot();
    const kept = yield* this.#database.finish(completion(this.#options, this.#assignment, result, this.#log.lines));
    return { result, kept };
  }

  /** The completion waits for others to share a commit with: meanwhile the slot executes other runs. */
  #leaveSlot(): void {
    this.#left = true;
    this.#slot.leave();
    this.#surroundings.slotLeft();
  }

  #waiting(wait: Wait): void {
    const inner = INNER_WAITS.includes(wait.reason);
    if (!inner || (wait.reason === 'preempted' && performance.now() - this.#begunAt > HOLD_LINES_MS)) this.#stream();
    if (this.#named || this.#completing || !this.#database.isWriter) return;
    if (inner) return;
    this.#named = true;
    this.#assignment.watcher?.writerSuspended?.(wait, this.#fromStart, this.#slot.vm.usage.location());
  }

  #write(line: LogLine): void {
    this.#log.add(line);
    this.#heldChars += line.text.length;
    if (this.#held && (this.#database.isWriter || this.#heldChars > HOLD_CHARS)) this.#stream();
    if (this.#held) this.#held.push(line);
    else this.#assignment.watcher?.log?.(line);
  }

  #stream(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const line of held) this.#assignment.watcher?.log?.(line);
  }

  #conflict(cause: RunAbort): RunAbort {
    const text =
      `another commit came between what the run had read and its first write, and it had already called outside (${this.#outside}): ` +
      'it was rolled back and cannot be executed again unseen';
    return new RunAbort('conflict', text, { cause });
  }
}

/** nil is no result; anything else its JSON text, at most 1 MiB. */
function encodeResult(value: LuaValue): string | null {
  return value === undefined || value === null ? null : storableResult(luaToJsonText(value));
}
