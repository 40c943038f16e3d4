/** Results with a pagination table as Lua gets them: the keys of the project's generation, the other spelling behind them. */
import type { Json } from '../domain/json.js';
import { type LuaValue, Shadowed } from '../lua/value.js';

/**
 * `pagination` holds every key in both spellings, totalDocs and total_docs. A script reads either; `pairs`, JSON and a project that looks
 * at the whole table see those of its generation only, as on the reference: camelCase under 8, snake_case under 10.
 */
export function withPagination(result: object, generation: 8 | 10): LuaValue {
  const { pagination } = result as { pagination: { [key: string]: Json } };
  const own: { [key: string]: LuaValue } = {};
  const behind: { [key: string]: LuaValue } = {};
  for (const [key, value] of Object.entries(pagination)) {
    const spelling = key.includes('_') ? 10 : /[A-Z]/.test(key) ? 8 : generation;
    (spelling === generation ? own : behind)[key] = value as LuaValue;
  }
  return { ...result, pagination: new Shadowed(own, behind) } as unknown as LuaValue;
}
