/** crap.template_data (Lua API 2.18): functions for admin templates, kept in Lua (lua-stdlib/crap/template_data.lua) and never called here. */
import { BindingError } from '../lua/errors.js';
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import type { Session } from './session.js';

const LATE =
  'crap.template_data.register must be called from init.lua or a definition file — runtime registration only lands in one VM of the pool and is intermittent across requests';

export function templateDataHostBindings(session: Session): Record<string, Binding> {
  return {
    // Checks the arguments and the phase.
    check_template_data: binding(['string', 'function'], (_name, fn) => {
      session.vm.release(fn);
      if (session.phase !== 'loading') throw new BindingError('REGISTER_LATE', LATE);
      return NOTHING;
    }),
  };
}
