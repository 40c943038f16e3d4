/** What lua-stdlib/crap/absent.lua asks: the generation, and functions of the later generation that a job host does not serve (Lua API 10.6). */
import { BindingError } from '../lua/errors.js';
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import { definitionSite } from './definition-site.js';
import type { Session } from './session.js';

const INSTEAD: Record<string, string> = {
  routes: 'crap-cms, beside this host on the same database, serves the routes',
  storage: 'keep data in a collection, or send it to a server with crap.http',
  uploads: 'crap-cms, beside this host on the same database, stores uploads',
  email: 'mails go out as [email] of crap.toml says',
};

export function absentHostBindings(session: Session): Record<string, Binding> {
  return {
    generation: binding([], () => session.options.generation),
    not_served: binding(['string', 'string'], (namespace, name) => {
      const message = `crap.${namespace}.${name} is not served by this host`;
      const remedy = INSTEAD[namespace];
      if (session.phase !== 'loading') throw new BindingError('NOT_SERVED', message, { remedy });
      session.problems.push({ severity: 'warning', code: 'NOT_SERVED', message, ...definitionSite(session), ...(remedy && { remedy }) });
      return NOTHING;
    }),
  };
}
