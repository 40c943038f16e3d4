/** Turns what ended a coroutine into a LuaError: message, position, traceback, the JavaScript cause, the thrown Lua value. */
import { messageOf, RunAbort } from '../../domain/errors.js';
import type { Op } from '../../domain/op.js';
import { BindingError, LuaError } from '../errors.js';
import type { LuaValue } from '../value.js';
import type { Multi } from '../vm.js';
import type { State } from './core.js';
import * as c from './core.js';
import { errorTableText } from './error-table.js';
import type { Execution } from './execution.js';
import { readMessage } from './stack.js';

/** What `tostring` says of a table that has no text of its own. */
const ADDRESS = /^table: (?:builtin: )?(?:0x)?[0-9a-f]+$/i;

/** Stack slots that looking at an error takes. */
const ROOM = 8;

/** The value on top of `L`, whose frames are still there. */
export function failureOf(execution: Execution, L: State, status: number): LuaError {
  const { core, errors } = execution;
  // A dead coroutine has no room beyond its message.
  core.lua_checkstack(L, ROOM);
  if (status === c.ERROR_SYNTAX) return located('syntax', readMessage(core, L, -1), undefined);
  if (status === c.ERROR_MEMORY) return new LuaError('memory', 'not enough memory');
  const host = errors.find(L, -1);
  const traceback = core.traceback(L, 0);
  if (host) {
    const { thrown, code, details, remedy, message } = host;
    const facts = { traceback, cause: thrown, code, details, ...(remedy !== undefined && { remedy }) };
    if (thrown instanceof LuaError) return new LuaError(thrown.kind, message, facts);
    return new LuaError(thrown instanceof BindingError && !thrown.prefixed ? 'conversion' : 'runtime', message, facts);
  }
  const type = core.lua_type(L, -1);
  if (type === c.STRING || type === c.NUMBER) return located('runtime', readMessage(core, L, -1), traceback);
  const own = describe(execution, L);
  const message = type === c.TABLE && ADDRESS.test(own) ? errorTableText(core, L) : own;
  const value = type === c.NIL || type === c.BOOLEAN ? undefined : errors.keep(L, -1);
  return new LuaError('runtime', message, { traceback, value });
}

/** `tostring` of the value on top, in a coroutine of its own: a __tostring of the project runs under the limits too. */
function describe(execution: Execution, L: State): string {
  const { core } = execution;
  const thread = execution.threads.make();
  execution.held.pushNamed(thread.L, 'tostring');
  core.lua_pushvalue(L, -1);
  core.lua_xmove(L, thread.L, 1);
  try {
    const [text] = runThrough(execution.run(thread, 1));
    return typeof text === 'string' ? text : '(an error value without text)';
  } catch (error) {
    if (error instanceof RunAbort) throw error;
    return '(an error value whose __tostring failed)';
  }
}

/** A message that Lua wrote: its position becomes chunk and line. */
function located(kind: 'runtime' | 'syntax', text: string, traceback: string | undefined): LuaError {
  const found = /^(\[string "[^\n]*?"\]|[^\n:]+):(\d+): /.exec(text);
  return new LuaError(kind, text, { ...(found && { chunk: found[1], line: Number(found[2]) }), traceback });
}

/** Drives code that is not expected to wait; where it is preempted it goes on at once. */
function runThrough<T>(op: Op<T>): T {
  let step = op.next();
  while (!step.done) {
    const wait = step.value;
    step = wait.block ? op.next(wait.block()) : op.throw(cannotWait(wait.reason));
  }
  return step.value;
}

/** Raised where a wait meets a frame of Lua's own library. */
export function cannotWait(reason: string): BindingError {
  return new BindingError(
    'CANNOT_WAIT_HERE',
    `the script cannot wait for ${reason} here: a function of Lua's own library stands in between`,
    {
      remedy: 'wait outside of the callback, metamethod or __tostring that the library calls',
    },
  );
}

/** The engine itself failed (its stack ran out, it trapped): not an error of the script's. */
export function isFatal(thrown: unknown): boolean {
  return thrown instanceof RangeError
    ? /call stack/i.test(thrown.message)
    : (thrown as Error | undefined)?.constructor?.name === 'RuntimeError';
}

/** The error of a call that such a fault ended. */
export function engineFailure(thrown: unknown): LuaError {
  return thrown instanceof RangeError
    ? new LuaError('runtime', 'stack overflow (of the host, below Lua)', { cause: thrown, code: 'LUA_STACK' })
    : new LuaError('runtime', `the Lua engine failed: ${messageOf(thrown)}`, { cause: thrown, code: 'LUA_ENGINE' });
}

/** What a binding returned is an operation. */
export function isOp(value: unknown): value is Op<LuaValue | Multi> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { next?: unknown }).next === 'function' && Symbol.iterator in value
  );
}
