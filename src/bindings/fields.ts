/** crap.fields (Lua API 2.2): the factories are Lua (lua-stdlib/crap/fields.lua), since they hand back the very table they get. */
import { FIELD_TYPES } from '../content/schema.js';
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';

export function fieldHostBindings(): Record<string, Binding> {
  return {
    field_types: binding([], () => [...FIELD_TYPES]),
    // Called with wrong arguments only, for the text of the error.
    check_table: binding(['table'], () => NOTHING),
  };
}
