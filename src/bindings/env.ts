/** crap.env (Lua API 2.9): environment variables whose name begins with CRAP_ or LUA_; the later generation hides CRAP_SECRET_. */
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import type { Session } from './session.js';

export function envBindings(session: Session): Record<string, Binding> {
  const env = session.options.env ?? process.env;
  const hidden = session.options.generation >= 10 ? 'CRAP_SECRET_' : undefined;
  return {
    get: binding(['string'], (key) => {
      if (!key.startsWith('CRAP_') && !key.startsWith('LUA_')) return undefined;
      if (hidden !== undefined && key.startsWith(hidden)) return undefined;
      return env[key];
    }),
  };
}
