/**
 * A copy of fengari of this engine's own, corrected where the package differs from Lua: numbers as text, table keys of bytes, and a
 * way to end a script that no protected call can catch. Other users of the package in the process keep theirs untouched.
 */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type * as Fengari from 'fengari';
import { Float } from '../../../domain/json.js';
import { luaNumberText } from '../../number-text.js';

/** Larger strings are refused, since nothing else bounds the memory of a script here. */
export const STRING_LIMIT = 64 * 1024 * 1024;

type Patched = Record<string, unknown>;

/** A lua_State as this copy makes it. While `l_G.unwinding` is set, no protected call of the state holds it. */
export interface StateFields {
  l_G: { unwinding?: unknown };
  jump: unknown;
}

let loaded: typeof Fengari | undefined;

export function fengariPackage(): typeof Fengari {
  loaded ??= load();
  return loaded;
}

function load(): typeof Fengari {
  const require = createRequire(import.meta.url);
  const entry = require.resolve('fengari');
  const folder = dirname(entry) + sep;
  const others = new Map<string, NodeJS.Module>();
  const forget = (keep?: Map<string, NodeJS.Module>) => {
    for (const [path, module] of Object.entries(require.cache)) {
      if (!path.startsWith(folder) || !module) continue;
      keep?.set(path, module);
      delete require.cache[path];
    }
  };
  forget(others);
  try {
    const part = (name: string) => require(folder + name) as Patched;
    // Each before the modules that take its functions into constants; defs.js and luaconf.js need one another, in this order.
    part('defs.js');
    part('luaconf.js')['lua_number2str'] = (value: number) => luaNumberText(new Float(value));
    correctStrings(part('lstring.js'), () => part('ldo.js'));
    const fengari = require(entry) as typeof Fengari;
    keepHooks(part('lstate.js') as { CIST_OAH: number; CIST_YPCALL: number });
    letUnwind(part('lstate.js')['lua_State'] as { prototype: object });
    return fengari;
  } finally {
    forget();
    for (const [path, module] of others) require.cache[path] = module;
  }
}

/** The package's keys of byte strings collide (bytes are joined in hexadecimal without padding), and its strings are unbounded. */
function correctStrings(strings: Patched, ldo: () => Patched): void {
  const String_ = strings['TString'] as new (L: object, bytes: Uint8Array) => object;
  const keyOf = (bytes: Uint8Array) => `|${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')}`;
  strings['luaS_hash'] = keyOf;
  strings['luaS_hashlongstr'] = (text: { hash: string | null; realstring: Uint8Array }) => {
    text.hash ??= keyOf(text.realstring);
    return text.hash;
  };
  const ERROR_MEMORY = 4;
  const bless = (L: object, bytes: Uint8Array) => {
    if (bytes.length > STRING_LIMIT) (ldo()['luaD_throw'] as (L: object, status: number) => void)(L, ERROR_MEMORY);
    return new String_(L, bytes);
  };
  strings['luaS_bless'] = bless;
  // The package calls this one with `new`, too.
  strings['luaS_new'] = function make(L: object, bytes: Uint8Array) {
    return bless(L, Uint8Array.from(bytes));
  };
}

/**
 * A protected call that may be suspended keeps in its flags whether hooks are allowed, to restore it after an error. The package clears that
 * flag and never sets it, so that after the first caught error no hook is called in the coroutine any more and nothing could stop or preempt it.
 * Read from the flag of such a call instead, which is set whenever this one is looked at; errors are not caught within hooks here.
 */
function keepHooks(flags: { CIST_OAH: number; CIST_YPCALL: number }): void {
  flags.CIST_OAH = flags.CIST_YPCALL;
}

/**
 * A protected call ends by restoring the jump target of the one outside of it. That assignment throws on what is unwinding the state,
 * so that a stop passes through every pcall, coroutine and callback, as a foreign exception does in the other engine.
 */
function letUnwind(State: { prototype: object }): void {
  Object.defineProperty(State.prototype, 'errorJmp', {
    configurable: true,
    get(this: StateFields) {
      return this.jump;
    },
    set(this: StateFields, jump: unknown) {
      this.jump = jump;
      if (this.l_G.unwinding !== undefined) throw this.l_G.unwinding;
    },
  });
}
