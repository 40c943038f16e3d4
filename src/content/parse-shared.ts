/** Options that collections and globals share: versions, live, the slug (Lua API 3.1). */
import type { Json } from '../domain/json.js';
import { slugProblem } from '../domain/slug.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable } from '../lua/value.js';
import type { Parsing, Reader } from './parse-reader.js';
import { toRef } from './parse-refs.js';
import { ParseFailure } from './parse-value.js';

/** The rules that an `access` table may name, by generation. */
export function accessNames(generation: 8 | 10) {
  const names = ['read', 'create', 'update', 'delete', 'trash'] as const;
  return generation === 10 ? ([...names, 'draft', 'versions', 'unlock', 'admin', 'mcp'] as const) : names;
}

/** What `crap.collections` and `crap.globals` hold themselves, so that `crap.collections.<slug>` cannot be the accessor of such a slug. */
const FUNCTIONS = {
  collections: [
    ...['config', 'count', 'create', 'create_many', 'define', 'delete', 'delete_many', 'find', 'find_by_id', 'list_versions'],
    ...['ref_count', 'restore_version', 'undelete', 'unpublish', 'update', 'update_many', 'validate'],
  ],
  globals: ['config', 'define', 'get', 'list_versions', 'restore_version', 'unpublish', 'update', 'validate'],
};

export function checkSlug(parsing: Parsing, slug: string, namespace: keyof typeof FUNCTIONS): void {
  const problem = slugProblem(slug, parsing.generation);
  if (problem) throw new ParseFailure(problem);
  const hidden = hiddenBy(slug, namespace, parsing.generation);
  if (hidden) throw new ParseFailure(hidden);
}

/** What is wrong with a slug whose accessor would hide a function, or undefined. */
export function hiddenBy(slug: string, namespace: keyof typeof FUNCTIONS, generation: 8 | 10): string | undefined {
  if (generation !== 10 || !FUNCTIONS[namespace].includes(slug)) return undefined;
  return `Slug '${slug}' would hide crap.${namespace}.${slug} — choose another`;
}

/** true = drafts without a limit; a table gives { drafts = true, max_versions = 0 }; anything else is off. */
export function readVersions(reader: Reader): { drafts: boolean; maxVersions: number } | undefined {
  const value = reader.get('versions');
  if (value === undefined || value === null || value === false) return undefined;
  if (value === true) return { drafts: true, maxVersions: 0 };
  if (!(value instanceof LuaTable)) {
    reader.ignored('versions', 'true or a table', luaTypeName(value), 'write versions = true');
    return undefined;
  }
  const versions = reader.child('versions')!;
  versions.unknownKeys('versions', ['drafts', 'max_versions']);
  return { drafts: versions.boolean('drafts', true), maxVersions: versions.natural('max_versions') ?? 0 };
}

/** false, true, a function reference or { mode, filter, options }, where options are the filter's; undefined = on. */
export function readLive(reader: Reader): Json | undefined {
  const value = reader.get('live');
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  if (value instanceof LuaTable) {
    const live = reader.child('live')!;
    const own = toRef(value);
    if (!own) live.unknownKeys('live', ['mode', 'filter']);
    const filter = own ?? toRef(live.get('filter'));
    const mode = live.string('mode');
    const options = filter?.options === undefined ? undefined : { options: filter.options };
    return { ...(mode !== undefined && { mode }), ...(filter && { filter: filter.ref }), ...options };
  }
  if (typeof value === 'string') return value;
  reader.ignored('live', 'a boolean, the name of a function, or a table', luaTypeName(value));
  return undefined;
}
