/** Query and option tables of the calls, in both casings and with the reference's leniency (Lua API 4.1, 4.2). */
import { Float } from '../domain/json.js';
import { didYouMean } from '../domain/suggest.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { ContentContext } from './context.js';
import { refused } from './failure.js';
import { refusesUnknownOptions } from './generation.js';
import { parseNumber } from './number-text.js';
import { isNumber, plainNumberText } from './value-text.js';

/** Absent keys are undefined; booleans have their defaults. `where` is parsed against the definition by the operation. */
export interface QueryOptions {
  where?: LuaTable;
  /** The type of a `where` that is no table. */
  whereIs?: string;
  orderBy?: string;
  limit?: number;
  page?: number;
  offset?: number;
  depth?: number;
  select?: string[];
  search?: string;
  afterCursor?: string;
  beforeCursor?: string;
  locale?: string;
  draft: boolean;
  trash: boolean;
  unpublish: boolean;
  /** undefined = the context's default. */
  overrideAccess?: boolean;
  /** Default true. */
  hooks: boolean;
  /** Listeners are told of what is written. Default true. */
  events: boolean;
  forceHardDelete: boolean;
  /** validate: the document that the data is meant for. */
  id?: string;
  /** Every key, as it was written. */
  keys: string[];
  /** Keys that mean nothing: an error in generation 10. */
  unknown: string[];
}

const KEYS: Record<string, string> = {
  where: 'where',
  order_by: 'orderBy',
  orderBy: 'orderBy',
  limit: 'limit',
  page: 'page',
  offset: 'offset',
  depth: 'depth',
  select: 'select',
  search: 'search',
  after_cursor: 'afterCursor',
  afterCursor: 'afterCursor',
  before_cursor: 'beforeCursor',
  beforeCursor: 'beforeCursor',
  locale: 'locale',
  draft: 'draft',
  trash: 'trash',
  unpublish: 'unpublish',
  overrideAccess: 'overrideAccess',
  override_access: 'overrideAccess',
  hooks: 'hooks',
  forceHardDelete: 'forceHardDelete',
  force_hard_delete: 'forceHardDelete',
  events: 'events',
  id: 'id',
};

/** Names as generation 10 writes them, for its messages. */
const CAMEL = /[A-Z]/;
const SHOWN = Object.keys(KEYS).filter((key) => !CAMEL.test(key));

/** A table, or a plain object of the CLI and HTTP, as a table. */
export function asTable(value: LuaValue | object): LuaTable | undefined {
  if (value instanceof LuaTable) return value;
  if (Array.isArray(value)) return new LuaTable(new Map(value.map((entry, i) => [i + 1, entry as LuaValue])), value.length);
  if (typeof value !== 'object' || value === null || value instanceof Float || value instanceof Uint8Array) return undefined;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return undefined;
  return (value as { kind?: unknown }).kind === 'function' && 'ref' in value ? undefined : new LuaTable(new Map(Object.entries(value)), 0);
}

/** Throws only for an overrideAccess that is no boolean; other values of a wrong type count as absent. */
export function parseQuery(options: LuaTable | { [key: string]: LuaValue } | undefined): QueryOptions {
  const query: QueryOptions = {
    draft: false,
    trash: false,
    unpublish: false,
    hooks: true,
    events: true,
    forceHardDelete: false,
    keys: [],
    unknown: [],
  };
  const table = options === undefined ? undefined : asTable(options);
  if (!table) return query;
  for (const [key, value] of table.entries) {
    const name = typeof key === 'string' ? key : String(key);
    query.keys.push(name);
    const meaning = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
    if (meaning === undefined) query.unknown.push(name);
    else if (value !== undefined && value !== null) set(query, meaning, value);
  }
  return query;
}

function set(query: QueryOptions, meaning: string, value: LuaValue): void {
  switch (meaning) {
    case 'where':
      query.where = asTable(value);
      if (!query.where) query.whereIs = luaTypeName(value);
      break;
    case 'orderBy':
    case 'search':
    case 'afterCursor':
    case 'beforeCursor':
    case 'locale':
    case 'id':
      query[meaning] = text(value);
      break;
    case 'limit':
    case 'page':
    case 'offset':
    case 'depth':
      query[meaning] = integer(value);
      break;
    case 'select': {
      const list = asTable(value);
      if (list) query.select = listOfTexts(list);
      break;
    }
    case 'overrideAccess':
      if (typeof value !== 'boolean') {
        throw refused('OPTION_INVALID', `overrideAccess must be true or false, got ${luaTypeName(value)}`);
      }
      query.overrideAccess = value;
      break;
    case 'draft':
    case 'trash':
    case 'unpublish':
    case 'hooks':
    case 'events':
    case 'forceHardDelete':
      query[meaning] = value !== false;
      break;
    default:
  }
}

function text(value: LuaValue): string | undefined {
  if (typeof value === 'string') return value;
  return isNumber(value) ? plainNumberText(value) : undefined;
}

/** Fractions are cut, numeric text counts; NaN and anything else is absent. Clamped to what SQL takes. */
function integer(value: LuaValue): number | undefined {
  const number = isNumber(value)
    ? Number(value instanceof Float ? value.value : value)
    : typeof value === 'string'
      ? parseNumber(value)
      : undefined;
  if (number === undefined || Number.isNaN(number)) return undefined;
  return Math.max(Math.min(Math.trunc(number), Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER) + 0;
}

function listOfTexts(list: LuaTable): string[] {
  const names: string[] = [];
  for (let i = 1; i <= list.length; i++) {
    const name = text(list.get(i));
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** Refuses unknown option keys under generation 10. `context` as in the reference: "find", "update" … `valid`: the only keys that are known. */
export function checkOptions(ctx: ContentContext, query: QueryOptions, context: string, valid?: readonly string[]): void {
  const key = valid ? query.keys.find((name) => !valid.includes(name)) : query.unknown[0];
  if (key === undefined || !refusesUnknownOptions(ctx.settings.generation)) return;
  const shown = valid?.filter((name) => !CAMEL.test(name)) ?? SHOWN;
  throw refused(
    'OPTION_UNKNOWN',
    `Unknown ${context} config key '${key}'${didYouMean(key, shown)}. Valid keys: ${[...shown].sort().join(', ')}`,
  );
}

/** Options of delete under generation 10: it deletes in every locale. */
export const ALL_BUT_LOCALE = Object.keys(KEYS).filter((key) => key !== 'locale');

/** The query of update_many and delete_many under generation 10: what else a find takes would be ignored. */
export const ONLY_WHERE = ['where'] as const;
