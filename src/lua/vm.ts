/**
 * The seam between the host and a Lua engine. One `Vm` is one slot: it executes one run at a time, as a coroutine.
 * Engines live in engines/ and are the only files that import their packages.
 */
import type { Op } from '../domain/op.js';
import type { FileAccess } from './project-files.js';
import type { LuaFunction, LuaValue } from './value.js';

export type EngineName = 'lua54' | 'fengari';

/** What an engine lacks; a test may skip a case only by one of these. Each false has a reason in the engine's folder. */
export interface Capabilities {
  /** 64-bit integers. */
  readonly integers64: boolean;
  /** Lua 5.4 syntax and library (`<const>`, `<close>`, `warn`, `coroutine.close` …). */
  readonly lua54: boolean;
  /** A cap on memory that a script cannot pass. */
  readonly memoryCap: boolean;
  /** `collectgarbage`, weak tables, `__gc`. */
  readonly garbageCollection: boolean;
}

export interface VmOptions {
  /** Absolute path of the project folder: the root of `require`, and what `io` may read. */
  projectDir: string;
  /** What `io` may reach beside it. Default nothing, and no writing. */
  files?: FileAccess;
  /** Shown as `[lua:{label}]`. */
  label: string;
  /** Cap in bytes; undefined = the engine's default. */
  maxMemoryBytes?: number;
  /** Where `print` and `warn` of scripts go. */
  print(line: string): void;
}

/** A type that an argument must have. `?` = may be nil or missing (then undefined). */
export type ParamType =
  | 'string'
  | 'string?'
  | 'bytes'
  | 'integer'
  | 'integer?'
  | 'number'
  | 'number?'
  | 'boolean'
  | 'boolean?'
  | 'table'
  | 'table?'
  | 'function'
  | 'function?'
  | 'any';

/**
 * A host function in Lua. Arguments are checked and converted by `params` with mlua's texts and coercions
 * (`bad argument #1: error converting Lua nil to String (expected string or number)`); extra ones are ignored.
 * `run` returns one value, `Multi` for several, or an Op when it may wait. What it throws becomes a host error.
 */
export interface Binding {
  readonly params: readonly ParamType[];
  run(...args: never[]): LuaValue | Multi | Op<LuaValue | Multi>;
  /** Functions inside table arguments arrive as LuaFunction instead of Opaque. Default false. */
  readonly holdsFunctions?: boolean;
}

/** Several results. */
export class Multi {
  readonly values: readonly LuaValue[];
  constructor(...values: LuaValue[]) {
    this.values = values;
  }
}

/** What stops a run, checked by the count hook and by every wait and binding call. */
export interface Limits {
  /** Monotonic ms (performance.now()) at which the run is stopped; Infinity = never. */
  deadline: number;
  /** Lua VM instructions in all coroutines of the run; Infinity = unlimited. */
  maxInstructions: number;
  /** Memory that Lua may take, in bytes, where the engine has a cap; default that of the VM. An allocation beyond it fails inside Lua. */
  maxMemoryBytes?: number;
  /** A slice of Lua longer than this is preempted where it can be suspended (fairness), in ms. */
  sliceMs: number;
}

/** Counted since the last `begin`. */
export interface Usage {
  instructions: number;
  memoryBytes: number;
  /** JavaScript + Lua stack position of the innermost suspended frame: `file:line`, for `why` and warnings. */
  location(): { file: string; line: number } | undefined;
}

export interface Vm {
  readonly engine: EngineName;
  readonly capabilities: Capabilities;
  readonly usage: Usage;

  /** What a null in a list is to scripts: nothing (a hole), or `crap.null`. Default hole. */
  listNulls: 'hole' | 'value';

  /** Whether the text of a host error ends with a traceback, as in the reference's first generation. Default true. */
  errorsShowTraceback: boolean;

  /** Puts a namespace of bindings below a global table: `register('crap.jobs', { queue })`. Called before project code runs. */
  register(path: string, bindings: Record<string, Binding | LuaValue>): void;

  /** From here on scripts cannot change the table at `path`; inner tables are frozen by themselves, before it. */
  freeze(path: string): void;

  /** From here on `pairs`, `next` and `rawget` do not meet these names of the table at `path`, frozen or not; `t.name` finds them. Once a table. */
  hide(path: string, names: readonly string[]): void;

  /** Starts the budget of a run (or of loading the project). Until `end`, the limits hold. */
  begin(limits: Limits): void;
  end(): void;
  /**
   * Asks the running code to stop for good: from now on nothing of it is resumed; what cannot be suspended is unwound
   * by a foreign exception at the next hook. The Op of the running `call` then throws RunAbort(reason).
   */
  stop(reason: 'timed_out' | 'cancelled' | 'released'): void;

  /** Compiles a text chunk and executes nothing of it. LuaError of kind "syntax" where it does not parse. */
  parse(source: string, chunkName: string): void;
  /** Executes a text chunk; the Op ends with its results. `chunkName` as Lua wants it: `@file`, `=name`, or text. */
  execute(source: string, chunkName: string): Op<LuaValue[]>;
  /** `require(name)`; ends with what it returned. */
  require(name: string): Op<LuaValue>;
  /**
   * Resolves a function reference by the reference's rule (require it whole, else module and field; section 5.3), fresh each time
   * (`package.loaded` caches). Throws LuaError kind runtime with the texts of 5.3, `prefixed` false.
   */
  resolve(ref: string): Op<LuaFunction>;
  /**
   * Calls a function in a coroutine of its own. Ends with its results; waits when it waits; throws LuaError when it raises
   * (a host error thrown by a binding comes out as the same BindingError object as `cause`), RunAbort when it was stopped.
   * Also used from inside bindings (hooks called from operations): if it ends at once, nothing is suspended.
   */
  call(fn: LuaFunction, args: readonly LuaValue[]): Op<LuaValue[]>;
  /** Functions held by the host are let go. */
  release(fn: LuaFunction): void;

  /** A value below the globals, `get('crap.hooks.list')`. Functions come as LuaFunction. */
  get(path: string): LuaValue;

  /** true once the instance must not be used again (unwound by force, or grown beyond twice its resting size). */
  readonly spent: boolean;
  close(): void;
}

export interface Engine {
  readonly name: EngineName;
  readonly capabilities: Capabilities;
  /** Compiles what can be shared; call once a thread. */
  load(): Promise<void>;
  create(options: VmOptions): Vm;
}
