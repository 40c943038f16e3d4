/**
 * What project code wants done when the outcome of its transaction is known (crap.tx): a list for each transaction. What was registered under a
 * savepoint goes with it; what is left is called once, after the commit or the rollback, in the order of registration.
 */
import { fromLua } from '../content/failure.js';
import { messageOf, RunAbort } from '../domain/errors.js';
import type { FunctionRef } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { jsonToLua } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';
import type { Session } from './session.js';

export type TransactionOutcome = 'committed' | 'rolled_back';

export interface Effect {
  on: TransactionOutcome;
  ref: FunctionRef;
  /** undefined = none was given. */
  data: Json | undefined;
  /** Default of overrideAccess where it was registered: its function has the same rights. */
  overrideAccess: boolean;
}

export class EffectList {
  /** Each outermost call is a transaction of its own (`transaction = false`): its effects are called when it ends. */
  readonly perCall: boolean;
  /** Calls that are open, one within the other. */
  depth = 0;
  #effects: Effect[] = [];

  constructor(options: { perCall?: boolean } = {}) {
    this.perCall = options.perCall ?? false;
  }

  get size(): number {
    return this.#effects.length;
  }

  add(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** Takes those out that were registered since the list had this size. */
  takeFrom(size: number): Effect[] {
    return this.#effects.splice(size);
  }

  take(): Effect[] {
    return this.takeFrom(0);
  }
}

/** Runs a call that writes: when it fails, what was registered in it is undone as its writes are. */
export function* inCall<T>(session: Session, body: () => Op<T>): Op<T> {
  const list = session.database?.effects;
  if (!list) return yield* body();
  const { size } = list;
  const outermost = list.perCall && list.depth === 0;
  list.depth++;
  let result: T;
  try {
    result = yield* body();
  } catch (error) {
    list.depth--;
    // A run that ends here has its effects called by whoever ends it.
    if (error instanceof RunAbort) throw error;
    const undone = list.takeFrom(size);
    if (outermost) yield* callEffects(session, undone, 'rolled_back');
    throw error;
  }
  list.depth--;
  if (outermost) yield* callEffects(session, list.takeFrom(size), 'committed');
  return result;
}

/** Calls those that want this outcome; what they raise is logged, since nothing can be undone any more. */
export function* callEffects(session: Session, effects: readonly Effect[], outcome: TransactionOutcome): Op<void> {
  for (const { on, ref, data, overrideAccess } of effects) {
    if (on !== outcome) continue;
    const argument: { [key: string]: LuaValue } = { outcome };
    if (data !== undefined) argument['data'] = jsonToLua(data);
    if (ref.options !== undefined) argument['options'] = jsonToLua(ref.options);
    try {
      const change = { overrideAccessByDefault: overrideAccess, hookDepth: 0 };
      yield* session.contentContext().within(change, () => session.lua.callRef(ref.ref, [argument]));
    } catch (error) {
      if (error instanceof RunAbort) throw error;
      session.log('error', `${nameOf(on)} '${ref.ref}' failed: ${messageOf(fromLua(error))}`);
    }
  }
}

export function nameOf(on: TransactionOutcome): string {
  return on === 'committed' ? 'crap.tx.on_commit' : 'crap.tx.on_rollback';
}
