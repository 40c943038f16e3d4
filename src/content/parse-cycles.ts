/** Definitions are trees: a table that contains itself (blocks whose fields hold the same blocks) has no end of columns and checks. */
import { LuaTable, type LuaValue } from '../lua/value.js';
import { ParseFailure } from './parse-value.js';

/** Throws ParseFailure with the place where a table comes again inside itself. Tables used in several places are fine. */
export function refuseCycles(config: LuaTable): void {
  const open = new Set<LuaTable>();
  const done = new Set<LuaTable>();
  const visit = (value: LuaValue, path: string): void => {
    if (!(value instanceof LuaTable) || done.has(value)) return;
    if (open.has(value)) {
      throw new ParseFailure(
        `'${path}' is a table that contains itself; write the nesting out to the depth that is needed, with a function that returns a new table for each level`,
      );
    }
    open.add(value);
    for (const [key, entry] of value.entries) {
      visit(entry, typeof key === 'string' ? `${path}${path === '' ? '' : '.'}${key}` : `${path}[${String(key)}]`);
    }
    open.delete(value);
    done.add(value);
  };
  visit(config, '');
}
