/** A collection under test, with what its relations point at, over a database of its own. */
import type { Json } from '../../src/domain/json.js';
import { openStage, type Stage } from '../content/support.js';
import { type Collection, leaves, MEDIA, TARGETS } from './fields.js';
import type { Rules } from './model.js';
import type { Values } from './values.js';

/** Beside the collection under test. */
export const NEIGHBOURS = {
  targets: { fields: [{ name: 'title', type: 'text' }] },
  others: { fields: [{ name: 'target', type: 'relationship', relationship: { collection: 'targets' } }] },
  media: { upload: true, fields: [] },
};

/** The data of a write: group leaves in tables, or `flat` as `group__leaf` keys. */
export function dataOf(given: Collection, values: Values, flat: boolean): { [key: string]: Json } {
  const data: { [key: string]: Json } = {};
  const put = (path: readonly string[], value: Json | undefined) => {
    if (value === undefined) return;
    if (flat || path.length === 1) {
      data[path.join('__')] = value;
      return;
    }
    let at = data;
    for (const name of path.slice(0, -1)) {
      at[name] ??= {};
      at = at[name] as { [key: string]: Json };
    }
    at[path[path.length - 1]!] = value;
  };
  for (const { path, field } of leaves(given.fields)) {
    put(path, values[path.join('__')]);
    if (field.timezone) put([...path.slice(0, -1), `${field.name}_tz`], values[`${path.join('__')}_tz`]);
  }
  return data;
}

/** The collection is `docs`. */
export function openWith(given: Collection, rules: Rules): Stage {
  const stage = openStage({
    collections: { ...NEIGHBOURS, docs: given },
    settings: {
      generation: rules.generation,
      pagination: { defaultLimit: 10, maxLimit: 100, mode: 'page' },
      locale: { default: 'en', locales: rules.locales, fallback: rules.fallback },
    },
  });
  for (const id of TARGETS) {
    stage.execute(`INSERT INTO targets (id) VALUES ('${id}')`);
    stage.execute(`INSERT INTO others (id) VALUES ('${id}')`);
  }
  for (const id of MEDIA) stage.execute(`INSERT INTO media (id, filename) VALUES ('${id}', 'a.png')`);
  return stage;
}
