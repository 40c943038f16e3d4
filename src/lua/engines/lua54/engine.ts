/** The engine `lua54`: PUC Lua 5.4 in WebAssembly. */
import type { Engine } from '../../vm.js';
import { capabilities } from './capabilities.js';
import { Lua54Vm } from './vm.js';
import { compile } from './wasm.js';

export const lua54: Engine = {
  name: 'lua54',
  capabilities,
  async load() {
    compile();
  },
  create: (options) => new Lua54Vm(options),
};
