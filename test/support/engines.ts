/** Every Lua engine; tests of what Lua sees run on each. */
import { lua54 } from '../../src/lua/engines/lua54/engine.js';
import type { Engine } from '../../src/lua/vm.js';

export const engines: readonly Engine[] = [lua54];
