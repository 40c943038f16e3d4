/** Every Lua engine; tests of what Lua sees run on each. */
import { it } from 'vitest';
import { fengari } from '../../src/lua/engines/fengari/engine.js';
import { lua54 } from '../../src/lua/engines/lua54/engine.js';
import type { Capabilities, Engine } from '../../src/lua/vm.js';

export const engines: readonly Engine[] = [lua54, fengari];

/** `it`, or a visible skip where the engine declares that it lacks what the case needs. */
export function needing(engine: Engine, ...needs: (keyof Capabilities)[]) {
  return it.skipIf(needs.some((need) => !engine.capabilities[need]));
}
