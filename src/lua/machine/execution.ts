/**
 * How Lua runs in one state: bindings called from it, coroutines suspended and resumed, limits. Calls run as coroutines; a binding that
 * waits suspends them and the wait travels outward through every frame to the driver, its value back inward through the same frames
 * (`#register`). Stopping is a foreign exception.
 *
 * A coroutine started by `run` is: running · suspended (its Op has yielded a Wait) · over. `#pending` is set between a yield of the
 * host and the frame outside of it that takes it over; `#abort` likewise for a run that is given up without harm to the state.
 */
import { RunAbort } from '../../domain/errors.js';
import type { Op, Wait } from '../../domain/op.js';
import { convertArgument } from '../arguments.js';
import { LuaError } from '../errors.js';
import type { LuaValue } from '../value.js';
import { type Binding, type Limits, Multi } from '../vm.js';
import type { CFunction, Continuation, FunctionHandle, LuaCore, State } from './core.js';
import * as c from './core.js';
import { ErrorValues } from './error-values.js';
import { cannotWait, engineFailure, failureOf, isFatal, isOp } from './failure.js';
import { type Frame, Frames } from './frames.js';
import { HeldFunctions } from './held-functions.js';
import { FIRST_INTERVAL, FIXED_INTERVAL, nextInterval } from './pace.js';
import { Stack } from './stack.js';
import { type Thread, Threads } from './threads.js';

export const UNLIMITED: Limits = {
  deadline: Number.POSITIVE_INFINITY,
  maxInstructions: Number.POSITIVE_INFINITY,
  sliceMs: Number.POSITIVE_INFINITY,
};

export type RawFunction = CFunction;

export class Execution {
  readonly core: LuaCore;
  readonly stack: Stack;
  readonly held: HeldFunctions;
  readonly errors: ErrorValues;
  limits: Limits = UNLIMITED;
  instructions = 0;
  stopReason: 'timed_out' | 'cancelled' | 'released' | undefined;
  /** The instance must not be used again. */
  spent = false;
  closed = false;
  readonly #functions: (Binding | RawFunction)[] = [];
  readonly #bindingEntry: FunctionHandle<CFunction>;
  readonly #continuation: FunctionHandle<Continuation>;
  readonly #frames = new Frames();
  readonly threads: Threads;
  /** A call from outside is under way; those from bindings are within it. */
  #going = false;
  #sliceEnd = Number.POSITIVE_INFINITY;
  #lastLook = 0;
  /** The state of the innermost binding that runs. */
  #current: State;
  /** The innermost state of the last suspension. */
  #suspended: State;
  #depth = 0;
  #pending: Wait | undefined;
  #abort: RunAbort | undefined;
  #register: { value: unknown } | { error: unknown } = { value: undefined };
  #unwinding: unknown;

  constructor(core: LuaCore) {
    this.core = core;
    this.threads = new Threads(core);
    this.#current = core.main;
    this.#suspended = core.main;
    this.held = new HeldFunctions(core);
    this.stack = new Stack(core, this.held);
    this.#bindingEntry = core.makeFunction((L) => this.#enter(L));
    this.#continuation = core.makeContinuation((L, _status, context) => this.#resumeFrame(L, context));
    this.errors = new ErrorValues(this.stack, core.main);
  }

  /** From here on the limits are watched. */
  watch(): void {
    this.core.watch((L) => this.#tick(L), FIXED_INTERVAL);
  }

  /** Where the innermost code stands that runs or is suspended. */
  get position(): State {
    return this.#depth > 0 ? this.#current : this.#suspended;
  }

  close(): void {
    // The instance is memory only: dropping the last reference frees it, and closing the state would run finalizers of scripts.
    this.closed = true;
    this.threads.closed = true;
    this.spent = true;
    this.#frames.clear();
  }

  /** Pushes a binding, or a C function over the raw stack. */
  pushFunction(L: State, fn: Binding | RawFunction): void {
    this.#functions.push(fn);
    this.core.pushClosure(L, this.#bindingEntry, this.#functions.length - 1);
  }

  /** true while a yield of the host is on its way outward. */
  get yielding(): boolean {
    return this.#pending !== undefined || this.#abort !== undefined;
  }

  /** Yields the running coroutine as part of a host yield; on the way back it goes on with no values. */
  pass(L: State): number {
    this.core.lua_settop(L, 0);
    if (this.core.lua_isyieldable(L) === 0) return this.#cannotPass();
    return this.core.yield(L, 0, undefined);
  }

  isRoot(L: State): boolean {
    return this.threads.roots.has(L);
  }

  #enter(L: State): number {
    const { core } = this;
    if (this.#unwinding !== undefined) throw this.#unwinding;
    const fn = this.#functions[core.upvalueNumber(L)]!;
    if (typeof fn === 'function') {
      try {
        return fn(L);
      } catch (thrown) {
        return this.#raise(L, thrown);
      }
    }
    const outer = this.#current;
    this.#current = L;
    let result: LuaValue | Multi | Op<LuaValue | Multi>;
    try {
      // Also here: thousands of calls that take milliseconds each pass between two looks of the hook.
      const now = performance.now();
      this.#check(now);
      const args = this.#arguments(L, fn);
      result = now > this.#sliceEnd && core.lua_isyieldable(L) !== 0 ? this.#afterOthers(fn, args) : run(fn, args);
      if (isOp(result)) return this.#drive(L, { op: result }, true, undefined);
      return this.#pushResults(L, result);
    } catch (thrown) {
      return this.#raise(L, thrown);
    } finally {
      this.#current = outer;
    }
  }

  /** A binding called past the slice: the other runs of the thread go on before it. */
  *#afterOthers(binding: Binding, args: LuaValue[]): Op<LuaValue | Multi> {
    yield this.#preempted;
    const result = run(binding, args);
    return isOp(result) ? yield* result : result;
  }

  #arguments(L: State, binding: Binding): LuaValue[] {
    const { core, stack } = this;
    const given = core.lua_gettop(L);
    const args: LuaValue[] = [];
    for (let i = 0; i < binding.params.length; i++) {
      const type = binding.params[i]!;
      const hold = binding.holdsFunctions === true || type.startsWith('function');
      const value =
        i < given ? stack.read(L, i + 1, hold && (core.lua_type(L, i + 1) === c.FUNCTION || binding.holdsFunctions === true)) : undefined;
      args.push(convertArgument(value, type, i + 1));
    }
    return args;
  }

  #pushResults(L: State, result: LuaValue | Multi): number {
    this.core.lua_settop(L, 0);
    if (result instanceof Multi) {
      this.stack.reserve(L, result.values.length);
      for (const value of result.values) this.stack.push(L, value);
      return result.values.length;
    }
    this.stack.push(L, result);
    return 1;
  }

  /** Advances a binding's operation; suspends the coroutine where it waits, blocks or refuses where the frame cannot be suspended. */
  #drive(L: State, frame: Frame, good: boolean, value: unknown): number {
    const { core } = this;
    let proceed = good;
    let input = value;
    for (;;) {
      let step: IteratorResult<Wait, LuaValue | Multi>;
      try {
        step = proceed ? frame.op.next(input) : frame.op.throw(input);
      } catch (thrown) {
        // A run given up by its own operation: the state is sound, so where it can be suspended it simply never goes on.
        if (thrown instanceof RunAbort && this.#unwinding === undefined && core.lua_isyieldable(L) !== 0) {
          this.#abort = thrown;
          core.lua_settop(L, 0);
          return core.yield(L, 0, undefined);
        }
        throw thrown;
      }
      if (step.done) return this.#pushResults(L, step.value);
      const wait = step.value;
      if (core.lua_isyieldable(L) !== 0) {
        const id = this.#frames.suspend(frame);
        this.#pending = wait;
        this.#suspended = L;
        core.lua_settop(L, 0);
        return core.yield(L, id, this.#continuation);
      }
      try {
        if (!wait.block) throw cannotWait(wait.reason);
        input = wait.block();
        proceed = true;
      } catch (error) {
        input = error;
        proceed = false;
      }
    }
  }

  #resumeFrame(L: State, id: number): number {
    const outer = this.#current;
    this.#current = L;
    try {
      const frame = this.#frames.resume(id);
      const input = this.#register;
      return 'error' in input ? this.#drive(L, frame, false, input.error) : this.#drive(L, frame, true, input.value);
    } catch (thrown) {
      return this.#raise(L, thrown);
    } finally {
      this.#current = outer;
    }
  }

  /** Raises in Lua what JavaScript threw; what must not be caught by a script passes as a foreign exception. */
  #raise(L: State, thrown: unknown): number {
    if (this.core.isJump(thrown)) throw thrown;
    if (this.#unwinding !== undefined) throw this.#unwinding;
    if (thrown instanceof RunAbort || isFatal(thrown)) {
      return this.#unwind(thrown);
    }
    this.core.lua_settop(L, 0);
    this.errors.push(L, thrown);
    return this.core.lua_error(L);
  }

  #cannotPass(): number {
    // Reached when a project coroutine waits below a frame of C: the wait blocks, or fails in the innermost frame.
    const wait = this.#pending;
    this.#pending = undefined;
    if (this.#abort || !wait) {
      return this.#unwind(this.#abort ?? new RunAbort('timed_out', 'stopped'));
    }
    try {
      if (!wait.block) throw cannotWait(wait.reason);
      this.#register = { value: wait.block() };
    } catch (error) {
      this.#register = { error };
    }
    return 0;
  }

  *run(thread: Thread, args: number): Op<LuaValue[]> {
    const { core, stack } = this;
    const { L } = thread;
    this.threads.roots.add(L);
    core.pace?.set(L, FIRST_INTERVAL);
    let finished = false;
    const outermost = !this.#going;
    this.#going = true;
    try {
      let status = this.#resume(L, args);
      while (status === c.YIELD) {
        const abort = this.#abort;
        if (abort) {
          this.#abort = undefined;
          throw abort;
        }
        const wait = this.#pending;
        this.#pending = undefined;
        if (!wait) throw new LuaError('runtime', 'attempt to yield from outside a coroutine');
        try {
          const value: unknown = yield wait;
          this.#register = { value };
        } catch (error) {
          this.#register = { error };
        }
        if (this.stopReason) throw new RunAbort(this.stopReason, 'stopped');
        if (performance.now() > this.limits.deadline) {
          this.spent = true;
          throw new RunAbort('timed_out', 'the run was stopped');
        }
        status = this.#resume(L, 0);
      }
      if (status !== c.OK) throw failureOf(this, L, status);
      const results: LuaValue[] = [];
      const count = core.lua_gettop(L);
      for (let i = 1; i <= count; i++) results.push(stack.read(L, i, true));
      finished = true;
      return results;
    } finally {
      this.threads.roots.delete(L);
      if (finished) this.threads.keep(thread);
      else if (!this.spent) this.threads.drop(thread);
      if (outermost) {
        this.#going = false;
        if (!finished) this.#frames.abandon();
      }
    }
  }

  #resume(L: State, args: number): number {
    const { core } = this;
    if (this.closed) throw new Error('the VM is closed');
    const outer = this.#current;
    const from = this.#depth === 0 ? undefined : outer;
    if (this.#depth === 0) {
      this.#lastLook = performance.now();
      this.#sliceEnd = this.#lastLook + this.limits.sliceMs;
    }
    this.#depth++;
    try {
      const status = core.resume(L, from, args);
      return status;
    } catch (thrown) {
      throw this.#unwound(thrown);
    } finally {
      this.#depth--;
      this.#current = outer;
      if (this.#depth === 0 && this.#unwinding !== undefined) {
        this.#unwinding = undefined;
        core.unwind(undefined);
      }
    }
  }

  /** A foreign exception came out of the instance: it is not used again. */
  #unwound(thrown: unknown): unknown {
    this.spent = true;
    this.#unwinding ??= thrown;
    this.core.unwind(this.#unwinding);
    if (thrown instanceof RunAbort || this.#depth > 1) return thrown;
    return engineFailure(thrown);
  }

  #tick(L: State): void {
    const { pace } = this.core;
    const interval = pace?.of(L) ?? FIXED_INTERVAL;
    this.instructions += interval;
    if (this.instructions > this.limits.maxInstructions) this.#kill('instruction_limit');
    const now = performance.now();
    this.#check(now);
    const next = nextInterval(interval, now - this.#lastLook);
    this.#lastLook = now;
    if (next !== interval) pace?.set(L, next);
    if (now > this.#sliceEnd && this.core.lua_isyieldable(L) !== 0 && !this.yielding) {
      this.#pending = this.#preempted;
      this.#suspended = L;
      this.core.yield(L, 0, undefined);
    }
  }

  /** Ends a run that was told to stop or is past its deadline. */
  #check(now: number): void {
    if (this.stopReason) this.#kill(this.stopReason);
    if (now > this.limits.deadline) this.#kill('timed_out');
  }

  readonly #preempted: Wait = {
    reason: 'preempted',
    start: () => new Promise<void>((resolve) => setImmediate(resolve)),
    block: () => {
      this.#sliceEnd = performance.now() + this.limits.sliceMs;
    },
  };

  #kill(reason: RunAbort['reason']): never {
    return this.#unwind(
      new RunAbort(reason, reason === 'instruction_limit' ? 'Lua execution exceeded instruction limit' : 'the run was stopped'),
    );
  }

  /** Throws what nothing in Lua may catch; the state is not used again. */
  #unwind(thrown: unknown): never {
    this.spent = true;
    this.#unwinding = thrown;
    this.core.unwind(thrown);
    throw thrown;
  }
}

function run(binding: Binding, args: LuaValue[]): LuaValue | Multi | Op<LuaValue | Multi> {
  return (binding.run as (...args: LuaValue[]) => LuaValue | Multi | Op<LuaValue | Multi>)(...args);
}
