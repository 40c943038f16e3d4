/** Database files in temporary folders, with system tables, and acts run in transactions of their own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Op, runAsync } from '../../src/domain/op.js';
import type { ClaimedRun, EnqueueRequest, Run } from '../../src/domain/run.js';
import type { Db } from '../../src/store/db.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, readTransaction, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import type { ClaimRequest } from '../../src/store/store.js';

export const NOW = Date.UTC(2026, 0, 5, 10, 0, 0, 250);

export class TestStore {
  readonly path: string;
  readonly database: Database;
  readonly #folder: string | undefined;

  private constructor(path: string, folder: string | undefined) {
    this.path = path;
    this.#folder = folder;
    this.database = openDatabase({ path, create: true, busyTimeoutMs: 2_000 });
  }

  static async create(): Promise<TestStore> {
    const folder = mkdtempSync(join(tmpdir(), 'ml-db-'));
    const made = new TestStore(join(folder, 'crap.db'), folder);
    await made.write((db) => migrate(db));
    return made;
  }

  /** Another connection to the same file. */
  another(): TestStore {
    return new TestStore(this.path, undefined);
  }

  write<T>(body: (db: Db) => Op<T>): Promise<T> {
    return runAsync(writeTransaction(this.database, noQueue, 'test', body));
  }

  read<T>(body: (db: Db) => Op<T>): Promise<T> {
    return runAsync(readTransaction(this.database, body));
  }

  async enqueue(slug: string, more: Partial<EnqueueRequest> = {}, now = NOW): Promise<string> {
    const request: EnqueueRequest = { slug, data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'hook', ...more };
    return (await this.write((db) => store.enqueue(db, request, now))).id;
  }

  claim(more: Partial<ClaimRequest> & { concurrency: ReadonlyMap<string, number> }): Promise<ClaimedRun[]> {
    return this.write((db) => store.claim(db, { host: 'h1', now: NOW, leaseUntil: NOW + 30_000, limit: 10, maxConcurrent: 10, ...more }));
  }

  async run(id: string): Promise<Run> {
    return (await this.read((db) => store.findRun(db, id)))!;
  }

  dispose(): void {
    this.database.close();
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function caps(entries: Record<string, number>): Map<string, number> {
  return new Map(Object.entries(entries));
}
