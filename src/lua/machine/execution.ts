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
import type { LuaFunction, LuaValue } from '../value.js';
import { type Binding, type Limits, Multi } from '../vm.js';
import type { CFunction, Continuation, FunctionHandle, LuaCore, State } from './core.js';
import * as c from './core.js';
import { ErrorValues } from './error-values.js';
import { cannotWait, failureOf, isFatal, isOp } from './failure.js';
import { Stack } from './stack.js';

/**
 * Instructions between two looks at the clock. The cost of a count hook in Lua 5.4 lies in its being set at all (every instruction
 * passes through it), so a shorter interval buys finer deadlines for next to nothing.
 */
const HOOK_INTERVAL = 10_000;
/** Finished coroutines kept for the next call. */
const IDLE_THREADS = 16;

export const UNLIMITED: Limits = {
  deadline: Number.POSITIVE_INFINITY,
  maxInstructions: Number.POSITIVE_INFINITY,
  sliceMs: Number.POSITIVE_INFINITY,
};

export type RawFunction = CFunction;

interface Frame {
  op: Op<LuaValue | Multi>;
}

export interface Thread {
  readonly L: State;
  readonly ref: number;
}

export class Execution {
  readonly core: LuaCore;
  readonly stack: Stack;
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
  readonly #frames = new Map<number, Frame>();
  readonly #idle: Thread[] = [];
  readonly #roots = new Set<State>();
  #nextFrame = 1;
  #sliceEnd = Number.POSITIVE_INFINITY;
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
    this.#current = core.main;
    this.#suspended = core.main;
    this.stack = new Stack(core, { hold: (L, index) => this.hold(L, index), pushHeld: (L, fn) => this.pushHeld(L, fn) });
    this.#bindingEntry = core.makeFunction((L) => this.#enter(L));
    this.#continuation = core.makeContinuation((L, _status, context) => this.#resumeFrame(L, context));
    this.errors = new ErrorValues(this.stack, core.main);
  }

  /** From here on the limits are watched. */
  watch(): void {
    this.core.watch((L) => this.#tick(L), HOOK_INTERVAL);
  }

  /** Where the innermost code stands that runs or is suspended. */
  get position(): State {
    return this.#depth > 0 ? this.#current : this.#suspended;
  }

  close(): void {
    // The instance is memory only: dropping the last reference frees it, and closing the state would run finalizers of scripts.
    this.closed = true;
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
    return this.#roots.has(L);
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
      if (this.stopReason) this.#kill(this.stopReason);
      result = (fn.run as (...args: LuaValue[]) => typeof result)(...this.#arguments(L, fn));
      if (isOp(result)) return this.#drive(L, { op: result }, true, undefined);
      return this.#pushResults(L, result);
    } catch (thrown) {
      return this.#raise(L, thrown);
    } finally {
      this.#current = outer;
    }
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
        const id = this.#nextFrame++;
        this.#frames.set(id, frame);
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
      const frame = this.#frames.get(id);
      this.#frames.delete(id);
      if (!frame) throw new Error('a suspended binding was resumed twice');
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
    this.#roots.add(L);
    let finished = false;
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
        status = this.#resume(L, 0);
      }
      if (status !== c.OK) throw failureOf(this, L, status);
      const results: LuaValue[] = [];
      const count = core.lua_gettop(L);
      for (let i = 1; i <= count; i++) results.push(stack.read(L, i, true));
      finished = true;
      return results;
    } finally {
      this.#roots.delete(L);
      if (finished && this.#idle.length < IDLE_THREADS) {
        core.lua_settop(L, 0);
        this.#idle.push(thread);
      } else if (!this.spent) {
        this.drop(thread);
      }
    }
  }

  #resume(L: State, args: number): number {
    const { core } = this;
    if (this.closed) throw new Error('the VM is closed');
    const outer = this.#current;
    const from = this.#depth === 0 ? undefined : outer;
    if (this.#depth === 0) this.#sliceEnd = performance.now() + this.limits.sliceMs;
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
    if (thrown instanceof RangeError)
      return new LuaError('runtime', 'stack overflow (of the host, below Lua)', { cause: thrown, code: 'LUA_STACK' });
    return new LuaError('runtime', `the Lua engine failed: ${(thrown as Error)?.message ?? String(thrown)}`, {
      cause: thrown,
      code: 'LUA_ENGINE',
    });
  }

  newThread(): Thread {
    if (this.spent && this.closed) throw new Error('the VM is closed');
    const idle = this.#idle.pop();
    if (idle) return idle;
    const { core } = this;
    const L = core.lua_newthread(this.core.main);
    return { L, ref: core.luaL_ref(this.core.main, c.REGISTRY) };
  }

  /** Lets go of a coroutine without running anything of it. */
  drop(thread: Thread): void {
    this.#roots.delete(thread.L);
    if (!this.closed) this.core.luaL_unref(this.core.main, c.REGISTRY, thread.ref);
  }

  #tick(L: State): void {
    this.instructions += HOOK_INTERVAL;
    if (this.stopReason) this.#kill(this.stopReason);
    if (this.instructions > this.limits.maxInstructions) this.#kill('instruction_limit');
    const now = performance.now();
    if (now > this.limits.deadline) this.#kill('timed_out');
    if (now > this.#sliceEnd && this.core.lua_isyieldable(L) !== 0 && !this.yielding) {
      this.#pending = this.#preempted;
      this.#suspended = L;
      this.core.yield(L, 0, undefined);
    }
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

  hold(L: State, index: number): LuaFunction {
    this.core.lua_pushvalue(L, index);
    return { kind: 'function', vm: this, ref: this.core.luaL_ref(L, c.REGISTRY) };
  }

  letGo(fn: LuaFunction): void {
    if (!this.closed && fn.vm === this) this.core.luaL_unref(this.core.main, c.REGISTRY, fn.ref);
  }

  pushHeld(L: State, fn: LuaFunction): void {
    if (fn.vm !== this) throw new Error('a Lua function was used in a VM that it does not come from');
    this.core.rawGetIndex(L, c.REGISTRY, fn.ref);
  }
}
