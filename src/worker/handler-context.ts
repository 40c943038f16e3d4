/** The table that a handler is called with: `{ data, job }`, more of the run under generation 10, `options` of a `{ ref, options }` handler. */
import type { FunctionRef } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import { parseJson } from '../domain/json-text.js';
import type { ClaimedRun } from '../domain/run.js';
import { jsonToLua } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';

/** Keys are those of crap-jobs 3.1 (generation 8) and 11.2 (generation 10). */
export function handlerContext(run: ClaimedRun, handler: FunctionRef, generation: 8 | 10): LuaValue {
  const job: { [key: string]: LuaValue } = { slug: run.slug, attempt: run.attempt, max_attempts: run.maxAttempts };
  if (generation === 10) {
    job.id = run.id;
    job.queue = run.queue;
    job.priority = run.priority;
    if (run.uniqueKey !== null) job.unique_key = run.uniqueKey;
    if (run.scheduledBy !== null) job.scheduled_by = run.scheduledBy;
    job.queued_at = new Date(run.createdAt).toISOString();
  }
  const context: { [key: string]: LuaValue } = { data: jsonToLua(parseData(run.data)), job };
  if (handler.options !== undefined) context.options = jsonToLua(handler.options);
  return context;
}

/** What is no JSON counts as an empty object, as in the reference: such rows come from other programs. */
export function parseData(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return {};
  }
}
