/** crap.tx.on_commit(ref, data?) and on_rollback(ref, data?) (Lua API 10.2): functions that are called when the outcome is known. */
import { toRef } from '../content/parse-refs.js';
import type { FunctionRef } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import { luaToJson } from '../lua/json.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { Binding, Multi } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import { nameOf, type TransactionOutcome } from './effects.js';
import type { Session } from './session.js';

export function txBindings(session: Session): Record<string, Binding> {
  return {
    on_commit: binding(['any', 'any'], (ref, data) => register(session, 'committed', ref, data)),
    on_rollback: binding(['any', 'any'], (ref, data) => register(session, 'rolled_back', ref, data)),
  };
}

/** A ref that does not resolve and data without a JSON form are errors of the caller, whose transaction they undo unless it catches them. */
function* register(session: Session, on: TransactionOutcome, given: LuaValue, data: LuaValue): Op<Multi> {
  session.requireDatabase();
  const { overrideAccessByDefault: overrideAccess } = session.contentContext();
  const list = session.database?.effects;
  if (!list || (list.perCall && list.depth === 0)) {
    throw new BindingError('NO_TRANSACTION', `${nameOf(on)}: no transaction is open here whose outcome could be waited for`, {
      remedy: 'call it inside crap.transaction(fn) or in a hook, or define the job with `transaction = true`',
    });
  }
  const ref = refOf(on, given);
  yield* resolved(session, ref.ref);
  const json = data === undefined || data === null ? undefined : luaToJson(data);
  list.add({ on, ref, data: json, overrideAccess });
  return NOTHING;
}

function* resolved(session: Session, ref: string): Op<void> {
  try {
    yield* session.resolveRef(ref);
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    throw new BindingError(error.code, error.message, { prefixed: false, cause: error });
  }
}

function refOf(on: TransactionOutcome, given: LuaValue): FunctionRef {
  const ref = typeof given === 'string' || given instanceof LuaTable ? toRef(given) : undefined;
  if (ref) return ref;
  const text = `${nameOf(on)}: expected the name of a function ("module.function"), or { ref, options }; got ${luaTypeName(given)}`;
  throw new BindingError('EFFECT_INVALID', text, { remedy: 'put the function into a module of the project and name it' });
}
