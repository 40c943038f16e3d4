/** Which fields of the current user have no value (Lua API 10.4): a rule that read one and returns a constraint may have lost a condition. */
import type { Json, JsonObject } from '../domain/json.js';
import type { ContentContext, UnsetFields } from './context.js';
import { unsetFieldsDeny } from './generation.js';
import type { FieldDefinition } from './schema.js';

/** Undefined where nothing has to be watched. A user given as a table may name what has no value as null. */
export function unsetOfUser(ctx: Pick<ContentContext, 'settings' | 'user' | 'registry'>): UnsetFields | undefined {
  const { user, settings, registry } = ctx;
  if (user === undefined || !unsetFieldsDeny(settings.generation)) return undefined;
  const unset: UnsetFields = {};
  for (const [name, value] of Object.entries(user)) if (value === null) unset[name] = true;
  for (const collection of registry.collections.values()) {
    const other = typeof user['collection'] === 'string' && user['collection'] !== collection.slug;
    if (collection.auth && !other) addUnset(collection.fields, user, unset);
  }
  return Object.keys(unset).length === 0 ? undefined : unset;
}

function addUnset(fields: readonly FieldDefinition[], values: JsonObject, into: UnsetFields): void {
  for (const field of fields) {
    if (field.type === 'row' || field.type === 'collapsible') addUnset(field.fields, values, into);
    else if (field.type === 'tabs') for (const tab of field.tabs) addUnset(tab.fields, values, into);
    else if (field.type === 'group') {
      const group = values[field.name];
      const inner: UnsetFields = {};
      if (isObject(group)) addUnset(field.fields, group, inner);
      into[field.name] = isObject(group) ? inner : true;
    } else if (values[field.name] === undefined || values[field.name] === null) into[field.name] = true;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) === Object.prototype;
}
