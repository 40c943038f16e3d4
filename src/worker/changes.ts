/** Changed documents on their way out of the threads. */
import type { ChangeListener } from '../bindings/session.js';
import type { Change } from '../content/changes.js';
import type { JsonObject } from '../domain/json.js';
import { stringifyJson } from '../domain/json-text.js';

export type { Change, ChangeListener };

/** As plain JSON: floats and long integers are numbers. */
export function plainChange(change: Change): Change {
  return { ...change, data: change.data && (JSON.parse(stringifyJson(change.data)) as JsonObject) };
}
