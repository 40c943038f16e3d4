/** A slot: one VM with the project loaded, which executes one run at a time. Pooled, last used first; dropped when spent. */
import { createSession, type DatabaseContext, type Session } from '../bindings/session.js';
import type { CrapConfig } from '../config/crap-config.js';
import type { MoonlighterConfig } from '../config/moonlighter-config.js';
import type { Clock } from '../domain/clock.js';
import { ProjectError, RunAbort } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import { runAsync } from '../domain/op.js';
import type { LogLine } from '../domain/run.js';
import type { Engine, Limits, Vm } from '../lua/vm.js';
import { fileAccess } from '../project/file-access.js';
import { loadDefinitions } from '../project/load-definitions.js';
import { emptyRegistry } from '../project/registry.js';
import type { Store } from '../store/store.js';
import { SLICE_MS } from './limits.js';
import type { RunControl } from './run-control.js';

/** Loading the project into a slot must end within this. */
const LOAD_LIMIT_MS = 30_000;
/** Idle slots beyond the first are closed after this. */
const IDLE_LIMIT_MS = 60_000;

/** Shared by the slots of a thread: each takes the latest definitions when a run enters it. */
export interface Redefinitions {
  latest: ReadonlyMap<string, JobDefinition>;
  told(definition: JobDefinition): void;
}

export interface SlotOptions {
  engine: Engine;
  projectDir: string;
  crap: CrapConfig;
  moonlighter: MoonlighterConfig;
  generation: 8 | 10;
  store: Store;
  clock: Clock;
  /** Jobs that the project's files do not define. */
  jobs?: readonly JobDefinition[];
  /** Jobs that scripts defined anew after the project was loaded. */
  redefinitions?: Redefinitions;
  /** Lines written while no run is in the slot. */
  log(line: LogLine): void;
  /** Lines written while the project's files are loaded into it. Default `log`. */
  loading?(line: LogLine): void;
}

export class Slot {
  readonly vm: Vm;
  readonly session: Session;
  readonly #clock: Clock;
  readonly #idleLog: (line: LogLine) => void;
  readonly #redefinitions: Redefinitions | undefined;
  #sink: (line: LogLine) => void;
  /** Monotonic ms of its last use. */
  idleSince = 0;

  private constructor(options: SlotOptions, label: string) {
    this.#clock = options.clock;
    this.#idleLog = options.log;
    this.#sink = options.loading ? (line) => options.loading?.(line) : options.log;
    this.#redefinitions = options.redefinitions;
    this.vm = options.engine.create({
      projectDir: options.projectDir,
      files: fileAccess(options.crap, options.generation, options.projectDir, () => this.session.reachesOutside('file')),
      label,
      maxMemoryBytes: maxMemory(options),
      print: (line) => this.#sink({ at: this.#clock.now(), level: 'info', text: line }),
    });
    this.session = createSession({
      vm: this.vm,
      config: options.crap,
      moonlighter: options.moonlighter,
      generation: options.generation,
      projectDir: options.projectDir,
      registry: emptyRegistry(),
      store: options.store,
      clock: options.clock,
      log: (line) => this.#sink(line),
      onJobRedefined: (definition) => this.#redefinitions?.told(definition),
    });
  }

  /** Makes a VM and loads the project into it; ProjectError when it does not load any more. */
  static async create(options: SlotOptions, label = 'job'): Promise<Slot> {
    await options.engine.load();
    const slot = new Slot(options, label);
    try {
      slot.vm.begin({ deadline: performance.now() + LOAD_LIMIT_MS, maxInstructions: Number.POSITIVE_INFINITY, sliceMs: SLICE_MS });
      const problems = await runAsync(loadDefinitions(slot.session, options.projectDir));
      slot.vm.end();
      if (problems.some((problem) => problem.severity === 'error')) throw new ProjectError(problems);
      for (const job of options.jobs ?? []) slot.session.registry.jobs.set(job.slug, job);
      slot.session.phase = 'running';
      slot.#sink = options.log;
      return slot;
    } catch (error) {
      slot.vm.close();
      throw error;
    }
  }

  /** Lines of scripts go to `sink` until `leave`. Without a context there is no database. */
  enter(context: DatabaseContext | undefined, limits: Limits, sink: (line: LogLine) => void): void {
    this.#sink = sink;
    for (const [slug, job] of this.#redefinitions?.latest ?? []) this.session.registry.jobs.set(slug, job);
    if (context) this.session.enter(context);
    this.vm.begin(limits);
  }

  leave(): void {
    this.vm.end();
    this.session.leave();
    this.#sink = this.#idleLog;
  }
}

/** Bytes; 0 in a file means that there is no limit. */
function maxMemory(options: SlotOptions): number {
  return (options.moonlighter.lua.max_memory ?? options.crap.hooks.max_memory) || Number.POSITIVE_INFINITY;
}

interface Waiter {
  resolve(slot: Slot): void;
  reject(error: unknown): void;
}

/**
 * The slots of a thread. New ones are made one after the other with the event loop in between, and whoever waits takes what is
 * released meanwhile: making a slot takes many milliseconds, and runs that began earlier go on.
 */
export class SlotPool {
  readonly #options: SlotOptions;
  readonly #idle: Slot[] = [];
  readonly #waiting: Waiter[] = [];
  readonly #trim: NodeJS.Timeout;
  #making = false;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#trim = setInterval(() => this.#dropIdle(), IDLE_LIMIT_MS / 2);
    this.#trim.unref();
  }

  /** Rejects with ProjectError when the project does not load any more, with RunAbort when `control` is stopped before there is a slot. */
  acquire(control?: RunControl): Promise<Slot> {
    if (control?.reason) return Promise.reject(new RunAbort(control.reason, 'stopped before it had a slot'));
    const idle = this.#idle.pop();
    if (idle) return Promise.resolve(idle);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve: (slot) => {
          forget?.();
          resolve(slot);
        },
        reject,
      };
      const forget = control?.onStop((reason) => {
        const at = this.#waiting.indexOf(waiter);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        reject(new RunAbort(reason, 'stopped before it had a slot'));
      });
      this.#waiting.push(waiter);
      if (!this.#making) void this.#make();
    });
  }

  /** `broken`: something of the host failed inside it, do not trust it again. */
  release(slot: Slot, broken = false): void {
    if (broken || slot.vm.spent) {
      slot.vm.close();
      return;
    }
    const waiter = this.#waiting.shift();
    if (waiter) {
      waiter.resolve(slot);
      return;
    }
    slot.idleSince = performance.now();
    this.#idle.push(slot);
  }

  close(): void {
    clearInterval(this.#trim);
    for (const slot of this.#idle.splice(0)) slot.vm.close();
  }

  async #make(): Promise<void> {
    this.#making = true;
    // Of runs that were given together most return at once: their slot serves the next before a new one would be made.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      try {
        this.release(await Slot.create(this.#options));
      } catch (error) {
        this.#waiting.shift()?.reject(error);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#making = false;
  }

  #dropIdle(): void {
    const before = performance.now() - IDLE_LIMIT_MS;
    while (this.#idle.length > 1 && (this.#idle[0]?.idleSince ?? before) < before) this.#idle.shift()?.vm.close();
  }
}
