/** How a run completes, whatever language its handler is written in: a result of bounded size, and the fenced act that records it. */
import { isLater } from '../config/generation.js';
import { HostError } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import { type LogLine, MAX_JSON_BYTES } from '../domain/run.js';
import type { Db } from '../store/db.js';
import type { Assignment, ExecutorOptions } from './executor.js';

/** The JSON text of a result as it is; HostError RESULT_TOO_LARGE beyond 1 MiB. */
export function storableResult(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_JSON_BYTES) return text;
  throw new HostError('RESULT_TOO_LARGE', `the result is ${bytes} bytes of JSON, at most ${MAX_JSON_BYTES} are stored`, {
    remedy: 'store large results in a collection and return their id',
  });
}

/** What the transaction of a run ends with: false = its claim was lost. A foreground run has no row to complete. */
export function completion(
  options: ExecutorOptions,
  assignment: Assignment,
  result: string | null,
  log: readonly LogLine[],
): (db: Db) => Op<boolean> {
  const { store, clock, worker } = options;
  const keepError = !isLater(options.generation, 'earlierErrorsAreCleared');
  const { run, unrecorded } = assignment;
  return (db) =>
    unrecorded ? kept() : store.complete(db, { run: run.id, claim: run.claim, now: clock.now(), result, log, worker, keepError });
}

// biome-ignore lint/correctness/useYield: an Op that does not wait
function* kept(): Op<boolean> {
  return true;
}
