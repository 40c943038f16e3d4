/** Tables of Lua have no order of keys: what people read and compare shows them sorted. */
import { Float, type Json } from '../domain/json.js';

/** The same value with the keys of every object sorted; whole numbers as keys come first. */
export function sortedJson(value: Json): Json {
  if (typeof value !== 'object' || value === null || value instanceof Float) return value;
  if (Array.isArray(value)) return value.map(sortedJson);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sortedJson(entry as Json)]));
}
