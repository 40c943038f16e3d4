/** Function references of definitions: hook lists, access rules, validators. A string, or `{ ref, options }` of the later generation. */
import type { FunctionRef } from '../domain/job.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { Reader } from './parse-reader.js';
import { textElement, textOf, toJson } from './parse-value.js';

/** A reference, or undefined when the value is none. */
export function toRef(value: LuaValue): FunctionRef | undefined {
  if (value instanceof LuaTable) {
    const ref = value.get('ref');
    if (typeof ref !== 'string') return undefined;
    const options = value.get('options');
    return options === undefined || options === null ? { ref } : { ref, options: toJson(options) };
  }
  const ref = textOf(value);
  return ref === undefined ? undefined : { ref };
}

/** A reference under `key`; anything else counts as absent. */
export function readRef(reader: Reader, key: string): FunctionRef | undefined {
  const value = reader.get(key);
  if (value === undefined || value === null) return undefined;
  const ref = toRef(value);
  if (!ref) reader.ignored(key, 'the name of a function', luaTypeName(value), 'put the function into a module and write "module.function"');
  return ref;
}

/** The lists of a `hooks` table, one a known event, in the order given. */
export function readHooks<Name extends string>(reader: Reader, names: readonly Name[]): Record<Name, FunctionRef[]> {
  const hooks = reader.child('hooks');
  hooks?.unknownKeys('hooks', names);
  const lists = names.map((name) => [name, hooks ? readHookList(hooks, name) : []]);
  return Object.fromEntries(lists) as Record<Name, FunctionRef[]>;
}

function readHookList(hooks: Reader, name: string): FunctionRef[] {
  const value = hooks.get(name);
  if (value === undefined || value === null) return [];
  if (!(value instanceof LuaTable)) {
    hooks.ignored(name, 'a list of function names', luaTypeName(value), `write ${name} = { "module.function" }`);
    return [];
  }
  return (hooks.list(name, 'function names') ?? []).map((item) => toRef(item) ?? { ref: textElement(item) });
}

/** The rules of an `access` table. A function is an error: the rule would be lost, and the collection perhaps open. */
export function readAccess<Name extends string>(reader: Reader, names: readonly Name[]): Partial<Record<Name, FunctionRef>> {
  const rules: Partial<Record<Name, FunctionRef>> = {};
  const access = reader.child('access');
  if (!access) return rules;
  access.unknownKeys('access', names);
  for (const name of names) {
    const value = access.get(name);
    if (luaTypeName(value) === 'function') {
      access.parsing.error(
        'DEFINITION_ACCESS_FUNCTION',
        access.at(name),
        `'${access.at(name)}' expected the name of a function, got a function; without it the rule would be lost`,
        'put the function into a module and write "module.function"',
      );
    } else {
      const ref = readRef(access, name);
      if (ref) rules[name] = ref;
    }
  }
  return rules;
}
