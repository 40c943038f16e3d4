/** Compiles Lua text onto the stack: never bytecode. */
import type { LuaCore, State } from './core.js';

const HASH = 0x23;
const NEWLINE = 0x0a;

/** The chunk's function on top and status OK, or a message on top. A first line that begins with `#` is left out. */
export function loadChunk(core: LuaCore, L: State, source: string | Uint8Array, chunkName: string): number {
  const bytes = typeof source === 'string' ? Buffer.from(source) : source;
  return core.load(L, bytes[0] === HASH ? bytes.subarray(Math.max(bytes.indexOf(NEWLINE), 0)) : bytes, chunkName);
}
