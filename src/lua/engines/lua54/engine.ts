/** The engine `lua54`: PUC Lua 5.4 in WebAssembly, an instance a VM. */
import { MachineVm } from '../../machine/vm.js';
import type { Engine } from '../../vm.js';
import { capabilities } from './capabilities.js';
import { createCore } from './core.js';
import { compile } from './wasm.js';

const DEFAULT_MEMORY = 256 * 1024 * 1024;

export const lua54: Engine = {
  name: 'lua54',
  capabilities,
  async load() {
    compile();
  },
  create: (options) => new MachineVm('lua54', capabilities, createCore(options.maxMemoryBytes ?? DEFAULT_MEMORY), options),
};
