/** For tests that walk the `crap` table in Lua: what walks meet, and what they would not meet too. */
import { hiddenNames } from '../../src/bindings/own-names.js';

/** Lua source of `local function each(path, table)`: an iterator of a table's keys and values, hidden names included. */
export function walkEverything(generation: 8 | 10): string {
  const hidden = Object.entries(hiddenNames(generation)).map(([path, names]) => `["${path}"] = { "${names.join('", "')}" }`);
  return `
  local hidden = { ${hidden.join(', ')} }
  local function each(path, t)
    local found = {}
    for key, value in pairs(t) do found[key] = value end
    for _, name in ipairs(hidden[path] or {}) do found[name] = t[name] end
    return pairs(found)
  end`;
}
