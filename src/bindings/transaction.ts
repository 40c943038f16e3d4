/** crap.transaction(fn) (Lua API 10.2): one transaction around fn, or a savepoint inside the one that is open. */
import type { Op } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import type { LuaFunction } from '../lua/value.js';
import type { Binding, Multi } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import { inCall } from './effects.js';
import type { Session } from './session.js';

const NO_CONTEXT =
  'crap.transaction requires a job or pool context — call it from inside a Lua job handler, a custom route handler, or an effect, not from init.lua / collection definitions / top-level scripts';

/** What lua-stdlib/crap/transaction.lua asks; the results of fn stay in Lua, so that tables keep their identity. */
export function transactionHostBindings(session: Session): Record<string, Binding> {
  return {
    transaction: binding(['function'], (fn) => transaction(session, fn)),
  };
}

/** An error of fn rolls back what it wrote and is raised again. */
function* transaction(session: Session, fn: LuaFunction): Op<Multi> {
  const { vm, database } = session;
  try {
    if (!database) throw new BindingError('NO_DATABASE_CONTEXT', NO_CONTEXT);
    const body = () => vm.call(fn, []);
    yield* inCall(session, () => (database.transaction ? database.transaction(body) : database.db.savepoint(body)));
    return NOTHING;
  } finally {
    vm.release(fn);
  }
}
