/** What an executor works with in one thread or process: its slots, its connections, its limits. */
import type { ChangeListener } from '../bindings/session.js';
import type { CrapConfig } from '../config/crap-config.js';
import type { MoonlighterConfig } from '../config/moonlighter-config.js';
import { type Clock, systemClock } from '../domain/clock.js';
import type { JobDefinition } from '../domain/job.js';
import type { LogLine } from '../domain/run.js';
import { engineFor } from '../lua/engines.js';
import type { Engine } from '../lua/vm.js';
import { sqliteStore } from '../store/sqlite/store.js';
import type { WriteQueue } from '../store/writer.js';
import type { ExecutorOptions } from './executor.js';
import { ConnectionPool } from './run-database.js';
import { type Redefinitions, SlotPool } from './slot.js';

export interface ExecutorSetup {
  /** Default the one that moonlighter.toml names. */
  engine?: Engine;
  projectDir: string;
  databasePath: string;
  crap: CrapConfig;
  moonlighter: MoonlighterConfig;
  generation: 8 | 10;
  queue: WriteQueue;
  /** Those that the files of the project do not define are added to its own, so that its scripts can queue them. */
  jobs?: Iterable<JobDefinition>;
  redefinitions?: Redefinitions;
  /** Default the system's; only a host's own thread can have its. */
  clock?: Clock;
  /** Number of the worker thread; none in the foreground. */
  worker?: number;
  /** Who hears of documents that changed. */
  changes?: ChangeListener;
  /** A writer has waited for another program's lock for a second, or does not wait any more. */
  onLocked?(wait: { free: boolean; waitedMs: number }): void;
  /** Lines written while no run is in a slot. */
  log(line: LogLine): void;
  /** Lines written while a slot loads the project's files. Default `log`. */
  loading?(line: LogLine): void;
}

/** Opens nothing yet. The caller closes `slots` and `connections`. */
export function executorOptions(setup: ExecutorSetup): ExecutorOptions {
  const { engine = engineFor(setup.moonlighter.lua.engine), projectDir, databasePath, crap, moonlighter, generation } = setup;
  const { queue, worker, changes, log, clock = systemClock } = setup;
  const jobs = [...(setup.jobs ?? [])].filter(({ kind = 'lua' }) => kind !== 'lua');
  const store = sqliteStore;
  return {
    slots: new SlotPool({
      engine,
      projectDir,
      crap,
      moonlighter,
      generation,
      store,
      clock,
      log,
      jobs,
      loading: setup.loading,
      redefinitions: setup.redefinitions,
    }),
    connections: new ConnectionPool(
      databasePath,
      moonlighter.database.synchronous,
      crap.database.busy_timeout * 1000,
      queue,
      setup.onLocked,
    ),
    queue,
    store,
    clock,
    generation,
    worker,
    ...(changes && { changes }),
    maxInstructions: crap.hooks.max_instructions || Number.POSITIVE_INFINITY,
    log,
  };
}
