/** crap.schema (Lua API 2.13): read-only views of the definitions. */
import { collectionView, globalView, listCollections, listGlobals } from '../content/schema-view.js';
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import type { Session } from './session.js';

export function schemaBindings(session: Session): Record<string, Binding> {
  const { registry } = session;
  return {
    get_collection: binding(['string'], (slug) => {
      const definition = registry.collections.get(slug);
      return definition && collectionView(definition);
    }),
    get_global: binding(['string'], (slug) => {
      const definition = registry.globals.get(slug);
      return definition && globalView(definition);
    }),
    list_collections: binding([], () => listCollections(registry)),
    list_globals: binding([], () => listGlobals(registry)),
  };
}
