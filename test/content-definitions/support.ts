/** Definitions from JavaScript tables, throw-away database files, and VMs that load a project's definition files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContentRegistry, ContentSettings } from '../../src/content/context.js';
import { parseCollection } from '../../src/content/parse-collection.js';
import { parseGlobal } from '../../src/content/parse-global.js';
import { renderCollection, renderGlobal } from '../../src/content/render-config.js';
import type { CollectionDefinition, GlobalDefinition } from '../../src/content/schema.js';
import { collectionView, globalView, listCollections, listGlobals } from '../../src/content/schema-view.js';
import { type SyncReport, syncSchema } from '../../src/content/sync.js';
import type { Problem } from '../../src/domain/errors.js';
import { type Op, runAsync } from '../../src/domain/op.js';
import { BindingError } from '../../src/lua/errors.js';
import { LuaTable, type LuaValue, Opaque } from '../../src/lua/value.js';
import { type Binding, type Engine, Multi, type Vm } from '../../src/lua/vm.js';
import type { Db, Row } from '../../src/store/db.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { noQueue, readNow, writeTransaction } from '../../src/store/sqlite/short-transaction.js';

export type Config = { [key: string]: unknown };

/** Arrays and objects as the tables that Lua would hand over; functions as opaque values. */
export function lua(value: unknown): LuaValue {
  if (typeof value === 'function') return new Opaque('function');
  if (Array.isArray(value)) return new LuaTable(new Map(value.map((item, index) => [index + 1, lua(item)])), value.length);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return new LuaTable(new Map(Object.entries(value).map(([key, item]) => [key, lua(item)])));
  }
  return value as LuaValue;
}

export interface Parsed<T> {
  definition: T;
  warnings: Problem[];
}

export function collection(slug: string, config: Config, generation: 8 | 10 = 8): Parsed<CollectionDefinition> {
  return parseCollection(slug, lua(config) as LuaTable, { generation, file: `collections/${slug}.lua`, line: 3 });
}

export function global(slug: string, config: Config, generation: 8 | 10 = 8): Parsed<GlobalDefinition> {
  return parseGlobal(slug, lua(config) as LuaTable, { generation, file: `globals/${slug}.lua`, line: 1 });
}

/** What a definition is refused with; fails when it is not. */
export function refusal(body: () => unknown): BindingError {
  try {
    body();
  } catch (error) {
    if (error instanceof BindingError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

export function registryOf(...definitions: (CollectionDefinition | GlobalDefinition)[]): ContentRegistry {
  const registry: ContentRegistry = { collections: new Map(), globals: new Map() };
  for (const definition of definitions) {
    if ('timestamps' in definition) registry.collections.set(definition.slug, definition);
    else registry.globals.set(definition.slug, definition);
  }
  return registry;
}

export function settings(locales: string[] = [], generation: 8 | 10 = 8): Pick<ContentSettings, 'generation' | 'locale'> {
  return { generation, locale: { default: 'en', locales, fallback: true } };
}

/** A database file of its own. */
export class TestDatabase {
  readonly dir = mkdtempSync(join(tmpdir(), 'ml-d-'));
  readonly database: Database = openDatabase({ path: join(this.dir, 'crap.db'), create: true });

  sync(registry: ContentRegistry, with_ = settings()): SyncReport {
    return this.write((db) => syncSchema(db, registry, with_));
  }

  write<T>(body: (db: Db) => Op<T>): T {
    return blocking(writeTransaction(this.database, noQueue, 'test', body));
  }

  all(sql: string, ...params: (string | number)[]): Row[] {
    return readNow(this.database, (db) => db.all(sql, params));
  }

  exec(sql: string): void {
    this.database.exec(sql);
  }

  /** Every statement of the schema, in the order of creation. */
  schema(): string[] {
    return this.all('SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid').map((row) => String(row['sql']));
  }

  columns(table: string): string[] {
    return this.all('SELECT name FROM pragma_table_info(?)', table).map((row) => String(row['name']));
  }

  dispose(): void {
    this.database.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Runs an Op whose waits can all be waited for by blocking. */
function blocking<T>(op: Op<T>): T {
  let step = op.next();
  while (!step.done) step = op.next(step.value.block?.());
  return step.value;
}

const FACTORIES = 'crap.fields = setmetatable({}, { __index = function(_, name) return function(t) t.type = name return t end end })';

export interface Loaded {
  vm: Vm;
  registry: ContentRegistry;
  warnings: Problem[];
  dispose(): void;
}

/** Runs the definition files of a project folder in a VM that has only `define`, `config`, `schema` and the field factories. */
export async function loadProject(engine: Engine, dir: string): Promise<Loaded> {
  await engine.load();
  const vm = engine.create({ projectDir: dir, label: 'test', print: () => {} });
  const registry = registryOf();
  const warnings: Problem[] = [];
  const bind = (run: (...args: never[]) => Multi): Binding => ({ params: ['string', 'table'], run });
  const read = (run: (...args: never[]) => LuaValue): Binding => ({ params: ['string'], run });
  const list = (run: () => LuaValue): Binding => ({ params: [], run });
  const { collections, globals } = registry;
  vm.register('crap.collections', {
    define: bind((slug: string, config: LuaTable) => {
      const parsed = parseCollection(slug, config, { generation: 8 });
      warnings.push(...parsed.warnings);
      collections.set(slug, parsed.definition);
      return new Multi();
    }),
  });
  vm.register('crap.globals', {
    define: bind((slug: string, config: LuaTable) => {
      globals.set(slug, parseGlobal(slug, config, { generation: 8 }).definition);
      return new Multi();
    }),
  });
  vm.register('crap.collections.config', {
    get: read((slug: string) => (collections.has(slug) ? renderCollection(collections.get(slug)!) : undefined)),
    list: list(() => Object.fromEntries([...collections].map(([slug, definition]) => [slug, renderCollection(definition)]))),
  });
  vm.register('crap.globals.config', {
    get: read((slug: string) => (globals.has(slug) ? renderGlobal(globals.get(slug)!) : undefined)),
    list: list(() => Object.fromEntries([...globals].map(([slug, definition]) => [slug, renderGlobal(definition)]))),
  });
  vm.register('crap.schema', {
    get_collection: read((slug: string) => (collections.has(slug) ? collectionView(collections.get(slug)!) : undefined)),
    get_global: read((slug: string) => (globals.has(slug) ? globalView(globals.get(slug)!) : undefined)),
    list_collections: list(() => listCollections(registry)),
    list_globals: list(() => listGlobals(registry)),
  });
  vm.begin({ deadline: Number.POSITIVE_INFINITY, maxInstructions: Number.POSITIVE_INFINITY, sliceMs: Number.POSITIVE_INFINITY });
  await runAsync(vm.execute(FACTORIES, '=factories'));
  for (const folder of ['collections', 'globals']) {
    for (const file of readdirSync(join(dir, folder)).sort()) {
      await runAsync(vm.execute(readFileSync(join(dir, folder, file), 'utf8'), join(dir, folder, file)));
    }
  }
  return { vm, registry, warnings, dispose: () => vm.close() };
}
