/**
 * A host without threads: dispatcher, scheduler, rescuer, run ends, leases and its record over a real database file, and instead of a worker
 * pool runs that last for some simulated time and end by chance. It can die at any moment: from then on nothing of it reaches the database.
 */
import type { Clock } from '../../src/domain/clock.js';
import { StoreUnavailableError } from '../../src/domain/errors.js';
import type { Op } from '../../src/domain/op.js';
import type { ClaimedRun } from '../../src/domain/run.js';
import { HostActs } from '../../src/host/acts.js';
import { claimLimits } from '../../src/host/claim-limits.js';
import { Dispatcher } from '../../src/host/dispatcher.js';
import { HostEmitter } from '../../src/host/events.js';
import { HostRecordKeeper } from '../../src/host/host-record.js';
import { LeaseKeeper } from '../../src/host/lease-keeper.js';
import { Rescuer } from '../../src/host/rescuer.js';
import { RunEnds } from '../../src/host/run-ends.js';
import { Scheduler } from '../../src/host/scheduler.js';
import type { Liveness } from '../../src/host/waker.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import type { Registry } from '../../src/project/registry.js';
import type { Db } from '../../src/store/db.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import type { RunReport } from '../../src/worker/protocol.js';

export const LEASE_MS = 30_000;
const MAX_CONCURRENT = 6;
const QUEUE_CAPS: ReadonlyMap<string, number> = new Map([['slow', 2]]);

export const limitsOf = (registry: Registry) => claimLimits(registry, { maxConcurrent: MAX_CONCURRENT, queueConcurrency: QUEUE_CAPS }, 1);

/** What goes wrong, as probabilities; switched off at the end. */
export interface Faults {
  /** A write fails after its statements, before its commit. */
  commit: number;
  /** A write waits up to 20 s before it begins. */
  slow: number;
  /** The socket of a live host cannot be asked. */
  unknown: number;
}

export interface SimWorld {
  path: string;
  clock: Clock;
  registry: Registry;
  faults: Faults;
  /** From 0 to 1, seeded. */
  random(): number;
  /** Sockets that answer. */
  alive: Set<string>;
}

/** Nothing of a dead process reaches the database; what it waits for never comes. */
const never = new Promise<never>(() => {});

class MortalActs extends HostActs {
  readonly #world: SimWorld;
  dead = false;

  constructor(database: Database, queue: FairWriteQueue, events: HostEmitter, world: SimWorld) {
    super(database, store, queue, events);
    this.#world = world;
  }

  override read<T>(body: (db: Db) => Op<T>): T {
    if (this.dead) throw new Error('the host is dead');
    return super.read(body);
  }

  override async write<T>(owner: string, body: (db: Db) => Op<T>): Promise<T> {
    const { random, faults } = this.#world;
    if (random() < faults.slow) await new Promise((resolve) => setTimeout(resolve, random() * 20_000));
    if (this.dead) return await never;
    const fails = random() < faults.commit;
    const alive = () => !this.dead;
    const result = await super.write(owner, function* (db): Op<T> {
      if (!alive()) throw new Error('the host is dead');
      const value = yield* body(db);
      if (fails) throw new StoreUnavailableError('DATABASE_BUSY', 'the commit failed (simulated)', { retryable: true });
      return value;
    });
    return this.dead ? await never : result;
  }
}

export class SimHost {
  readonly id: string;
  readonly acts: MortalActs;
  readonly events = new HostEmitter();
  readonly #world: SimWorld;
  readonly #database: Database;
  readonly #ends: RunEnds;
  readonly #dispatcher: Dispatcher;
  readonly #scheduler: Scheduler;
  readonly #rescuer: Rescuer;
  readonly #leases: LeaseKeeper;
  readonly #record: HostRecordKeeper;
  readonly #runs = new Map<ClaimedRun, NodeJS.Timeout | undefined>();

  constructor(id: string, world: SimWorld) {
    const { clock, registry, random } = world;
    this.id = id;
    this.#world = world;
    this.#database = openDatabase({ path: world.path, busyTimeoutMs: 1_000 });
    // No power is cut here.
    this.#database.exec('PRAGMA synchronous = OFF');
    this.acts = new MortalActs(this.#database, new FairWriteQueue(), this.events, world);
    const shared = { host: id, acts: this.acts, events: this.events, clock };
    const wake = () => this.#dispatcher.wake();
    this.#ends = new RunEnds({ ...shared, registry, onChange: wake });
    this.#dispatcher = new Dispatcher({
      ...shared,
      registry,
      queues: undefined,
      maxConcurrent: MAX_CONCURRENT,
      queueConcurrency: QUEUE_CAPS,
      ownLimit: Number.POSITIVE_INFINITY,
      leaseMs: LEASE_MS,
      pollMs: 5_000,
      free: () => 5 - this.#runs.size,
      running: () => this.#runs.size,
      give: (run) => this.#give(run),
      release: (run) => this.#ends.giveBack(run),
    });
    this.#scheduler = new Scheduler({
      ...shared,
      jobs: registry.jobs.values(),
      timezone: 'UTC',
      generation: 8,
      random,
      onEnqueued: wake,
    });
    this.#rescuer = new Rescuer({
      ...shared,
      leaseMs: LEASE_MS,
      foreignStaleMs: 90_000,
      periodMs: 7_000,
      own: () => (this.acts.recording > 0 ? undefined : new Set([...this.#runs.keys()].map((run) => `${run.id}:${run.claim}`))),
      onRescued: wake,
      onLost: () => undefined,
      probe: async (socket): Promise<Liveness> =>
        !world.alive.has(socket) ? 'dead' : random() < world.faults.unknown ? 'unknown' : 'alive',
    });
    this.#leases = new LeaseKeeper({
      ...shared,
      leaseMs: LEASE_MS,
      heartbeatMs: 10_000,
      runs: () => [...this.#runs.keys()],
      onLost: (run) => {
        this.#ends.claimLost(run);
        clearTimeout(this.#runs.get(run));
        this.#runs.delete(run);
        this.#report(run, { outcome: 'released' });
      },
    });
    this.#record = new HostRecordKeeper(this.acts, clock, LEASE_MS / 3, limitsOf(registry));
  }

  /** Like a host's start: the parts one after the other; tried again while the database fails. */
  async start(): Promise<void> {
    this.#world.alive.add(this.id);
    while (!this.acts.dead) {
      try {
        await this.#record.start(this.id, this.id, 'sim');
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
    await this.#rescuer.start();
    await this.#scheduler.start();
    this.#leases.start();
    this.#dispatcher.start();
  }

  /** Like kill -9. */
  die(): void {
    this.acts.dead = true;
    this.#world.alive.delete(this.id);
    for (const timer of this.#runs.values()) clearTimeout(timer);
    this.#runs.clear();
    for (const part of [this.#dispatcher, this.#scheduler, this.#rescuer, this.#leases, this.#record]) void part.stop().catch(() => {});
  }

  close(): void {
    this.#database.close();
  }

  wake(): void {
    this.#dispatcher.wake();
  }

  #give(run: ClaimedRun): boolean {
    const { random } = this.#world;
    if (random() < 0.01) return false;
    const lasts = 100 + random() ** 4 * 90_000;
    this.#runs.set(
      run,
      setTimeout(() => void this.#finish(run), lasts),
    );
    this.events.emit('attempt:started', { run, worker: 1 });
    return true;
  }

  /** The handler's effect, a follow-up now and then, and the completion are one transaction. */
  async #finish(run: ClaimedRun): Promise<void> {
    const { random, clock } = this.#world;
    const chance = random();
    if (chance > 0.85) {
      const outcome = chance > 0.98 ? 'lost' : chance > 0.97 ? 'released' : chance > 0.95 ? 'timed_out' : 'failed';
      this.#runs.delete(run);
      this.#report(run, { outcome, error: { code: 'SIMULATED', message: outcome } });
      return;
    }
    const followUp = random() < 0.2 && run.slug !== 'follow';
    let committed: boolean | undefined;
    try {
      committed = await this.acts.write('run', function* (db): Op<boolean> {
        const now = clock.now();
        yield* db.run('INSERT INTO effects (run) VALUES (?)', [run.id]);
        if (followUp) {
          yield* store.enqueue(
            db,
            { slug: 'follow', data: '{}', queue: 'default', maxAttempts: 3, scheduledBy: 'hook', key: run.slug },
            now,
          );
        }
        return yield* store.complete(db, { run: run.id, claim: run.claim, now, result: '1', log: [] });
      });
    } catch {
      committed = undefined;
    }
    if (this.acts.dead || !this.#runs.delete(run)) return;
    if (committed === undefined) this.#report(run, { outcome: 'failed', error: { code: 'COMMIT', message: 'the commit failed' } });
    else this.#report(run, { outcome: 'completed', committed, queued: followUp });
  }

  #report(run: ClaimedRun, report: Partial<RunReport> & { outcome: RunReport['outcome'] }): void {
    if (!this.acts.dead) this.#ends.finished(run, { committed: false, log: [], queued: false, ...report }, 1, 1);
  }
}
