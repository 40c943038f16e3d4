/**
 * Retention: deletes ended runs that are older than [jobs] auto_purge or their job's own limits, in batches, so that no writer waits long;
 * then what else has a time that it is kept.
 */

import type { Clock } from '../domain/clock.js';
import type { JobDefinition } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import type { FinalStatus } from '../domain/run.js';
import type { Db } from '../store/db.js';
import type { PurgeRequest } from '../store/store.js';
import type { HostActs } from './acts.js';
import type { HostEmitter } from './events.js';
import { Outage } from './outage.js';
import type { TrashPruner } from './trash-pruner.js';

const BATCH = 500;

/** One limit: of a job's runs with a status, or (without) of all that have no limit of their own. */
export type RetentionRule = Omit<PurgeRequest, 'olderThan'> & { afterMs: number };

/** `defaultMs`: [jobs] auto_purge; undefined = runs without a limit of their own are kept. */
export function retentionRules(jobs: Iterable<JobDefinition>, defaultMs: number | undefined): RetentionRule[] {
  const own: { slug: string; status: FinalStatus; afterMs: number }[] = [];
  for (const { slug, retention = {} } of jobs) {
    for (const [status, seconds] of Object.entries(retention)) own.push({ slug, status: status as FinalStatus, afterMs: seconds * 1000 });
  }
  return defaultMs === undefined ? own : [...own, { afterMs: defaultMs, except: own.map(({ slug, status }) => ({ slug, status })) }];
}

export class Pruner {
  readonly #acts: HostActs;
  readonly #events: HostEmitter;
  readonly #clock: Clock;
  readonly #rules: readonly RetentionRule[];
  readonly #periodMs: number;
  readonly #outage: Outage;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  readonly #trash: TrashPruner | undefined;
  #stopped = false;

  /** `periodMs`: every so often, the first time one period after the start, as the reference does. */
  constructor(acts: HostActs, events: HostEmitter, clock: Clock, rules: readonly RetentionRule[], periodMs: number, trash?: TrashPruner) {
    this.#acts = acts;
    this.#events = events;
    this.#clock = clock;
    this.#rules = rules;
    this.#trash = trash;
    this.#outage = new Outage(events, 'Purge error', 'What is old is purged again');
    this.#periodMs = periodMs;
  }

  start(): void {
    this.#timer = setInterval(() => void this.prune(), this.#periodMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#pass;
  }

  prune(): Promise<void> {
    this.#pass ??= this.#prune()
      .then(
        () => this.#outage.over(),
        (error: unknown) => this.#outage.failed(error),
      )
      .finally(() => {
        this.#pass = undefined;
      });
    return this.#pass;
  }

  async #prune(): Promise<void> {
    let count = 0;
    for (const { afterMs, ...rule } of this.#rules) {
      const olderThan = () => this.#clock.now() - afterMs;
      const { store } = this.#acts;
      count += await this.#inBatches((db) => store.purge(db, { ...rule, olderThan: olderThan() }, BATCH));
      if (rule.slug === undefined) await this.#inBatches((db) => store.purgeTicks(db, olderThan(), BATCH));
    }
    if (count > 0) this.#events.emit('runs:purged', { count });
    await this.#trash?.prune(() => this.#stopped);
  }

  /** Until a batch is not full. Ends with how many rows were deleted. */
  async #inBatches(purge: (db: Db) => Op<number>): Promise<number> {
    let count = 0;
    for (let deleted = BATCH; deleted >= BATCH && !this.#stopped; count += deleted) deleted = await this.#acts.write('purge', purge);
    return count;
  }
}
