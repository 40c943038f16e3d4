/** Lua functions that JavaScript holds, by registry reference. */
import type { LuaFunction } from '../value.js';
import type { LuaCore, State } from './core.js';
import * as c from './core.js';
import type { Holder } from './stack.js';

export class HeldFunctions implements Holder {
  readonly #core: LuaCore;
  /** Functions of lua-stdlib that the host calls by name. */
  readonly named = new Map<string, LuaFunction>();

  constructor(core: LuaCore) {
    this.#core = core;
  }

  hold(L: State, index: number): LuaFunction {
    this.#core.lua_pushvalue(L, index);
    return { kind: 'function', vm: this, ref: this.#core.luaL_ref(L, c.REGISTRY) };
  }

  letGo(fn: LuaFunction): void {
    if (fn.vm === this) this.#core.luaL_unref(this.#core.main, c.REGISTRY, fn.ref);
  }

  pushNamed(L: State, name: string): void {
    const fn = this.named.get(name);
    if (!fn) throw new Error(`the library keeps no function '${name}'`);
    this.pushHeld(L, fn);
  }

  pushHeld(L: State, fn: LuaFunction): void {
    if (fn.vm !== this) throw new Error('a Lua function was used in a VM that it does not come from');
    this.#core.rawGetIndex(L, c.REGISTRY, fn.ref);
  }
}
