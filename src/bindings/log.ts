/** crap.log (Lua API 2.7): one line of text, kept with the run and shown by the host. */
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import type { Session } from './session.js';

export function logBindings(session: Session): Record<string, Binding> {
  const at = (level: 'info' | 'warn' | 'error') =>
    binding(['string'], (text) => {
      session.log(level, text);
      return NOTHING;
    });
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
