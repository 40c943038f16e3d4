/**
 * What is done when the outcome of a transaction is known: functions that project code registered (crap.tx), and changed documents that listeners
 * are told of. A list for each transaction; what came under a savepoint goes with it, what is left is done once, in order.
 */
import { beforeBroadcast } from '../content/broadcast.js';
import type { Change } from '../content/changes.js';
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

/** Changes are told after a commit only. */
export type Entry = Effect | Change;

export class EffectList {
  /** Each outermost call is a transaction of its own (`transaction = false`): its effects are called when it ends. */
  readonly perCall: boolean;
  /** Calls that are open, one within the other. */
  depth = 0;
  #entries: Entry[] = [];

  constructor(options: { perCall?: boolean } = {}) {
    this.perCall = options.perCall ?? false;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Takes those out that were registered since the list had this size. */
  takeFrom(size: number): Entry[] {
    return this.#entries.splice(size);
  }

  take(): Entry[] {
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

/** Whether there is something to do. */
export function wants(entry: Entry, outcome: TransactionOutcome): boolean {
  return 'on' in entry ? entry.on === outcome : outcome === 'committed';
}

/** Does what wants this outcome; what it raises is logged, since nothing can be undone any more. */
export function* callEffects(session: Session, entries: readonly Entry[], outcome: TransactionOutcome): Op<void> {
  for (const entry of entries) {
    if (!wants(entry, outcome)) continue;
    if ('on' in entry) yield* callEffect(session, entry, outcome);
    else yield* tell(session, entry);
  }
}

function* callEffect(session: Session, { on, ref, data, overrideAccess }: Effect, outcome: TransactionOutcome): Op<void> {
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

function* tell(session: Session, change: Change): Op<void> {
  const told = yield* beforeBroadcast(session.contentContext(), change);
  const { changes } = session.requireDatabase();
  if (told && changes?.wanted()) changes.told(told);
}

export function nameOf(on: TransactionOutcome): string {
  return on === 'committed' ? 'crap.tx.on_commit' : 'crap.tx.on_rollback';
}
