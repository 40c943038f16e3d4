/** Content operations over a real database file, with project code played by functions of the test: no VM is needed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../src/bindings/password.js';
import type { ContentContext, ContentSettings, Document } from '../../src/content/context.js';
import { count } from '../../src/content/count.js';
import { create } from '../../src/content/create.js';
import { createMany } from '../../src/content/create-many.js';
import { remove } from '../../src/content/delete.js';
import { deleteMany } from '../../src/content/delete-many.js';
import { find } from '../../src/content/find.js';
import { findById } from '../../src/content/find-by-id.js';
import { getGlobal } from '../../src/content/global-get.js';
import { updateGlobal } from '../../src/content/global-update.js';
import { listVersions } from '../../src/content/list-versions.js';
import { parseCollection } from '../../src/content/parse-collection.js';
import { parseGlobal } from '../../src/content/parse-global.js';
import { parseQuery } from '../../src/content/query.js';
import { refCount } from '../../src/content/ref-count.js';
import { restoreVersion } from '../../src/content/restore-version.js';
import { syncSchema } from '../../src/content/sync.js';
import { undelete } from '../../src/content/undelete.js';
import { unpublish } from '../../src/content/unpublish.js';
import { update } from '../../src/content/update.js';
import { updateMany } from '../../src/content/update-many.js';
import { validateDocument } from '../../src/content/validate-document.js';
import { Float, type JsonObject } from '../../src/domain/json.js';
import type { Op } from '../../src/domain/op.js';
import { BindingError, LuaError } from '../../src/lua/errors.js';
import { type LuaFunction, LuaTable, type LuaValue } from '../../src/lua/value.js';
import { emptyRegistry } from '../../src/project/registry.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { RunTransaction } from '../../src/store/sqlite/transaction.js';

export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** Drives an Op whose only waits are grants of the write queue, which are there at once. */
export function run<T>(op: Op<T>): T {
  let step = op.next();
  while (!step.done) {
    const { reason, block } = step.value;
    if (!block) throw new Error(`waited for ${reason}`);
    step = op.next(block.call(step.value));
  }
  return step.value;
}

/** A function of the project: gets what Lua would get, returns plain values, throws what Lua would raise. */
export type ProjectFunction = (...args: never[]) => unknown;

export interface StageOptions {
  collections?: Record<string, object>;
  globals?: Record<string, object>;
  /** By ref. */
  functions?: Record<string, ProjectFunction>;
  registered?: Record<string, ProjectFunction[]>;
  settings?: Partial<ContentSettings>;
}

export interface Stage {
  ctx: ContentContext;
  database: Database;
  warnings: string[];
  functions: Record<string, ProjectFunction>;
  registered: Record<string, ProjectFunction[]>;
  create(slug: string, data: object, options?: object): Document;
  update(slug: string, id: string, data: object, options?: object): Document;
  remove(slug: string, id: string, options?: object): true;
  find(slug: string, query?: object): { documents: Document[]; pagination: JsonObject };
  findById(slug: string, id: string, options?: object): Document | undefined;
  count(slug: string, query?: object): number;
  createMany(slug: string, items: unknown[], options?: object): { created: number; documents: Document[] };
  updateMany(slug: string, query: object, data: object, options?: object): { modified: number };
  deleteMany(slug: string, query: object, options?: object): { deleted: number; skipped: number };
  undelete(slug: string, id: string, options?: object): true;
  validate(slug: string, data: object, options?: object): object;
  refCount(slug: string, id: string, options?: object): number;
  unpublish(slug: string, id: string, options?: object): Document;
  /** Newest first. */
  versions(slug: string, id: string, options?: object): { id: string; version: number; status: string; latest: boolean }[];
  listVersions(slug: string, id: string, options?: object): JsonObject;
  restoreVersion(slug: string, id: string, version: string, options?: object): Document;
  getGlobal(slug: string, options?: object): Document;
  updateGlobal(slug: string, data: object, options?: object): Document;
  /** The text of the error that the call raises, as Lua's tostring begins. */
  failure(call: () => unknown): string;
  /** Rows as stored. */
  rows(sql: string): Record<string, unknown>[];
  /** A statement of another program. */
  execute(sql: string): void;
  dispose(): void;
}

/** What a script's table looks like to the host: plain objects and lists become LuaTables, at every level. */
export function lua(value: unknown): LuaValue {
  if (Array.isArray(value)) return new LuaTable(new Map(value.map((entry, i) => [i + 1, lua(entry)])), value.length);
  if (typeof value !== 'object' || value === null || value instanceof Float || value instanceof Uint8Array) return value as LuaValue;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value as LuaValue;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined && entry !== null);
  return new LuaTable(new Map(entries.map(([key, entry]) => [key, lua(entry)])), 0);
}

/** What `error("text")` in project code comes out as. */
export function raise(message: string): never {
  throw new LuaError('runtime', message);
}

const SETTINGS: ContentSettings = {
  generation: 8,
  defaultDeny: false,
  maxHookDepth: 3,
  pagination: { defaultLimit: 10, maxLimit: 50, mode: 'page' },
  locale: { default: 'en', locales: [], fallback: true },
};

export function openStage(options: StageOptions = {}): Stage {
  const dir = mkdtempSync(join(tmpdir(), 'ml-content-'));
  const database = openDatabase({ path: join(dir, 'crap.db'), create: true });
  const settings: ContentSettings = { ...SETTINGS, ...options.settings };
  const registry = emptyRegistry();
  const parsing = { generation: settings.generation, file: 'collections/test.lua', line: 1 };
  for (const [slug, config] of Object.entries(options.collections ?? {})) {
    registry.collections.set(slug, parseCollection(slug, lua(config) as LuaTable, parsing).definition);
  }
  for (const [slug, config] of Object.entries(options.globals ?? {})) {
    registry.globals.set(slug, parseGlobal(slug, lua(config) as LuaTable, parsing).definition);
  }
  run(
    writeTransaction(database, noQueue, 'test', function* (db) {
      yield* migrate(db);
      yield* syncSchema(db, registry, settings);
    }),
  );
  const functions = { ...options.functions };
  const registered = { ...options.registered };
  const warnings: string[] = [];
  let db = new RunTransaction(database, noQueue, { owner: 'test' });
  const call = (fn: ProjectFunction | undefined, args: readonly LuaValue[], name: string) => {
    if (!fn) throw new LuaError('runtime', `Failed to require module '${name}'`, { cause: undefined });
    return lua(fn(...(args as never[])));
  };
  const ctx: ContentContext = {
    get db() {
      return db;
    },
    registry,
    settings,
    lua: {
      *callRef(ref, args): Op<LuaValue> {
        yield* [];
        return call(functions[ref], args, ref);
      },
      *callFunction(fn, args): Op<LuaValue> {
        yield* [];
        return call(Object.values(registered).flat()[fn.ref], args, 'registered');
      },
      registered(event): LuaFunction[] {
        const all = Object.values(registered).flat();
        return (registered[event] ?? []).map((fn) => ({ kind: 'function', vm: database, ref: all.indexOf(fn) }));
      },
      warn: (text) => warnings.push(text),
    },
    clock: { now: () => NOW, monotonic: () => 0 },
    user: undefined,
    uiLocale: undefined,
    hookDepth: 0,
    overrideAccessByDefault: false,
    nesting: 0,
    hashPassword,
    *within(change, body) {
      const before = {
        hookDepth: ctx.hookDepth,
        overrideAccessByDefault: ctx.overrideAccessByDefault,
        withoutCrud: ctx.withoutCrud,
        nesting: ctx.nesting,
      };
      Object.assign(ctx, change);
      try {
        return yield* body();
      } finally {
        Object.assign(ctx, before);
      }
    },
  };
  const query = (given?: object) => parseQuery(given && (lua(given) as LuaTable));
  const table = (data: object) => lua(data) as LuaTable;
  return {
    ctx,
    database,
    warnings,
    functions,
    registered,
    create: (slug, data, opts) => run(create(ctx, slug, table(data), query(opts))),
    update: (slug, id, data, opts) => run(update(ctx, slug, id, table(data), query(opts))),
    remove: (slug, id, opts) => run(remove(ctx, slug, id, query(opts))),
    find: (slug, opts) => run(find(ctx, slug, query(opts))),
    findById: (slug, id, opts) => run(findById(ctx, slug, id, query(opts))),
    count: (slug, opts) => run(count(ctx, slug, query(opts))),
    createMany: (slug, items, opts) => run(createMany(ctx, slug, table(items), query(opts))),
    updateMany: (slug, which, data, opts) => run(updateMany(ctx, slug, query(which), table(data), query(opts))),
    deleteMany: (slug, which, opts) => run(deleteMany(ctx, slug, query(which), query(opts))),
    undelete: (slug, id, opts) => run(undelete(ctx, slug, id, query(opts))),
    validate: (slug, data, opts) => run(validateDocument(ctx, slug, table(data), query(opts))),
    refCount: (slug, id, opts) => run(refCount(ctx, slug, id, query(opts))),
    unpublish: (slug, id, opts) => run(unpublish(ctx, slug, id, query(opts))),
    versions: (slug, id, opts) => {
      const result = run(listVersions(ctx, slug, id, query(opts)));
      return (result['docs'] ?? result['documents']) as never;
    },
    listVersions: (slug, id, opts) => run(listVersions(ctx, slug, id, query(opts))),
    restoreVersion: (slug, id, version, opts) => run(restoreVersion(ctx, slug, id, version, query(opts))),
    getGlobal: (slug, opts) => run(getGlobal(ctx, slug, query(opts))),
    updateGlobal: (slug, data, opts) => run(updateGlobal(ctx, slug, table(data), query(opts))),
    failure(body) {
      try {
        body();
      } catch (error) {
        if (error instanceof BindingError) return error.prefixed ? `runtime error: ${error.message}` : error.message;
        throw error;
      }
      throw new Error('the call did not fail');
    },
    rows: (sql) => run(db.all(sql)),
    execute: (sql) => void run(db.run(sql)),
    dispose() {
      db.rollback();
      db = undefined as never;
      database.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
