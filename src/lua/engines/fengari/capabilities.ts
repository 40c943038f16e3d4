/** What this engine lacks: it is Lua 5.3 in JavaScript, whose integers have 32 bits and whose memory is the JavaScript heap. */
import type { Capabilities } from '../../vm.js';

export const capabilities: Capabilities = { integers64: false, lua54: false, memoryCap: false, garbageCollection: false };
