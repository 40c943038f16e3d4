/**
 * One Lua 5.4 state in an instance of its own. Calls run as coroutines; a binding that waits suspends them and the wait travels outward
 * through every frame to the driver, its value back inward through the same frames (resume register). Stopping is a foreign exception.
 *
 * A coroutine started by `call` is: running · suspended (its Op has yielded a Wait) · over. `#pending` is set between a yield of the
 * host and the frame outside of it that takes it over; `#abort` likewise for a run that is given up without harm to the state.
 */
import { RunAbort } from '../../../domain/errors.js';
import type { Op, Wait } from '../../../domain/op.js';
import { convertArgument } from '../../arguments.js';
import { BindingError, LuaError } from '../../errors.js';
import { type LuaFunction, LuaTable, type LuaValue } from '../../value.js';
import { type Binding, type Limits, Multi, type Usage, type Vm, type VmOptions } from '../../vm.js';
import { capabilities } from './capabilities.js';
import { ErrorValues } from './error-values.js';
import { installLibrary } from './library.js';
import { Stack } from './stack.js';
import * as wasm from './wasm.js';
import { addFunction, instantiate, type LuaApi, type State } from './wasm.js';

/**
 * Instructions between two looks at the clock. The cost of a count hook in Lua 5.4 lies in its being set at all (every instruction
 * passes through it), so a shorter interval buys finer deadlines for next to nothing.
 */
const HOOK_INTERVAL = 10_000;
const DEFAULT_MEMORY = 256 * 1024 * 1024;
/** Finished coroutines kept for the next call. */
const IDLE_THREADS = 16;

type RawFunction = (L: State) => number;

interface Frame {
  op: Op<LuaValue | Multi>;
}

interface Thread {
  L: State;
  ref: number;
}

export class Lua54Vm implements Vm {
  readonly engine = 'lua54' as const;
  readonly capabilities = capabilities;
  readonly usage: Usage;
  readonly api: LuaApi;
  readonly stack: Stack;
  readonly options: VmOptions;
  readonly #main: State;
  readonly #errors: ErrorValues;
  readonly #functions: (Binding | RawFunction)[] = [];
  readonly #bindingEntry: number;
  readonly #continuation: number;
  readonly #frames = new Map<number, Frame>();
  readonly #idle: Thread[] = [];
  readonly #roots = new Set<State>();
  #nextFrame = 1;
  #limits: Limits = { deadline: Number.POSITIVE_INFINITY, maxInstructions: Number.POSITIVE_INFINITY, sliceMs: Number.POSITIVE_INFINITY };
  #instructions = 0;
  #sliceEnd = Number.POSITIVE_INFINITY;
  #stopReason: 'timed_out' | 'cancelled' | 'released' | undefined;
  /** The state of the innermost binding that runs. */
  #current: State;
  /** The innermost state of the last suspension. */
  #suspended: State;
  #depth = 0;
  #pending: Wait | undefined;
  #abort: RunAbort | undefined;
  #register: { value: unknown } | { error: unknown } = { value: undefined };
  #unwinding: unknown;
  #spent = false;
  #closed = false;
  #restingBytes = 0;

  constructor(options: VmOptions) {
    this.options = options;
    this.api = instantiate(options.maxMemoryBytes ?? DEFAULT_MEMORY);
    const { api } = this;
    this.#main = api.luaL_newstate();
    this.#current = this.#main;
    this.#suspended = this.#main;
    this.stack = new Stack(api, { hold: (L, index) => this.#hold(L, index), pushHeld: (L, fn) => this.#pushHeld(L, fn) });
    this.#bindingEntry = addFunction(api, 'c-function', (L) => this.#enter(L!));
    this.#continuation = addFunction(api, 'continuation', (L, _status, context) => this.#resumeFrame(L!, context!));
    const hook = addFunction(api, 'hook', (L) => this.#tick(L!));
    api.luaL_openlibs(this.#main);
    this.#errors = new ErrorValues(this.stack, this.#main, (raw) => this.pushRaw(this.#main, raw));
    installLibrary(this, this.#main, this.#errors);
    api.lua_sethook(this.#main, hook, wasm.MASK_COUNT, HOOK_INTERVAL);
    const self = this;
    this.usage = {
      get instructions() {
        return self.#instructions;
      },
      get memoryBytes() {
        return self.api.memory.buffer.byteLength;
      },
      location: () => self.#location(),
    };
  }

  get spent(): boolean {
    return this.#spent;
  }

  register(path: string, bindings: Record<string, Binding | LuaValue>): void {
    const L = this.#main;
    const { api, stack } = this;
    this.#pushPath(L, path, true);
    for (const [name, entry] of Object.entries(bindings)) {
      stack.pushText(L, name);
      if (isBinding(entry)) this.#pushFunction(L, entry);
      else stack.push(L, entry);
      api.lua_rawset(L, -3);
    }
    api.lua_settop(L, 0);
  }

  begin(limits: Limits): void {
    this.#limits = limits;
    this.#instructions = 0;
    this.#stopReason = undefined;
    this.#restingBytes ||= this.api.memory.buffer.byteLength;
    this.#errors.sweep();
  }

  end(): void {
    this.#limits = { deadline: Number.POSITIVE_INFINITY, maxInstructions: Number.POSITIVE_INFINITY, sliceMs: Number.POSITIVE_INFINITY };
    this.#sliceEnd = Number.POSITIVE_INFINITY;
    // The memory of an instance never shrinks: one that has grown far beyond its resting size is not kept.
    if (this.#restingBytes > 0 && this.api.memory.buffer.byteLength > 2 * this.#restingBytes) this.#spent = true;
  }

  stop(reason: 'timed_out' | 'cancelled' | 'released'): void {
    this.#stopReason ??= reason;
    this.#spent = true;
  }

  *execute(source: string, chunkName: string): Op<LuaValue[]> {
    const thread = this.#newThread();
    const status = this.load(thread.L, source, chunkName);
    if (status !== wasm.OK) {
      const error = this.#errorOf(thread.L, status);
      this.#drop(thread);
      throw error;
    }
    return yield* this.#run(thread, 0);
  }

  *require(name: string): Op<LuaValue> {
    const fn = this.get('require') as LuaFunction;
    try {
      return (yield* this.call(fn, [name]))[0];
    } finally {
      this.release(fn);
    }
  }

  *resolve(ref: string): Op<LuaFunction> {
    const whole = yield* this.#tryRequire(ref);
    if (isHeld(whole)) return whole;
    const dot = ref.lastIndexOf('.');
    if (dot < 0) throw unresolved(`Hook ref '${ref}' must be module.function format`);
    const [module, name] = [ref.slice(0, dot), ref.slice(dot + 1)];
    const found = yield* this.#tryRequire(module, name);
    if (found === undefined) throw unresolved(`Failed to require module '${module}'`, this.#lastRequireError);
    if (isHeld(found)) return found;
    throw unresolved(`Function '${name}' not found in module '${module}'`);
  }

  *call(fn: LuaFunction, args: readonly LuaValue[]): Op<LuaValue[]> {
    const thread = this.#newThread();
    try {
      this.#pushHeld(thread.L, fn);
      for (const arg of args) this.stack.push(thread.L, arg);
    } catch (error) {
      this.#drop(thread);
      throw error;
    }
    return yield* this.#run(thread, args.length);
  }

  release(fn: LuaFunction): void {
    if (!this.#closed && fn.vm === this) this.api.luaL_unref(this.#main, wasm.REGISTRY, fn.ref);
  }

  get(path: string): LuaValue {
    const L = this.#main;
    this.#pushPath(L, path, false);
    const value = this.stack.read(L, -1, true);
    this.api.lua_settop(L, 0);
    return value;
  }

  close(): void {
    // The instance is memory only: dropping the last reference frees it, and closing the state would run finalizers of scripts.
    this.#closed = true;
    this.#spent = true;
    this.#frames.clear();
  }

  // ---------------------------------------------------------------------------------------------------- for the library

  /** A C function over the raw stack. */
  pushRaw(L: State, fn: RawFunction): void {
    this.#functions.push(fn);
    this.api.lua_pushlightuserdata(L, this.#functions.length - 1);
    this.api.lua_pushcclosure(L, this.#bindingEntry, 1);
  }

  /** Compiles a text chunk onto the stack; a status other than OK leaves the message. */
  load(L: State, source: string | Uint8Array, chunkName: string): number {
    const { api, stack } = this;
    return stack.withText(chunkName, (name) => {
      // The scratch memory holds one text at a time: the name keeps it, the source gets memory of its own.
      const bytes = typeof source === 'string' ? Buffer.from(source) : source;
      const begin = bytes[0] === 0x23 ? Math.max(bytes.indexOf(0x0a), 0) : 0;
      const body = begin > 0 ? bytes.subarray(begin) : bytes;
      const pointer = api.malloc(body.length + 1);
      if (pointer === 0) throw new BindingError('LUA_MEMORY', 'not enough memory', { prefixed: false });
      stack.bytes.set(body, pointer);
      const mode = api.malloc(2);
      stack.bytes.writeUInt16LE(0x74, mode);
      const status = api.luaL_loadbufferx(L, pointer, body.length, name, mode);
      api.free(pointer);
      api.free(mode);
      return status;
    });
  }

  /** true while a yield of the host is on its way outward. */
  get yielding(): boolean {
    return this.#pending !== undefined || this.#abort !== undefined;
  }

  /** Yields the running coroutine as part of a host yield; on the way back it goes on with no values. */
  pass(L: State): number {
    this.api.lua_settop(L, 0);
    if (this.api.lua_isyieldable(L) === 0) return this.#cannotPass();
    return this.api.lua_yieldk(L, 0, 0, 0);
  }

  isRoot(L: State): boolean {
    return this.#roots.has(L);
  }

  // ---------------------------------------------------------------------------------------------------- bindings

  #enter(L: State): number {
    const { api } = this;
    const fn = this.#functions[api.lua_touserdata(L, wasm.FIRST_UPVALUE)]!;
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
      if (this.#stopReason) this.#kill(this.#stopReason);
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
    const { api, stack } = this;
    const given = api.lua_gettop(L);
    const args: LuaValue[] = [];
    for (let i = 0; i < binding.params.length; i++) {
      const type = binding.params[i]!;
      const hold = binding.holdsFunctions === true || type.startsWith('function');
      const value =
        i < given ? stack.read(L, i + 1, hold && (api.lua_type(L, i + 1) === wasm.FUNCTION || binding.holdsFunctions === true)) : undefined;
      args.push(convertArgument(value, type, i + 1));
    }
    return args;
  }

  #pushResults(L: State, result: LuaValue | Multi): number {
    this.api.lua_settop(L, 0);
    if (result instanceof Multi) {
      for (const value of result.values) this.stack.push(L, value);
      return result.values.length;
    }
    this.stack.push(L, result);
    return 1;
  }

  /** Advances a binding's operation; suspends the coroutine where it waits, blocks or refuses where the frame cannot be suspended. */
  #drive(L: State, frame: Frame, good: boolean, value: unknown): number {
    const { api } = this;
    let proceed = good;
    let input = value;
    for (;;) {
      let step: IteratorResult<Wait, LuaValue | Multi>;
      try {
        step = proceed ? frame.op.next(input) : frame.op.throw(input);
      } catch (thrown) {
        // A run given up by its own operation: the state is sound, so where it can be suspended it simply never goes on.
        if (thrown instanceof RunAbort && this.#unwinding === undefined && api.lua_isyieldable(L) !== 0) {
          this.#abort = thrown;
          api.lua_settop(L, 0);
          return api.lua_yieldk(L, 0, 0, 0);
        }
        throw thrown;
      }
      if (step.done) return this.#pushResults(L, step.value);
      const wait = step.value;
      if (api.lua_isyieldable(L) !== 0) {
        const id = this.#nextFrame++;
        this.#frames.set(id, frame);
        this.#pending = wait;
        this.#suspended = L;
        api.lua_settop(L, 0);
        return api.lua_yieldk(L, 0, id, this.#continuation);
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
    if (thrown instanceof wasm.LongJump) throw thrown;
    if (this.#unwinding !== undefined) throw this.#unwinding;
    if (thrown instanceof RunAbort || isFatal(thrown)) {
      this.#spent = true;
      this.#unwinding = thrown;
      throw thrown;
    }
    this.api.lua_settop(L, 0);
    this.#errors.push(L, thrown);
    return this.api.lua_error(L);
  }

  #cannotPass(): number {
    // Reached when a project coroutine waits below a frame of C: the wait blocks, or fails in the innermost frame.
    const wait = this.#pending;
    this.#pending = undefined;
    if (this.#abort || !wait) {
      this.#spent = true;
      this.#unwinding = this.#abort ?? new RunAbort('timed_out', 'stopped');
      throw this.#unwinding;
    }
    try {
      if (!wait.block) throw cannotWait(wait.reason);
      this.#register = { value: wait.block() };
    } catch (error) {
      this.#register = { error };
    }
    return 0;
  }

  // ---------------------------------------------------------------------------------------------------- coroutines

  *#run(thread: Thread, args: number): Op<LuaValue[]> {
    const { api, stack } = this;
    const { L } = thread;
    this.#roots.add(L);
    let finished = false;
    try {
      let status = this.#resume(L, args);
      while (status === wasm.YIELD) {
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
        if (this.#stopReason) throw new RunAbort(this.#stopReason, 'stopped');
        status = this.#resume(L, 0);
      }
      if (status !== wasm.OK) throw this.#errorOf(L, status);
      const results: LuaValue[] = [];
      const count = api.lua_gettop(L);
      for (let i = 1; i <= count; i++) results.push(stack.read(L, i, true));
      finished = true;
      return results;
    } finally {
      this.#roots.delete(L);
      if (finished && this.#idle.length < IDLE_THREADS) {
        api.lua_settop(L, 0);
        this.#idle.push(thread);
      } else if (!this.#spent) {
        this.#drop(thread);
      }
    }
  }

  #resume(L: State, args: number): number {
    if (this.#closed) throw new Error('the VM is closed');
    const outer = this.#current;
    const from = this.#depth === 0 ? 0 : outer;
    if (this.#depth === 0) this.#sliceEnd = performance.now() + this.#limits.sliceMs;
    this.#depth++;
    try {
      return this.api.lua_resume(L, from, args, this.stack.out);
    } catch (thrown) {
      throw this.#unwound(thrown);
    } finally {
      this.#depth--;
      this.#current = outer;
      if (this.#depth === 0) this.#unwinding = undefined;
    }
  }

  /** A foreign exception came out of the instance: it is not used again. */
  #unwound(thrown: unknown): unknown {
    this.#spent = true;
    this.#unwinding ??= thrown;
    if (thrown instanceof RunAbort || this.#depth > 1) return thrown;
    if (thrown instanceof RangeError)
      return new LuaError('runtime', 'stack overflow (of the host, below Lua)', { cause: thrown, code: 'LUA_STACK' });
    return new LuaError('runtime', `the Lua engine failed: ${(thrown as Error)?.message ?? String(thrown)}`, {
      cause: thrown,
      code: 'LUA_ENGINE',
    });
  }

  #newThread(): Thread {
    if (this.#spent && this.#closed) throw new Error('the VM is closed');
    const idle = this.#idle.pop();
    if (idle) return idle;
    const { api } = this;
    const L = api.lua_newthread(this.#main);
    return { L, ref: api.luaL_ref(this.#main, wasm.REGISTRY) };
  }

  /** Lets go of a coroutine without running anything of it. */
  #drop(thread: Thread): void {
    this.#roots.delete(thread.L);
    if (!this.#closed) this.api.luaL_unref(this.#main, wasm.REGISTRY, thread.ref);
  }

  /** What came out of a failed coroutine, with its traceback. */
  #errorOf(L: State, status: number): LuaError {
    const { api, stack } = this;
    if (status === wasm.ERROR_SYNTAX) return located('syntax', stack.readMessage(L, -1), undefined);
    if (status === wasm.ERROR_MEMORY) return new LuaError('memory', 'not enough memory');
    const host = this.#errors.find(L, -1);
    api.luaL_traceback(this.#main, L, 0, 0);
    const traceback = stack.readMessage(this.#main, -1).replace(/^\n/, '');
    api.lua_settop(this.#main, 0);
    if (host) {
      const thrown = host.thrown;
      if (thrown instanceof LuaError)
        return new LuaError(thrown.kind, thrown.message, {
          traceback,
          cause: thrown,
          code: thrown.code,
          details: thrown.details,
          ...(thrown.remedy && { remedy: thrown.remedy }),
        });
      const kind = thrown instanceof BindingError && !thrown.prefixed ? 'conversion' : 'runtime';
      return new LuaError(kind, host.message, {
        traceback,
        cause: thrown,
        code: host.code,
        details: host.details,
        ...(host.remedy && { remedy: host.remedy }),
      });
    }
    const type = api.lua_type(L, -1);
    if (type === wasm.STRING || type === wasm.NUMBER) return located('runtime', stack.readMessage(L, -1), traceback);
    const message = this.#describe(L);
    const value = type === wasm.NIL || type === wasm.BOOLEAN ? undefined : this.#errors.keep(L, -1);
    return new LuaError('runtime', message, { traceback, value });
  }

  /** `tostring` of the value on top, in a coroutine of its own: a __tostring of the project runs under the limits too. */
  #describe(L: State): string {
    const { api } = this;
    const thread = this.#newThread();
    this.#pushPath(thread.L, 'tostring', false);
    api.lua_pushvalue(L, -1);
    api.lua_xmove(L, thread.L, 1);
    try {
      const results = runThrough(this.#run(thread, 1));
      return typeof results[0] === 'string' ? results[0] : '(an error value without text)';
    } catch (error) {
      if (error instanceof RunAbort) throw error;
      return '(an error value whose __tostring failed)';
    }
  }

  #lastRequireError: LuaError | undefined;

  /** The function that a module is, or one of its fields; undefined when it cannot be required, null when there is no such function. */
  *#tryRequire(module: string, field?: string): Op<LuaFunction | null | undefined> {
    const fn = this.get('__lookup') as LuaFunction;
    try {
      const [found] = yield* this.call(fn, field === undefined ? [module] : [module, field]);
      if (isHeld(found)) return found;
      return found === undefined ? undefined : null;
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      this.#lastRequireError = error;
      return undefined;
    } finally {
      this.release(fn);
    }
  }

  // ---------------------------------------------------------------------------------------------------- limits

  #tick(L: State): void {
    this.#instructions += HOOK_INTERVAL;
    if (this.#stopReason) this.#kill(this.#stopReason);
    if (this.#instructions > this.#limits.maxInstructions) this.#kill('instruction_limit');
    const now = performance.now();
    if (now > this.#limits.deadline) this.#kill('timed_out');
    if (now > this.#sliceEnd && this.api.lua_isyieldable(L) !== 0 && !this.yielding) {
      this.#pending = this.#preempted;
      this.#suspended = L;
      this.api.lua_yieldk(L, 0, 0, 0);
    }
  }

  readonly #preempted: Wait = {
    reason: 'preempted',
    start: () => new Promise<void>((resolve) => setImmediate(resolve)),
    block: () => {
      this.#sliceEnd = performance.now() + this.#limits.sliceMs;
    },
  };

  #kill(reason: RunAbort['reason']): never {
    this.#spent = true;
    const abort = new RunAbort(reason, reason === 'instruction_limit' ? 'Lua execution exceeded instruction limit' : 'the run was stopped');
    this.#unwinding = abort;
    throw abort;
  }

  #location(): { file: string; line: number } | undefined {
    if (this.#closed || this.#spent) return undefined;
    const { api, stack } = this;
    const L = this.#depth > 0 ? this.#current : this.#suspended;
    for (let level = 0; level < 30; level++) {
      api.luaL_where(L, level);
      const text = stack.readMessage(L, -1);
      api.lua_settop(L, -2);
      const found = /^(?:\[string "(.*)"\]|(.*)):(\d+): $/.exec(text);
      const file = found?.[1] ?? found?.[2];
      if (found && file !== undefined && !file.startsWith('lua-stdlib/') && !file.startsWith('crap/'))
        return { file, line: Number(found[3]) };
    }
    return undefined;
  }

  // ---------------------------------------------------------------------------------------------------- held values

  #hold(L: State, index: number): LuaFunction {
    this.api.lua_pushvalue(L, index);
    return { kind: 'function', vm: this, ref: this.api.luaL_ref(L, wasm.REGISTRY) };
  }

  #pushHeld(L: State, fn: LuaFunction): void {
    if (fn.vm !== this) throw new Error('a Lua function was used in a VM that it does not come from');
    this.api.lua_rawgeti(L, wasm.REGISTRY, BigInt(fn.ref));
  }

  #pushFunction(L: State, binding: Binding): void {
    this.#functions.push(binding);
    this.api.lua_pushlightuserdata(L, this.#functions.length - 1);
    this.api.lua_pushcclosure(L, this.#bindingEntry, 1);
  }

  /** Pushes the value at a dotted path below the globals; missing tables are made when `create`, else nil is pushed. */
  #pushPath(L: State, path: string, create: boolean): void {
    const { api, stack } = this;
    api.lua_rawgeti(L, wasm.REGISTRY, 2n);
    for (const name of path.split('.')) {
      if (api.lua_type(L, -1) !== wasm.TABLE) {
        api.lua_settop(L, -2);
        return api.lua_pushnil(L);
      }
      stack.pushText(L, name);
      api.lua_rawget(L, -2);
      if (create && api.lua_type(L, -1) === wasm.NIL) {
        api.lua_settop(L, -2);
        api.lua_createtable(L, 0, 8);
        stack.pushText(L, name);
        api.lua_pushvalue(L, -2);
        api.lua_rawset(L, -4);
      }
      api.lua_rotate(L, -2, -1);
      api.lua_settop(L, -2);
    }
  }
}

/** A message that Lua wrote: its position becomes chunk and line. */
function located(kind: 'runtime' | 'syntax', text: string, traceback: string | undefined): LuaError {
  const found = /^(\[string "[^\n]*?"\]|[^\n:]+):(\d+): /.exec(text);
  return new LuaError(kind, text, { ...(found && { chunk: found[1], line: Number(found[2]) }), traceback });
}

function unresolved(message: string, cause?: LuaError): LuaError {
  return new LuaError('conversion', message, { code: 'LUA_UNRESOLVED', cause });
}

function cannotWait(reason: string): BindingError {
  return new BindingError(
    'CANNOT_WAIT_HERE',
    `the script cannot wait for ${reason} here: a function of Lua's own library stands in between`,
    {
      remedy: 'wait outside of the callback, metamethod or __tostring that the library calls',
    },
  );
}

/** Drives code that is not expected to wait; where it is preempted it goes on at once. */
function runThrough<T>(op: Op<T>): T {
  let step = op.next();
  while (!step.done) {
    const wait = step.value;
    step = wait.block ? op.next(wait.block()) : op.throw(cannotWait(wait.reason));
  }
  return step.value;
}

function isFatal(thrown: unknown): boolean {
  return thrown instanceof RangeError
    ? /call stack/i.test(thrown.message)
    : (thrown as Error | undefined)?.constructor?.name === 'RuntimeError';
}

function isBinding(entry: unknown): entry is Binding {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    !(entry instanceof LuaTable) &&
    'params' in entry &&
    typeof (entry as { run?: unknown }).run === 'function'
  );
}

function isOp(value: unknown): value is Op<LuaValue | Multi> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { next?: unknown }).next === 'function' && Symbol.iterator in value
  );
}

function isHeld(value: unknown): value is LuaFunction {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'function' && 'ref' in value;
}
