/** The text of an error that is a table without __tostring: its JSON, since an address tells nobody anything. */
import { Float, type Json } from '../../domain/json.js';
import { stringifyJson } from '../../domain/json-text.js';
import type { LuaCore, State } from './core.js';
import * as c from './core.js';

/** Limits of what is shown: a script may throw what it likes, and reading it is not interrupted. */
const ENTRY_LIMIT = 100;
const DEPTH_LIMIT = 6;
const TEXT_LIMIT = 1_000;
const CUT = '…';

/** The table on top of `L`, read raw, keys sorted; what is beyond the limits or has no JSON form shows as `…`, functions are left out. */
export function errorTableText(core: LuaCore, L: State): string {
  return stringifyJson(readTable(core, L, { left: ENTRY_LIMIT }, 0));
}

function readTable(core: LuaCore, L: State, budget: { left: number }, depth: number): Json {
  if (depth >= DEPTH_LIMIT || core.lua_checkstack(L, 4) === 0) return CUT;
  const table = core.lua_gettop(L);
  const length = core.rawLength(L, table);
  const members = new Map<string, Json>();
  const list: Json[] = [];
  let listed = length > 0;
  core.lua_pushnil(L);
  while (core.lua_next(L, table) !== 0) {
    if (budget.left-- <= 0) {
      core.lua_settop(L, table);
      if (listed) list.push(CUT);
      members.set(CUT, CUT);
      break;
    }
    const key = readKey(core, L);
    const value = readValue(core, L, budget, depth);
    core.lua_settop(L, table + 1);
    if (key === undefined || value === undefined) continue;
    if (typeof key === 'number' && key >= 1 && key <= ENTRY_LIMIT) list[key - 1] = value;
    else listed = false;
    members.set(String(key), value);
  }
  if (listed) return Array.from(list, (entry) => entry ?? null);
  return Object.fromEntries([...members].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The key below the value on top. */
function readKey(core: LuaCore, L: State): string | number | undefined {
  const type = core.lua_type(L, -2);
  if (type === c.NUMBER) {
    const key = core.readNumber(L, -2);
    return typeof key === 'number' ? key : String(key instanceof Float ? key.value : key);
  }
  return type === c.STRING ? cut(core.readText(L, -2)) : undefined;
}

function readValue(core: LuaCore, L: State, budget: { left: number }, depth: number): Json | undefined {
  switch (core.lua_type(L, -1)) {
    case c.BOOLEAN:
      return core.lua_toboolean(L, -1) !== 0;
    case c.NUMBER:
      return finite(core.readNumber(L, -1));
    case c.STRING:
      return cut(core.readText(L, -1));
    case c.TABLE:
      return readTable(core, L, budget, depth + 1);
    case c.FUNCTION:
      return undefined;
    default:
      return CUT;
  }
}

function finite(value: number | bigint | Float): Json {
  if (typeof value === 'bigint') return value;
  return Number.isFinite(value instanceof Float ? value.value : value) ? value : CUT;
}

function cut(text: string | Uint8Array): string {
  const shown = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
  return shown.length > TEXT_LIMIT ? `${shown.slice(0, TEXT_LIMIT)}${CUT}` : shown;
}
