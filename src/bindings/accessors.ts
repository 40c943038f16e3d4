/** What lua-stdlib/crap/accessors.lua asks: whether a slug is defined (Lua API 10.1). */
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import type { Session } from './session.js';

export function accessorBindings(session: Session): Record<string, Binding> {
  const { registry } = session;
  return {
    has_collection: binding(['any'], (slug) => typeof slug === 'string' && registry.collections.has(slug)),
    has_global: binding(['any'], (slug) => typeof slug === 'string' && registry.globals.has(slug)),
  };
}
