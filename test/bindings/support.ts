/** A session on a real VM over a throw-away project folder and, where asked for, a real database file. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSession, type DatabaseContext, type Session } from '../../src/bindings/session.js';
import { type CrapConfig, defaultCrapConfig } from '../../src/config/crap-config.js';
import { defaultMoonlighterConfig } from '../../src/config/moonlighter-config.js';
import { syncSchema } from '../../src/content/sync.js';
import { type Op, runAsync, runSync } from '../../src/domain/op.js';
import type { LogLine, Run } from '../../src/domain/run.js';
import type { LuaValue } from '../../src/lua/value.js';
import type { Engine } from '../../src/lua/vm.js';
import { emptyRegistry } from '../../src/project/registry.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, readNow, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore } from '../../src/store/sqlite/store.js';
import { RunTransaction } from '../../src/store/sqlite/transaction.js';

/** The time of every test's clock. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export interface Bench {
  session: Session;
  dir: string;
  lines: LogLine[];
  /** What was told to onQueued and onOutside. */
  queued: string[];
  outside: string[];
  /** Executes a chunk; ends with its results. */
  run(chunk: string): Promise<LuaValue[]>;
  /** The same for one result. */
  value(chunk: string): Promise<LuaValue>;
  /** `pcall` of the chunk: the text of its error, without traceback. */
  failure(chunk: string): Promise<string>;
  /** Phase running, tables made, a transaction entered; `commit` ends it, `rollback` undoes it. */
  enter(context?: Partial<DatabaseContext>): Promise<void>;
  commit(): void;
  rollback(): void;
  runs(): Run[];
  dispose(): void;
}

export interface BenchOptions {
  files?: Record<string, string>;
  generation?: 8 | 10;
  config?: Record<string, Record<string, unknown>>;
  http?: string[];
  env?: Record<string, string>;
}

/** What the tests set beside the defaults. */
const WRITTEN: Record<string, Record<string, unknown>> = {
  access: { default_deny: false },
  auth: { secret: 'golden-probe-secret-0123456789-abcdef' },
  hooks: { http_max_response_bytes: 1000 },
};

function configOf(options: BenchOptions): CrapConfig {
  const config: Record<string, unknown> = { ...structuredClone(defaultCrapConfig(options.generation)), crap_version: '0.1.0-alpha.8' };
  for (const written of [WRITTEN, options.config ?? {}]) {
    for (const [section, keys] of Object.entries(written)) config[section] = { ...(config[section] as object), ...keys };
  }
  return config as unknown as CrapConfig;
}

export async function openBench(engine: Engine, options: BenchOptions = {}): Promise<Bench> {
  await engine.load();
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'ml-b-')));
  for (const [name, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  const lines: LogLine[] = [];
  const queued: string[] = [];
  const outside: string[] = [];
  const generation = options.generation ?? 8;
  const vm = engine.create({ projectDir: dir, label: 'test', print: (text) => lines.push({ at: NOW, level: 'info', text }) });
  const registry = emptyRegistry();
  const session = createSession({
    vm,
    config: configOf(options),
    moonlighter: { ...defaultMoonlighterConfig(), http: { allow: options.http ?? [] } },
    generation,
    projectDir: dir,
    registry,
    store: sqliteStore,
    clock: { now: () => NOW, monotonic: () => performance.now() },
    log: (line) => lines.push(line),
    env: options.env,
  });

  let database: Database | undefined;
  let transaction: RunTransaction | undefined;
  const open = () => {
    database ??= openDatabase({ path: join(dir, 'crap.db'), create: true });
    return database;
  };
  const end = (how: 'commit' | 'rollback') => {
    session.leave();
    if (how === 'commit' && transaction) runSync(transaction.commit());
    transaction?.rollback();
    transaction = undefined;
  };
  const execute = (chunk: string) => runAsync(vm.execute(chunk, '=test'));

  return {
    session,
    dir,
    lines,
    queued,
    outside,
    run: execute,
    async value(chunk) {
      return (await execute(chunk))[0];
    },
    async failure(chunk) {
      const [ok, text] = await execute(`local ok, err = pcall(function() ${chunk} end) return ok, tostring(err)`);
      if (ok !== false) throw new Error(`the chunk did not fail: ${chunk}`);
      return String(text).replace(/\nstack traceback:[\s\S]*$/, '');
    },
    async enter(context = {}) {
      session.phase = 'running';
      await runAsync(
        writeTransaction(open(), noQueue, 'test', function* (db): Op<void> {
          yield* migrate(db);
          if (registry.collections.size + registry.globals.size > 0) yield* syncSchema(db, registry, session.contentSettings);
        }),
      );
      transaction = new RunTransaction(open(), noQueue, { owner: 'test' });
      session.enter({
        db: transaction,
        overrideAccessByDefault: true,
        onQueued: (slug) => queued.push(slug),
        onOutside: (what) => outside.push(what),
        ...context,
      });
    },
    commit: () => end('commit'),
    rollback: () => end('rollback'),
    runs() {
      return readNow(open(), (db) => sqliteStore.listRuns(db, { limit: 100 }));
    },
    dispose() {
      end('rollback');
      vm.close();
      database?.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Keeps the benches of a test file and disposes of them. */
export class Benches {
  readonly #open: Bench[] = [];

  async open(engine: Engine, options?: BenchOptions): Promise<Bench> {
    const bench = await openBench(engine, options);
    this.#open.push(bench);
    return bench;
  }

  dispose(): void {
    for (const bench of this.#open.splice(0)) bench.dispose();
  }
}
