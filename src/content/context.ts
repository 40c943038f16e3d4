/** What every content operation is given: the database of the calling transaction, the definitions, the settings, and the way to Lua. */

import type { Clock } from '../domain/clock.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaFunction, LuaValue } from '../lua/value.js';
import type { Db } from '../store/db.js';
import type { ChangeSink } from './changes.js';
import type { CollectionDefinition, GlobalDefinition } from './schema.js';

/** The definitions content works on; a view of the project's registry. */
export interface ContentRegistry {
  collections: Map<string, CollectionDefinition>;
  globals: Map<string, GlobalDefinition>;
}

export interface ContentSettings {
  generation: 8 | 10;
  defaultDeny: boolean;
  maxHookDepth: number;
  pagination: { defaultLimit: number; maxLimit: number; mode: 'page' | 'cursor' };
  /** Depth of reads under generation 10: where a call says nothing, and at most. Absent: 0 and 10, as in generation 8. */
  depth?: { default: number; max: number };
  locale: { default: string; locales: string[]; fallback: boolean };
  /** What passwords given from Lua must be; absent under generation 8, where any text is one. */
  passwordPolicy?: PasswordPolicy;
}

/** Lengths in characters. */
export interface PasswordPolicy {
  minLength: number;
  maxLength: number;
  requireUppercase: boolean;
  requireLowercase: boolean;
  requireDigit: boolean;
  requireSpecial: boolean;
}

/** Names of a document's fields that have no value; those inside a group as a table of their own. */
export interface UnsetFields {
  [field: string]: true | UnsetFields;
}

/** Calls into project code, implemented over the VM by bindings/lua-caller.ts. */
export interface LuaCaller {
  /** Resolves and calls a function ref; ends with its first result. `options` of the ref travel as `ctx.options`. */
  callRef(ref: string, args: readonly LuaValue[]): Op<LuaValue>;
  /**
   * The same for an access rule whose `argument.user` lacks the fields of `unset` (those of groups as tables): its answer, and whether it
   * read one of them. Absent where nobody can tell.
   */
  callRule?(ref: string, argument: { [key: string]: LuaValue }, unset: UnsetFields): Op<{ answer: LuaValue; readUnset: boolean }>;
  callFunction(fn: LuaFunction, args: readonly LuaValue[]): Op<LuaValue>;
  /** The functions registered for an event with crap.hooks.register, in order; a non-function entry raises the reference's text. */
  registered(event: string): LuaFunction[];
  /** A message with the position that it begins with made relative to the project folder; absent where paths are shown whole. */
  relative?(message: string): string;
  /** A warning of the host about project code (host log and the run's log). */
  warn(text: string): void;
}

export interface ContentContext {
  db: Db;
  registry: ContentRegistry;
  settings: ContentSettings;
  lua: LuaCaller;
  clock: Clock;
  /** The current user's document, undefined in jobs, on_init and migrations. */
  user: JsonObject | undefined;
  uiLocale: string | undefined;
  /** Depth of nested writes with hooks; 0 at top level. Operations raise it around the hooks they run. */
  hookDepth: number;
  /** Default of overrideAccess where the caller gave none: true in handler code, migrations and eval without --user; false in hooks, on_init, access functions. */
  overrideAccessByDefault: boolean;
  /** In after_read hooks of generation 10, and while a change is told: calls into the database are refused. */
  withoutCrud?: boolean | 'broadcast';
  /** Calls into project code that stand above the one that is being executed. */
  nesting: number;
  /** Where writes note what they changed; absent where nobody is told. */
  changes?: ChangeSink;
  /** Ends with the Argon2id hash of a password, in PHC form. */
  hashPassword(password: string): Op<string>;
  /** Runs `body` as code of a hook or access function: what `change` names is as given, restored afterwards. */
  within<T>(change: InProjectCode, body: () => Op<T>): Op<T>;
}

/** What is different while project code runs inside an operation. */
export interface InProjectCode {
  hookDepth?: number;
  overrideAccessByDefault?: boolean;
  withoutCrud?: boolean | 'broadcast';
  nesting?: number;
}

/** A document as Lua and JSON see it: id, fields, created_at, updated_at. Group fields nested; SQL NULL absent. */
export type Document = { id: string } & { [key: string]: Json };
