/** Executes one chunk of Lua with the full API in one transaction. */
import type { Json } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { LuaError } from '../lua/errors.js';
import { luaToJson } from '../lua/json.js';
import type { Vm } from '../lua/vm.js';
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
    refuseExpression(session.vm, source, chunkName);
    const values = yield* session.vm.execute(source, chunkName);
    return values.map((value) => sortedJson(luaToJson(value)));
  });
}

/** Throws what is wrong with a chunk that does not parse, with the remedy where it would as an expression behind `return`. */
function refuseExpression(vm: Vm, source: string, chunkName: string): void {
  try {
    vm.parse(source, chunkName);
  } catch (error) {
    if (!(error instanceof LuaError) || error.kind !== 'syntax' || !parses(vm, `return ${source}`)) throw error;
    const { message, kind, chunk, line } = error;
    throw new LuaError(kind, message, { chunk, line, remedy: 'a chunk gives its value by return: put return in front' });
  }
}

function parses(vm: Vm, source: string): boolean {
  try {
    vm.parse(source, '=eval');
    return true;
  } catch {
    return false;
  }
}
