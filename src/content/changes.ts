/** What a write changed, for the live events that are told when its transaction has committed (Lua API 5.1, 10.3). */
import type { JsonObject } from '../domain/json.js';
import type { ContentContext, Document } from './context.js';
import { copyJson } from './input.js';
import type { Plan } from './plan.js';
import type { QueryOptions } from './query.js';

export interface Change {
  /** Slug of the collection or global. */
  collection: string;
  isGlobal: boolean;
  operation: 'create' | 'update' | 'delete';
  /** "default" for globals. */
  id: string;
  /** The document without hidden fields; of a delete `{ id, soft_delete? }`; undefined where the definition says `live.mode = "metadata"`. */
  data: JsonObject | undefined;
}

/** Where the changes of a transaction gather. */
export interface ChangeSink {
  /** Whether anybody would be told; `hooked`: the definition has before_broadcast hooks. */
  wants(hooked: boolean): boolean;
  add(change: Change): void;
}

/** Notes a change, unless the definition says `live = false`, the call `events = false`, or nobody listens. */
export function noteChange(
  ctx: ContentContext,
  plan: Plan,
  options: Pick<QueryOptions, 'events'>,
  operation: Change['operation'],
  document: Document,
): void {
  if (!ctx.changes || !options.events || plan.definition.live === false) return;
  if (!ctx.changes.wants(plan.hooks.before_broadcast.length > 0)) return;
  const { slug: collection, isGlobal } = plan;
  ctx.changes.add({ collection, isGlobal, operation, id: document.id, data: copyJson(document) as JsonObject });
}
