/** The engines by the name that `[lua] engine` gives. */
import { fengari } from './engines/fengari/engine.js';
import { lua54 } from './engines/lua54/engine.js';
import type { Engine, EngineName } from './vm.js';

const ENGINES: Record<EngineName, Engine> = { lua54, fengari };

export function engineFor(name: EngineName): Engine {
  return ENGINES[name];
}
