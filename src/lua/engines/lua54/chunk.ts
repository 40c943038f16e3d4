/** Compiles Lua text onto the stack: never bytecode. */
import { BindingError } from '../../errors.js';
import type { Stack } from './stack.js';
import type { State } from './wasm.js';

const HASH = 0x23;
const NEWLINE = 0x0a;
const TEXT_MODE = 0x74;

/** The chunk's function on top and status OK, or a message on top. A first line that begins with `#` is left out. */
export function loadChunk(stack: Stack, L: State, source: string | Uint8Array, chunkName: string): number {
  const { api } = stack;
  const bytes = typeof source === 'string' ? Buffer.from(source) : source;
  const body = bytes[0] === HASH ? bytes.subarray(Math.max(bytes.indexOf(NEWLINE), 0)) : bytes;
  // The name takes the stack's scratch memory, so the source gets memory of its own; the mode stands behind it.
  return stack.withText(chunkName, (name) => {
    const pointer = api.malloc(body.length + 2);
    if (pointer === 0) throw new BindingError('LUA_MEMORY', 'not enough memory', { prefixed: false });
    stack.bytes.set(body, pointer);
    const mode = pointer + body.length;
    stack.bytes.set([TEXT_MODE, 0], mode);
    const status = api.luaL_loadbufferx(L, pointer, body.length, name, mode);
    api.free(pointer);
    return status;
  });
}
