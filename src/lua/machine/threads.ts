/** The coroutines that the host calls Lua in; finished ones are used again. */
import type { LuaCore, State } from './core.js';
import * as c from './core.js';

/** Finished coroutines kept for the next call. */
const IDLE_THREADS = 16;

export interface Thread {
  readonly L: State;
  readonly ref: number;
}

export class Threads {
  readonly #core: LuaCore;
  readonly #idle: Thread[] = [];
  /** Those in use. */
  readonly roots = new Set<State>();
  closed = false;

  constructor(core: LuaCore) {
    this.#core = core;
  }

  /** An empty coroutine. */
  make(): Thread {
    if (this.closed) throw new Error('the VM is closed');
    const idle = this.#idle.pop();
    if (idle) return idle;
    const L = this.#core.lua_newthread(this.#core.main);
    return { L, ref: this.#core.luaL_ref(this.#core.main, c.REGISTRY) };
  }

  /** For one that has ended well. */
  keep(thread: Thread): void {
    if (this.#idle.length >= IDLE_THREADS) return this.drop(thread);
    this.#core.lua_settop(thread.L, 0);
    this.#idle.push(thread);
  }

  /** Lets go of a coroutine without running anything of it. */
  drop(thread: Thread): void {
    this.roots.delete(thread.L);
    if (!this.closed) this.#core.luaL_unref(this.#core.main, c.REGISTRY, thread.ref);
  }
}
