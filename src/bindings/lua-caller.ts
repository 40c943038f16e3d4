/**
 * Calls from the host into project code. A ref is resolved once a session by the full rule (Lua API 5.3), which tries the filesystem;
 * after that it is looked up in package.loaded at each call, so that what a script puts there counts.
 */
import { isLater } from '../config/generation.js';
import type { LuaCaller } from '../content/context.js';
import type { Op } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import { luaTypeName } from '../lua/type-names.js';
import type { LuaFunction, LuaTable, LuaValue } from '../lua/value.js';
import type { Binding, Vm } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import { projectPath } from './definition-site.js';
import { isLuaFunction, releaseFunctions } from './held-functions.js';
import type { Session } from './session.js';

/** Bindings of the stdlib's own Lua files (`local host = ...`), and the Lua functions that they hand to the host. */
export interface StdlibHost {
  readonly bindings: Record<string, Binding>;
  /** A Lua function that a stdlib file kept with `host.keep(name, fn)`. */
  kept(name: string): LuaFunction;
}

interface RegisteredHooks {
  functions: LuaFunction[];
  /** The text of the error that using the list raises; undefined = the list is sound. */
  broken: string | undefined;
}

/** `leave` lets go of functions that replaced lists held; called when no operation of a run is under way. */
export function createLuaCaller(session: Session): {
  caller: LuaCaller;
  host: StdlibHost;
  resolveRef(ref: string): Op<void>;
  leave(): void;
} {
  const { vm } = session;
  const kept = new Map<string, LuaFunction>();
  const events = new Set<string>();
  const registered = new Map<string, RegisteredHooks>();
  const resolved = new Set<string>();
  const retired: LuaFunction[] = [];
  let missing = false;

  const host: StdlibHost = {
    kept(name) {
      const fn = kept.get(name);
      if (!fn) throw new Error(`the stdlib has no function '${name}'`);
      return fn;
    },
    bindings: {
      keep: binding(['string', 'function'], (name, fn) => {
        kept.set(name, fn);
        return NOTHING;
      }),
      missing: binding([], () => {
        missing = true;
        return NOTHING;
      }),
      hook_event: binding(['string'], (event) => {
        events.add(event);
        return NOTHING;
      }),
      hooks_changed: binding(
        ['string', 'table'],
        (event, list) => {
          retired.push(...(registered.get(event)?.functions ?? []));
          registered.set(event, readHooks(list));
          return NOTHING;
        },
        { holdsFunctions: true },
      ),
    },
  };

  /** `loaded`, a function of the stdlib, looks up what has been resolved before; `first` calls what is resolved now, also where a script took that away. */
  function* callResolved(
    ref: string,
    loaded: LuaFunction,
    args: readonly LuaValue[],
    first: (fn: LuaFunction) => Op<LuaValue[]>,
  ): Op<LuaValue[]> {
    if (resolved.has(ref)) {
      const dot = ref.lastIndexOf('.');
      missing = false;
      const results = yield* vm.call(loaded, [ref, ref.slice(0, Math.max(dot, 0)), ref.slice(dot + 1), ...args]);
      if (!missing) return results;
      missing = false;
    }
    const fn = yield* vm.resolve(ref);
    try {
      resolved.add(ref);
      return yield* first(fn);
    } finally {
      vm.release(fn);
    }
  }

  const caller: LuaCaller = {
    *callRef(ref: string, args: readonly LuaValue[]): Op<LuaValue> {
      return firstOf(vm, yield* callResolved(ref, host.kept('call_loaded'), args, (fn) => vm.call(fn, args)));
    },
    *callRule(ref, argument, unset) {
      const watching = host.kept('call_watching');
      const given = [argument, unset as LuaValue];
      const first = (fn: LuaFunction) => vm.call(watching, [fn, undefined, undefined, ...given]);
      return ruleAnswer(vm, yield* callResolved(ref, watching, given, first));
    },
    *callFunction(fn: LuaFunction, args: readonly LuaValue[]): Op<LuaValue> {
      return firstOf(vm, yield* vm.call(fn, args));
    },
    registered(event: string): LuaFunction[] {
      if (!events.has(event)) return [];
      runThrough(vm.call(host.kept('collect_hooks'), [event]));
      const hooks = registered.get(event);
      if (hooks?.broken) throw new BindingError('HOOK_NOT_A_FUNCTION', hooks.broken);
      return hooks?.functions ?? [];
    },
    ...(isLater(session.options.generation, 'errorsArePlain') && { relative: (message) => relativePosition(session, message) }),
    warn(text: string): void {
      session.log('warn', text);
    },
  };
  return {
    caller,
    host,
    *resolveRef(ref) {
      if (resolved.has(ref)) return;
      vm.release(yield* vm.resolve(ref));
      resolved.add(ref);
    },
    leave() {
      for (const fn of retired.splice(0)) if (!vm.spent) vm.release(fn);
    },
  };
}

/** `/p/hooks/x.lua:3: text`, as Lua cuts it, becomes `hooks/x.lua:3: text`. */
function relativePosition(session: Session, message: string): string {
  const found = /^([^\n:]*):(\d+): /.exec(message);
  if (!found) return message;
  return projectPath(session.options.projectDir, found[1]!) + message.slice(found[1]!.length);
}

/** The first result. Functions in results are of no use to the host, so they are not kept. */
function firstOf(vm: Vm, results: readonly LuaValue[]): LuaValue {
  for (const result of results) releaseFunctions(vm, result);
  return results[0];
}

function ruleAnswer(vm: Vm, results: readonly LuaValue[]): { answer: LuaValue; readUnset: boolean } {
  firstOf(vm, results);
  return { answer: results[1], readUnset: results[0] === true };
}

function readHooks(list: LuaTable): RegisteredHooks {
  const functions: LuaFunction[] = [];
  let broken: string | undefined;
  for (let i = 1; i <= list.length; i++) {
    const entry = list.get(i);
    if (isLuaFunction(entry)) functions.push(entry);
    else broken ??= `registered hook at index ${i} is not a function: error converting Lua ${luaTypeName(entry)} to function`;
  }
  return { functions, broken };
}

/** Drives stdlib code that never waits by itself; the engine may still preempt it for fairness. */
function runThrough<T>(op: Op<T>): T {
  let step = op.next();
  while (!step.done) {
    if (step.value.reason !== 'preempted') throw new Error(`stdlib code waited for ${step.value.reason}`);
    step = op.next(step.value.block?.());
  }
  return step.value;
}
