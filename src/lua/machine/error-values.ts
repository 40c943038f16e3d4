/**
 * Error values that cross the boundary. A host error in Lua is a userdata with `code`, `message`, `details`, `remedy`, whose text is the
 * reference's (`runtime error: ` and a traceback) and which works in `..`, with `#` and string methods. Lua values that were
 * thrown (tables, userdata) stay anchored while JavaScript holds the error, and are raised again unchanged.
 */
import { HostError, messageOf } from '../../domain/errors.js';
import type { Json } from '../../domain/json.js';
import { BindingError, LuaError } from '../errors.js';
import { jsonToLua } from '../json.js';
import type { LuaValue } from '../value.js';
import type { State } from './core.js';
import * as c from './core.js';
import type { Stack } from './stack.js';

/** A thrown Lua value, anchored in the registry. */
class ThrownValue {
  readonly stack: Stack;
  readonly ref: number;
  constructor(stack: Stack, ref: number) {
    this.stack = stack;
    this.ref = ref;
  }
}

export interface HostErrorValue {
  thrown: unknown;
  code: string;
  message: string;
  remedy: string | undefined;
  details: Record<string, unknown>;
  /** What `tostring` gives. */
  text: string;
}

export class ErrorValues {
  /** See Vm. */
  showTraceback = true;
  readonly #stack: Stack;
  readonly #main: State;
  readonly #metatable: number;
  /** References whose JavaScript errors are gone; freed between runs, since a registry must not change under a running instruction. */
  readonly #gone: number[] = [];
  readonly #registry = new FinalizationRegistry<number>((ref) => this.#gone.push(ref));

  constructor(stack: Stack, main: State) {
    this.#stack = stack;
    this.#main = main;
    const { core } = stack;
    core.lua_createtable(main, 0, 8);
    core.finishCarrierMetatable(main);
    this.#metatable = core.luaL_ref(main, c.REGISTRY);
  }

  /** Pushes the metatable, for the library to complete. */
  pushMetatable(L: State): void {
    this.#stack.core.rawGetIndex(L, c.REGISTRY, this.#metatable);
  }

  /** Pushes the Lua form of something that JavaScript threw. */
  push(L: State, thrown: unknown): void {
    const { core } = this.#stack;
    if (thrown instanceof LuaError) {
      if (thrown.value instanceof ThrownValue && thrown.value.stack === this.#stack) {
        core.rawGetIndex(L, c.REGISTRY, thrown.value.ref);
        return;
      }
      const isHostError = thrown.cause instanceof HostError;
      if (!isHostError && thrown.kind !== 'conversion') return this.#stack.core.pushText(L, thrown.message);
    }
    const cause = thrown instanceof LuaError && thrown.cause instanceof HostError ? thrown.cause : thrown;
    this.#pushUserdata(L, this.#describe(L, cause));
  }

  /** The host error that the value at `index` is, if it is one. */
  find(L: State, index: number): HostErrorValue | undefined {
    const { core } = this.#stack;
    if (core.lua_type(L, index) !== c.USERDATA || core.lua_getmetatable(L, index) === 0) return undefined;
    this.pushMetatable(L);
    const same = core.lua_rawequal(L, -1, -2) !== 0;
    core.lua_settop(L, -3);
    return same ? (core.carried(L, index) as HostErrorValue | undefined) : undefined;
  }

  /** Anchors the value at `index`. */
  keep(L: State, index: number): ThrownValue {
    const { core } = this.#stack;
    core.lua_pushvalue(L, index);
    const value = new ThrownValue(this.#stack, core.luaL_ref(L, c.REGISTRY));
    this.#registry.register(value, value.ref);
    return value;
  }

  /** Frees what JavaScript has let go of. */
  sweep(): void {
    for (const ref of this.#gone.splice(0)) this.#stack.core.luaL_unref(this.#main, c.REGISTRY, ref);
  }

  /** A field of a host error for scripts; undefined for other names. */
  field(error: HostErrorValue, name: string): LuaValue {
    if (name === 'code' || name === 'message' || name === 'remedy') return error[name];
    return name === 'details' ? jsonToLua(error.details as Json) : undefined;
  }

  #describe(L: State, thrown: unknown): HostErrorValue {
    const traceback = this.showTraceback ? `\n${this.#stack.core.traceback(L, 1)}` : '';
    const message = messageOf(thrown);
    const prefixed = thrown instanceof BindingError ? thrown.prefixed : !(thrown instanceof LuaError && thrown.kind === 'conversion');
    const host = thrown instanceof HostError ? thrown : undefined;
    return {
      thrown,
      code: host?.code ?? 'INTERNAL',
      message,
      remedy: host?.remedy,
      details: host?.details ?? {},
      text: `${prefixed ? 'runtime error: ' : ''}${message}${traceback}`,
    };
  }

  #pushUserdata(L: State, error: HostErrorValue): void {
    const { core } = this.#stack;
    core.pushCarrier(L, error);
    this.pushMetatable(L);
    core.lua_setmetatable(L, -2);
  }
}
