/** What this engine has: PUC Lua 5.4 whole. */
import type { Capabilities } from '../../vm.js';

export const capabilities: Capabilities = { integers64: true, lua54: true, memoryCap: true, garbageCollection: true };
