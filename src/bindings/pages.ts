/** crap.pages (Lua API 2.18): pages of the admin interface, kept by name only, since there is none here. */
import { BindingError } from '../lua/errors.js';
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import type { Session } from './session.js';

const LATE =
  'crap.pages.register must be called from init.lua or a definition file — runtime registration has no effect on the sidebar or routes';

export function pageBindings(session: Session): Record<string, Binding> {
  const slugs: string[] = [];
  return {
    register: binding(['string', 'table?'], (slug) => {
      if (session.phase !== 'loading') throw new BindingError('REGISTER_LATE', LATE);
      if (!/^[a-z0-9_-]+$/.test(slug)) {
        throw new BindingError('PAGE_SLUG', `crap.pages.register: invalid slug ${JSON.stringify(slug)} (use a-z, 0-9, '-', '_')`);
      }
      if (!slugs.includes(slug)) slugs.push(slug);
      return NOTHING;
    }),
    list: binding([], () => [...slugs]),
  };
}
