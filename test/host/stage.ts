/** A migrated database file with the host's acts over it and a clock that tests move. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/domain/clock.js';
import type { JobDefinition } from '../../src/domain/job.js';
import { runAsync } from '../../src/domain/op.js';
import type { EnqueueRequest, Run } from '../../src/domain/run.js';
import { HostActs } from '../../src/host/acts.js';
import { HostEmitter } from '../../src/host/events.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import { emptyRegistry, type Registry } from '../../src/project/registry.js';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore } from '../../src/store/sqlite/store.js';

export class ManualClock implements Clock {
  time: number;
  constructor(time: number) {
    this.time = time;
  }
  now(): number {
    return this.time;
  }
  monotonic(): number {
    return this.time;
  }
}

export interface Stage {
  path: string;
  clock: ManualClock;
  events: HostEmitter;
  queue: FairWriteQueue;
  acts: HostActs;
  enqueue(slug: string, more?: Partial<EnqueueRequest>): Promise<string>;
  run(id: string): Run | undefined;
  runs(): Run[];
  dispose(): void;
}

/** Opens a second set of acts over the same file with `other`, as another host would. */
export async function createStage(other?: Stage): Promise<Stage> {
  const folder = other ? undefined : mkdtempSync(join(tmpdir(), 'ml-h-'));
  const path = other?.path ?? join(folder!, 'crap.db');
  const clock = other?.clock ?? new ManualClock(Date.UTC(2026, 0, 5, 10));
  const events = new HostEmitter();
  const queue = new FairWriteQueue();
  const database = openDatabase({ path, create: true, synchronous: 'normal', busyTimeoutMs: 1000 });
  if (!other) await runAsync(writeTransaction(database, queue, 'migrate', (db) => migrate(db)));
  const acts = new HostActs(database, sqliteStore, queue, events);
  return {
    path,
    clock,
    events,
    queue,
    acts,
    async enqueue(slug, more = {}) {
      const request: EnqueueRequest = { slug, data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'system', ...more };
      return (await acts.write('test', (db) => sqliteStore.enqueue(db, request, clock.now()))).id;
    },
    run: (id) => acts.read((db) => sqliteStore.findRun(db, id)),
    runs: () => acts.read((db) => sqliteStore.listRuns(db, { limit: 10_000 })),
    dispose() {
      database.close();
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A registry with these jobs, everything else by default. */
export function jobs(...definitions: (Partial<JobDefinition> & { slug: string })[]): Registry {
  const registry = emptyRegistry();
  for (const definition of definitions) {
    registry.jobs.set(definition.slug, {
      handler: { ref: `jobs.${definition.slug}.run` },
      queue: 'default',
      retries: 0,
      timeout: 60,
      concurrency: 1,
      skipIfRunning: true,
      priority: 0,
      transaction: true,
      ...definition,
    });
  }
  return registry;
}
