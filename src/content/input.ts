/** The data of a write as hooks, validation and columns see it (Lua API 4.8). */
import { Float, type Json, type JsonObject } from '../domain/json.js';
import { BindingError } from '../lua/errors.js';
import { luaToJson } from '../lua/json.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { Plan, PlannedLeaf } from './plan.js';
import { isNumber, isObject, plainNumberText } from './value-text.js';

export interface Input {
  /** Changed in place or replaced by hooks. */
  data: JsonObject;
  /**
   * The flat `group__leaf` texts that were put beside group tables for hooks. As long as such a text is what it was, the table counts;
   * a hook that changes it overrides the table.
   */
  copies: ReadonlyMap<string, string>;
}

/** A key `__proto__` is no field and is dropped. Throws "Invalid float value" and the texts of 7.1 for what has no JSON form. Never shares tables with what was given. */
export function inputOf(given: LuaTable | JsonObject): JsonObject {
  if (!(given instanceof LuaTable)) return copyJson(given) as JsonObject;
  const data: JsonObject = {};
  for (const [key, value] of given.entries) {
    if (typeof key === 'string') {
      if (key !== '__proto__') data[key] = valueAt(key, value);
    } else if (key instanceof Uint8Array) luaToJson(key);
  }
  return data;
}

/** Each value counts its depth by itself; what is wrong inside it is named from its key on. */
function valueAt(key: string, value: LuaValue): Json {
  try {
    return luaToJson(value);
  } catch (error) {
    if (!(error instanceof BindingError)) throw error;
    const inside = error.details['at'];
    const at = typeof inside === 'string' ? `${key}${inside.startsWith('[') ? '' : '.'}${inside}` : key;
    throw new BindingError(error.code, error.message, { prefixed: error.prefixed, details: { at }, cause: error });
  }
}

export function copyJson(json: Json): Json {
  if (typeof json !== 'object' || json === null || json instanceof Float) return json;
  if (Array.isArray(json)) return json.map(copyJson);
  const copy: JsonObject = {};
  for (const key of Object.keys(json)) if (key !== '__proto__') copy[key] = copyJson(json[key]!);
  return copy;
}

/** Data as it was given, without copies. */
export function plainInput(data: JsonObject): Input {
  return { data, copies: new Map() };
}

/** Puts one level of texts and numbers of each group table beside it, as `group__leaf` texts; keys that were given are left alone. */
export function withFlatCopies(plan: Plan, data: JsonObject): Input {
  const copies = new Map<string, string>();
  for (const { key, path } of plan.groups) {
    const table = path.length === 1 ? data[key] : undefined;
    if (!isObject(table)) continue;
    for (const [name, value] of Object.entries(table)) {
      const flat = `${key}__${name}`;
      if (flat in data) continue;
      const text = typeof value === 'string' ? value : isNumber(value) ? plainNumberText(value) : undefined;
      if (text === undefined) continue;
      copies.set(flat, text);
      data[flat] = text;
    }
  }
  return { data, copies };
}

export const ABSENT = Symbol('absent');

/** The value given for a leaf: its flat key, unless that is an unchanged copy of a group table's value; else what its groups hold. */
export function valueOfLeaf(input: Input, leaf: Pick<PlannedLeaf, 'key' | 'path'>): Json | typeof ABSENT {
  const { data } = input;
  const { key, path } = leaf;
  if (path.length === 1) return Object.hasOwn(data, key) ? data[key]! : ABSENT;
  if (Object.hasOwn(data, key) && !(input.copies.get(key) === data[key] && isObject(data[path[0]!]))) return data[key]!;
  let at: Json | undefined = data;
  for (const name of path) {
    // A group that is cleared clears its leaves.
    if (at === null) return null;
    if (!isObject(at) || !Object.hasOwn(at, name)) return ABSENT;
    at = at[name];
  }
  return at ?? null;
}
