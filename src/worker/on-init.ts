/** The [hooks] on_init functions: all of them in one transaction, once at the start of a host. */
import { EffectList, type TransactionOutcome } from '../bindings/effects.js';
import { HostError, messageOf, RunAbort } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import { LuaError } from '../lua/errors.js';
import { runEffects } from './effects.js';
import type { ExecutorOptions } from './executor.js';
import { ON_INIT_LIMIT_MS, SLICE_MS } from './limits.js';
import { drive, RunControl } from './run-control.js';
import { RunDatabase, type TransactionMode } from './run-database.js';

/** Calls `refs` in order; throws ON_INIT_FAILED with everything rolled back. Ends with whether runs were queued. */
export async function runOnInit(options: ExecutorOptions, refs: readonly string[]): Promise<{ queued: boolean }> {
  if (refs.length === 0) return { queued: false };
  for (let mode: TransactionMode = 'deferred'; ; mode = 'immediate') {
    try {
      return await passage(options, refs, mode);
    } catch (error) {
      if (error instanceof RunAbort && error.reason === 'conflict' && mode === 'deferred') continue;
      const text = error instanceof LuaError ? error.render() : messageOf(error);
      throw new HostError('ON_INIT_FAILED', `on_init hooks failed: ${text}`, { cause: error, remedy: remedyOf(error) });
    }
  }
}

const OVERRIDE =
  'on_init has no user, and is asked for access like anybody: call it with { overrideAccess = true }, or write an access rule that allows it ([access] default_deny denies where there is none)';

/** What stands in the way knows better what to do than that a function failed. */
function remedyOf(error: unknown): string | undefined {
  const host = error instanceof LuaError ? error.cause : error;
  if (!(host instanceof HostError)) return undefined;
  return host.code === 'ACCESS_DENIED' ? OVERRIDE : host.remedy;
}

async function passage(options: ExecutorOptions, refs: readonly string[], mode: TransactionMode): Promise<{ queued: boolean }> {
  const slot = await options.slots.acquire();
  const deadline = performance.now() + ON_INIT_LIMIT_MS;
  const control = new RunControl();
  const forget = control.onStop((reason) => slot.vm.stop(reason));
  const timer = setTimeout(() => control.stop('timed_out'), ON_INIT_LIMIT_MS);
  const database = new RunDatabase(options.connections, options.queue, 'on_init', mode, deadline);
  const effects = new EffectList();
  let queued = false;
  let outcome: TransactionOutcome | undefined;
  try {
    const limits = { deadline, maxInstructions: options.maxInstructions, sliceMs: SLICE_MS };
    const onQueued = () => {
      queued = true;
    };
    slot.enter(
      { db: database, overrideAccessByDefault: false, effects, onQueued, ...(options.changes && { changes: options.changes }) },
      limits,
      (line) => options.log(line),
    );
    await drive(
      (function* (): Op<void> {
        for (const ref of refs) {
          const context = { collection: '', operation: 'init', data: {}, context: {}, hook_depth: 0 };
          yield* slot.session.lua.callRef(ref, [context]);
        }
        yield* database.commit();
      })(),
      control,
    );
    outcome = 'committed';
  } catch (error) {
    if (!(error instanceof RunAbort && error.reason === 'conflict')) outcome = 'rolled_back';
    throw error;
  } finally {
    clearTimeout(timer);
    forget();
    database.close();
    slot.leave();
    if (outcome) {
      const more = await runEffects(options, {
        effects: effects.take(),
        outcome,
        owner: 'on_init',
        slot,
        log: (line) => options.log(line),
      });
      queued ||= more.size > 0;
    }
    options.slots.release(slot);
  }
  return { queued };
}
