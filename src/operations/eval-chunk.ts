/** Executes one chunk of Lua with the full API in one transaction. */
import type { Json } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { luaToJson } from '../lua/json.js';
import { type ForegroundOptions, inTransaction } from './foreground.js';
import type { OpenedProject } from './open-project.js';
import { sortedJson } from './sorted-json.js';

export interface EvalRequest extends ForegroundOptions {
  source: string;
  /** As Lua wants it: `=eval`, `@file`. */
  chunkName: string;
}

/** Ends with the values that the chunk returned, as JSON with sorted keys. Throws LuaError or BindingError with everything rolled back. */
export function evalChunk(opened: OpenedProject, request: EvalRequest): Promise<Json[]> {
  const { source, chunkName, ...options } = request;
  return inTransaction(opened, options, function* (session): Op<Json[]> {
    const values = yield* session.vm.execute(source, chunkName);
    return values.map((value) => sortedJson(luaToJson(value)));
  });
}
