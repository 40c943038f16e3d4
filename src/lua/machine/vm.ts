/** The VM seam over one Lua state, whichever engine's. */
import type { Op } from '../../domain/op.js';
import { LuaError } from '../errors.js';
import { type LuaFunction, LuaTable, type LuaValue } from '../value.js';
import type { Binding, Capabilities, EngineName, Limits, Usage, Vm, VmOptions } from '../vm.js';
import { loadChunk } from './chunk.js';
import type { LuaCore, State } from './core.js';
import * as c from './core.js';
import { Execution, UNLIMITED } from './execution.js';
import { failureOf } from './failure.js';
import { installLibrary } from './library.js';

/** Frames that are looked through for one of the project's. */
const LOCATION_LEVELS = 30;

export class MachineVm implements Vm {
  readonly engine: EngineName;
  readonly capabilities: Capabilities;
  readonly usage: Usage;
  readonly #execution: Execution;
  #restingBytes = 0;
  #lastRequireError: LuaError | undefined;

  constructor(engine: EngineName, capabilities: Capabilities, core: LuaCore, options: VmOptions) {
    this.engine = engine;
    this.capabilities = capabilities;
    const execution = new Execution(core);
    this.#execution = execution;
    installLibrary(execution, options);
    execution.watch();
    this.usage = {
      get instructions() {
        return execution.instructions;
      },
      get memoryBytes() {
        return core.memoryBytes;
      },
      location: () => this.#location(),
    };
  }

  get listNulls(): 'hole' | 'value' {
    return this.#execution.stack.listNulls;
  }

  set listNulls(nulls) {
    this.#execution.stack.listNulls = nulls;
  }

  get errorsShowTraceback(): boolean {
    return this.#execution.errors.showTraceback;
  }

  set errorsShowTraceback(shown) {
    this.#execution.errors.showTraceback = shown;
  }

  get spent(): boolean {
    return this.#execution.spent;
  }

  register(path: string, bindings: Record<string, Binding | LuaValue>): void {
    const { core, stack } = this.#execution;
    const L = core.main;
    this.#pushPath(L, path, true);
    for (const [name, entry] of Object.entries(bindings)) {
      core.pushText(L, name);
      if (isBinding(entry)) this.#execution.pushFunction(L, entry);
      else stack.push(L, entry);
      core.lua_rawset(L, -3);
    }
    core.lua_settop(L, 0);
  }

  freeze(path: string): void {
    const { core, stack } = this.#execution;
    const dot = path.lastIndexOf('.');
    this.#prepare('freeze', path, (L) => {
      if (dot < 0) core.rawGetIndex(L, c.REGISTRY, c.GLOBALS);
      else this.#pushPath(L, path.slice(0, dot), false);
      stack.push(L, path.slice(dot + 1));
      stack.push(L, path);
      return 3;
    });
  }

  hide(path: string, names: readonly string[]): void {
    this.#prepare('hide', path, (L) => {
      this.#pushPath(L, path, false);
      this.#execution.stack.push(L, [...names]);
      return 2;
    });
  }

  begin(limits: Limits): void {
    const execution = this.#execution;
    execution.limits = limits;
    execution.core.capMemory?.(limits.maxMemoryBytes);
    execution.instructions = 0;
    execution.stopReason = undefined;
    this.#restingBytes ||= this.usage.memoryBytes;
    execution.errors.sweep();
  }

  end(): void {
    this.#execution.limits = UNLIMITED;
    this.#execution.core.capMemory?.(undefined);
    // The memory of an instance never shrinks: one that has grown far beyond its resting size is not kept.
    if (this.#restingBytes > 0 && this.usage.memoryBytes > 2 * this.#restingBytes) this.#execution.spent = true;
  }

  stop(reason: 'timed_out' | 'cancelled' | 'released'): void {
    this.#execution.stopReason ??= reason;
    this.#execution.spent = true;
  }

  parse(source: string, chunkName: string): void {
    const execution = this.#execution;
    const thread = execution.threads.make();
    try {
      const status = loadChunk(execution.core, thread.L, source, chunkName);
      if (status !== c.OK) throw failureOf(execution, thread.L, status);
    } finally {
      execution.threads.drop(thread);
    }
  }

  *execute(source: string, chunkName: string): Op<LuaValue[]> {
    const execution = this.#execution;
    const thread = execution.threads.make();
    const status = loadChunk(execution.core, thread.L, source, chunkName);
    if (status !== c.OK) {
      const error = failureOf(execution, thread.L, status);
      execution.threads.drop(thread);
      throw error;
    }
    return yield* execution.run(thread, 0);
  }

  *require(name: string): Op<LuaValue> {
    return (yield* this.call(this.#execution.held.named.get('require')!, [name]))[0];
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
    const execution = this.#execution;
    const thread = execution.threads.make();
    try {
      execution.held.pushHeld(thread.L, fn);
      execution.stack.reserve(thread.L, args.length);
      for (const arg of args) execution.stack.push(thread.L, arg);
    } catch (error) {
      execution.threads.drop(thread);
      throw error;
    }
    return yield* execution.run(thread, args.length);
  }

  release(fn: LuaFunction): void {
    if (!this.#execution.closed) this.#execution.held.letGo(fn);
  }

  get(path: string): LuaValue {
    const { core, stack } = this.#execution;
    const L = core.main;
    this.#pushPath(L, path, false);
    const value = stack.read(L, -1, true);
    core.lua_settop(L, 0);
    return value;
  }

  close(): void {
    this.#execution.close();
  }

  /** Calls a function of lua-stdlib that changes the table at `path`; `push` pushes its arguments and gives their number. */
  #prepare(name: string, path: string, push: (L: State) => number): void {
    const { core, held } = this.#execution;
    const L = core.main;
    held.pushNamed(L, name);
    const status = core.protectedCall(L, push(L), 0);
    const problem = status === c.OK ? undefined : core.readText(L, -1);
    core.lua_settop(L, 0);
    if (problem !== undefined) throw new Error(`cannot ${name} ${path}: ${String(problem)}`);
  }

  /** The function that a module is, or one of its fields; undefined when it cannot be required, null when there is no such function. */
  *#tryRequire(module: string, field?: string): Op<LuaFunction | null | undefined> {
    try {
      const [found] = yield* this.call(this.#execution.held.named.get('lookup')!, field === undefined ? [module] : [module, field]);
      if (isHeld(found)) return found;
      return found === undefined ? undefined : null;
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      this.#lastRequireError = error;
      return undefined;
    }
  }

  #location(): { file: string; line: number } | undefined {
    if (this.#execution.spent) return undefined;
    const { core, position: L } = this.#execution;
    for (let level = 0; level < LOCATION_LEVELS; level++) {
      const text = core.where(L, level);
      const found = /^(?:\[string "(.*)"\]|(.*)):(\d+): $/.exec(text);
      const file = found?.[1] ?? found?.[2];
      if (found && file !== undefined && !file.startsWith('lua-stdlib/') && !file.startsWith('crap/'))
        return { file, line: Number(found[3]) };
    }
    return undefined;
  }

  /** Pushes a field of the table on top, raw; a frozen table's are those of the table behind it. */
  #pushField(L: State, name: string): void {
    const { core } = this.#execution;
    core.pushText(L, name);
    core.lua_rawget(L, -2);
    if (core.lua_type(L, -1) !== c.NIL || core.lua_getmetatable(L, -2) === 0) return;
    core.pushText(L, '__index');
    core.lua_rawget(L, -2);
    if (core.lua_type(L, -1) === c.TABLE) {
      core.pushText(L, name);
      core.lua_rawget(L, -2);
    } else {
      core.lua_pushnil(L);
    }
    // Field (nil), metatable, table behind, what was found: the last takes the place of the first.
    core.lua_rotate(L, -4, 1);
    core.lua_settop(L, -4);
  }

  /** Pushes the value at a dotted path below the globals; missing tables are made when `create`, else nil is pushed. */
  #pushPath(L: State, path: string, create: boolean): void {
    const { core } = this.#execution;
    core.rawGetIndex(L, c.REGISTRY, c.GLOBALS);
    for (const name of path.split('.')) {
      if (core.lua_type(L, -1) !== c.TABLE) {
        core.lua_settop(L, -2);
        return core.lua_pushnil(L);
      }
      this.#pushField(L, name);
      if (create && core.lua_type(L, -1) === c.NIL) {
        core.lua_settop(L, -2);
        core.lua_createtable(L, 0, 8);
        core.pushText(L, name);
        core.lua_pushvalue(L, -2);
        core.lua_rawset(L, -4);
      }
      core.lua_rotate(L, -2, -1);
      core.lua_settop(L, -2);
    }
  }
}

function unresolved(message: string, cause?: LuaError): LuaError {
  return new LuaError('conversion', message, { code: 'LUA_UNRESOLVED', cause });
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

function isHeld(value: unknown): value is LuaFunction {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'function' && 'ref' in value;
}
