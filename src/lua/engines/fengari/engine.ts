/** The engine `fengari`: Lua 5.3 in plain JavaScript. */
import { MachineVm } from '../../machine/vm.js';
import type { Engine } from '../../vm.js';
import { capabilities } from './capabilities.js';
import { createCore } from './core.js';

export const fengari: Engine = {
  name: 'fengari',
  capabilities,
  async load() {},
  create: (options) => new MachineVm('fengari', capabilities, createCore(), options),
};
