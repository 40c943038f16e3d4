/** What lua-stdlib/crap/accessors.lua asks: the generation, and whether a slug is defined (Lua API 10.1). */
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import type { Session } from './session.js';

export function accessorBindings(session: Session): Record<string, Binding> {
  const { registry, generation } = { registry: session.registry, generation: session.options.generation };
  return {
    generation: binding([], () => generation),
    has_collection: binding(['any'], (slug) => typeof slug === 'string' && registry.collections.has(slug)),
    has_global: binding(['any'], (slug) => typeof slug === 'string' && registry.globals.has(slug)),
  };
}
