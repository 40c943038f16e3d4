/**
 * Error values that cross the boundary. A host error in Lua is a userdata with `code`, `message`, `details`, `remedy`, whose text is the
 * reference's (`runtime error: ` and a traceback) and which works in `..`, with `#` and string methods. Lua values that were
 * thrown (tables, userdata) stay anchored while JavaScript holds the error, and are raised again unchanged.
 */
import { HostError, messageOf } from '../../../domain/errors.js';
import type { Json } from '../../../domain/json.js';
import { BindingError, LuaError } from '../../errors.js';
import { jsonToLua } from '../../json.js';
import type { LuaValue } from '../../value.js';
import type { Stack } from './stack.js';
import type { State } from './wasm.js';
import * as wasm from './wasm.js';

/** A thrown Lua value, anchored in the registry. */
export class ThrownValue {
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
  readonly #stack: Stack;
  readonly #main: State;
  readonly #values = new Map<number, HostErrorValue>();
  readonly #metatable: number;
  /** References whose JavaScript errors are gone; freed between runs, since a registry must not change under a running instruction. */
  readonly #gone: number[] = [];
  readonly #registry = new FinalizationRegistry<number>((ref) => this.#gone.push(ref));
  #next = 1;

  constructor(stack: Stack, main: State, pushRaw: (fn: (L: State) => number) => void) {
    this.#stack = stack;
    this.#main = main;
    const { api } = stack;
    api.lua_createtable(main, 0, 8);
    stack.pushText(main, '__gc');
    pushRaw((L) => {
      this.#values.delete(this.#id(L, 1));
      return 0;
    });
    api.lua_rawset(main, -3);
    this.#metatable = api.luaL_ref(main, wasm.REGISTRY);
  }

  /** Pushes the metatable, for the library to complete. */
  pushMetatable(L: State): void {
    this.#stack.api.lua_rawgeti(L, wasm.REGISTRY, BigInt(this.#metatable));
  }

  /** Pushes the Lua form of something that JavaScript threw. */
  push(L: State, thrown: unknown): void {
    const { api } = this.#stack;
    if (thrown instanceof LuaError) {
      if (thrown.value instanceof ThrownValue && thrown.value.stack === this.#stack) {
        api.lua_rawgeti(L, wasm.REGISTRY, BigInt(thrown.value.ref));
        return;
      }
      const isHostError = thrown.cause instanceof HostError;
      if (!isHostError && thrown.kind !== 'conversion') return this.#stack.pushText(L, thrown.message);
    }
    const cause = thrown instanceof LuaError && thrown.cause instanceof HostError ? thrown.cause : thrown;
    this.#pushUserdata(L, this.#describe(L, cause));
  }

  /** The host error that the value at `index` is, if it is one. */
  find(L: State, index: number): HostErrorValue | undefined {
    const { api } = this.#stack;
    if (api.lua_type(L, index) !== wasm.USERDATA || api.lua_getmetatable(L, index) === 0) return undefined;
    this.pushMetatable(L);
    const same = api.lua_rawequal(L, -1, -2) !== 0;
    api.lua_settop(L, -3);
    return same ? this.#values.get(this.#id(L, index)) : undefined;
  }

  /** Anchors the value at `index`. */
  keep(L: State, index: number): ThrownValue {
    const { api } = this.#stack;
    api.lua_pushvalue(L, index);
    const value = new ThrownValue(this.#stack, api.luaL_ref(L, wasm.REGISTRY));
    this.#registry.register(value, value.ref);
    return value;
  }

  /** Frees what JavaScript has let go of. */
  sweep(): void {
    for (const ref of this.#gone.splice(0)) this.#stack.api.luaL_unref(this.#main, wasm.REGISTRY, ref);
  }

  /** A field of a host error for scripts; undefined for other names. */
  field(error: HostErrorValue, name: string): LuaValue {
    if (name === 'code' || name === 'message' || name === 'remedy') return error[name];
    return name === 'details' ? jsonToLua(error.details as Json) : undefined;
  }

  #describe(L: State, thrown: unknown): HostErrorValue {
    const { api } = this.#stack;
    api.luaL_traceback(L, L, 0, 1);
    const traceback = this.#stack.readMessage(L, -1).replace(/^\n/, '');
    api.lua_settop(L, -2);
    const message = messageOf(thrown);
    const prefixed = thrown instanceof BindingError ? thrown.prefixed : !(thrown instanceof LuaError && thrown.kind === 'conversion');
    const host = thrown instanceof HostError ? thrown : undefined;
    return {
      thrown,
      code: host?.code ?? 'INTERNAL',
      message,
      remedy: host?.remedy,
      details: host?.details ?? {},
      text: `${prefixed ? 'runtime error: ' : ''}${message}\n${traceback}`,
    };
  }

  #pushUserdata(L: State, error: HostErrorValue): void {
    const { api } = this.#stack;
    const id = this.#next++;
    this.#values.set(id, error);
    const pointer = api.lua_newuserdatauv(L, 4, 0);
    this.#stack.bytes.writeUInt32LE(id, pointer);
    this.pushMetatable(L);
    api.lua_setmetatable(L, -2);
  }

  #id(L: State, index: number): number {
    const pointer = this.#stack.api.lua_touserdata(L, index);
    return pointer === 0 ? 0 : this.#stack.bytes.readUInt32LE(pointer);
  }
}
