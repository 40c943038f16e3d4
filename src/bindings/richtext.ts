/** crap.richtext (Lua API 2.17): custom nodes are checked and kept by name; rendering is not available yet. */
import { BindingError } from '../lua/errors.js';
import { LuaTable } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import { notAvailable } from './not-available.js';
import type { Session } from './session.js';

const LATE =
  'crap.richtext.register_node must be called from init.lua or a definition file — runtime registration only lands in one VM of the pool';

export function richtextBindings(session: Session): Record<string, Binding> {
  const nodes = new Set<string>();
  return {
    register_node: binding(['string', 'table'], (name, spec) => {
      if (session.phase !== 'loading') throw new BindingError('REGISTER_LATE', LATE);
      if (!/^[A-Za-z0-9_]+$/.test(name)) {
        throw new BindingError('RICHTEXT_NODE', `Invalid node name '${name}' — use alphanumeric and underscores only`);
      }
      checkSearchable(name, spec);
      nodes.add(name);
      return NOTHING;
    }),
    render: notAvailable('crap.richtext.render', ['string']),
  };
}

/** Every name of searchable_attrs must be an attribute of the node. */
function checkSearchable(node: string, spec: LuaTable): void {
  const attributes = new Set<unknown>();
  const list = spec.get('attrs');
  if (list instanceof LuaTable) {
    for (const entry of list.entries.values()) if (entry instanceof LuaTable) attributes.add(entry.get('name'));
  }
  const searchable = spec.get('searchable_attrs');
  if (!(searchable instanceof LuaTable)) return;
  for (const name of searchable.entries.values()) {
    if (!attributes.has(name))
      throw new BindingError('RICHTEXT_NODE', `Node '${node}': searchable attribute '${String(name)}' is not one of its attrs`);
  }
}
