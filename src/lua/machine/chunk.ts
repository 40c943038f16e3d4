/** Compiles Lua text onto the stack: never bytecode. */
import type { LuaCore, State } from './core.js';

const HASH = 0x23;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const NEWLINE = 0x0a;

/** The chunk's function on top and status OK, or a message on top. A byte order mark and a first line that begins with `#` are left out. */
export function loadChunk(core: LuaCore, L: State, source: string | Uint8Array, chunkName: string): number {
  const whole = typeof source === 'string' ? Buffer.from(source) : source;
  const bytes = BYTE_ORDER_MARK.every((byte, i) => whole[i] === byte) ? whole.subarray(BYTE_ORDER_MARK.length) : whole;
  return core.load(L, bytes[0] === HASH ? bytes.subarray(Math.max(bytes.indexOf(NEWLINE), 0)) : bytes, chunkName);
}
