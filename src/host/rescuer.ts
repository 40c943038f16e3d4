/**
 * Ends attempts whose host is gone, at the start and now and then: their runs are pending again without a retry spent, or stale
 * after three losses in a row. A host whose socket refuses the connection is dead; on other machines, and where the socket cannot
 * be asked, the time it was last seen decides. Running rows of crap-cms are left alone until their heartbeat is stale by its own rule.
 */
import { hostname } from 'node:os';
import type { Clock } from '../domain/clock.js';
import { messageOf, StoreUnavailableError } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { HostRecord } from '../store/store.js';
import type { HostActs } from './acts.js';
import type { HostEmitter, HostEvents } from './events.js';
import { HostSentry } from './host-sentry.js';
import { Outage } from './outage.js';
import { type RescueRules, rescueClaims } from './rescue-claims.js';
import { afterRelease } from './retry.js';
import { type Liveness, probeSocket } from './waker.js';

/** After the connection of another host has ended. */
const LOOKS_MS = [0, 100, 1_000];

export interface RescuerOptions extends RescueRules {
  /** Of this host. */
  host: string;
  acts: HostActs;
  events: HostEmitter;
  clock: Clock;
  leaseMs: number;
  /** Age of a heartbeat after which a row of crap-cms is dead: 3 x heartbeat_interval + connection_timeout + busy_timeout. */
  foreignStaleMs: number;
  periodMs: number;
  /** Runs that this host knows it has, as `run:claim`; undefined while that is in motion. */
  own(): ReadonlySet<string> | undefined;
  /** Runs became claimable. */
  onRescued(): void;
  /** For tests. */
  probe?(socket: string): Promise<Liveness>;
}

export class Rescuer {
  readonly #options: RescuerOptions;
  readonly #outage: Outage;
  readonly #sentry = new HostSentry(() => this.#goneSoon());
  readonly #looks = new Set<NodeJS.Timeout>();
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;
  /** Claims of this host that nothing of it knew of at the last look. */
  #orphans: ReadonlySet<string> = new Set();
  readonly #unables = new Set<string>();

  constructor(options: RescuerOptions) {
    this.#options = options;
    this.#outage = new Outage(options.events, 'Rescue error', 'Runs of dead hosts are looked for again');
  }

  /** Ends after the first look. */
  async start(): Promise<void> {
    await this.rescue();
    this.#timer = setInterval(() => void this.rescue(), this.#options.periodMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const timer of this.#looks) clearTimeout(timer);
    this.#sentry.stop();
    await this.#pass;
  }

  rescue(): Promise<void> {
    return this.#begin(true);
  }

  /** Another host says that it is there. */
  meet(): void {
    try {
      this.#watch(this.#others());
    } catch {
      // The next look will meet it.
    }
  }

  #others(): HostRecord[] {
    const { acts, host } = this.#options;
    return acts.read((db) => acts.store.listHosts(db)).filter((record) => record.id !== host);
  }

  #watch(others: readonly HostRecord[]): void {
    this.#sentry.watch(others.filter((record) => record.hostname === hostname()).map(({ socket }) => socket));
  }

  /** A connection ended. A process that is being killed may still listen for a moment, so it is looked at more than once. */
  #goneSoon(): void {
    for (const delay of LOOKS_MS) {
      const timer = setTimeout(() => {
        this.#looks.delete(timer);
        void (this.#pass ?? Promise.resolve()).then(() => this.#begin(false));
      }, delay);
      this.#looks.add(timer);
    }
  }

  #begin(orphans: boolean): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#pass ??= this.#rescue(orphans)
      .then(
        () => this.#outage.over(),
        (error: unknown) => this.#outage.failed(error),
      )
      .finally(() => {
        this.#pass = undefined;
      });
    return this.#pass;
  }

  async #rescue(orphans: boolean): Promise<void> {
    const { acts, clock } = this.#options;
    await this.#mend();
    const others = this.#others();
    this.#watch(others);
    // All at once: one that answers slowly keeps nobody's runs waiting.
    const gone = await Promise.all(others.map((record) => this.#isDead(record)));
    const dead: (string | undefined)[] = others.filter((_, index) => gone[index]).map(({ id }) => id);
    const staleBefore = clock.now() - this.#options.foreignStaleMs;
    if (acts.read((db) => acts.store.listClaimsOf(db, undefined, staleBefore)).length > 0) dead.push(undefined);
    for (const host of dead) {
      const rescued = await acts.write('rescue', (db) => this.#end(db, host, staleBefore));
      for (const event of rescued) this.#options.events.emit('run:rescued', event);
      if (rescued.length > 0) this.#options.onRescued();
    }
    if (orphans) await this.#adoptOrphans();
  }

  /** Runs that no act could end would keep their places for ever. */
  async #mend(): Promise<void> {
    const { acts, events } = this.#options;
    const runs = acts.read((db) => acts.store.listUnendable(db));
    if (runs.length === 0) return;
    await acts.write('rescue', (db) => acts.store.mendUnendable(db));
    for (const run of runs)
      events.log('warn', `run ${run} was running by numbers that are none: another program wrote its row; it is given back`);
  }

  /** Named once. */
  #unable(run: string, error: unknown): void {
    if (this.#unables.has(run)) return;
    this.#unables.add(run);
    this.#options.events.log('warn', `run ${run} of a dead host cannot be given back: ${messageOf(error)}`);
  }

  /** A claim in this host's name that it twice did not know of (an act that failed half way) is given back. */
  async #adoptOrphans(): Promise<void> {
    const { acts, clock, host } = this.#options;
    const own = this.#options.own();
    if (!own) return;
    const claims = acts.read((db) => acts.store.listClaimsOf(db, host, clock.now()));
    const orphans = claims.filter((claim) => !own.has(`${claim.run}:${claim.claim}`));
    const sure = orphans.filter((claim) => this.#orphans.has(`${claim.run}:${claim.claim}`));
    this.#orphans = new Set(orphans.map((claim) => `${claim.run}:${claim.claim}`));
    if (sure.length === 0) return;
    for (const { run, claim } of sure) {
      const now = clock.now();
      const end = { run, claim, now, outcome: 'released' as const, next: afterRelease(now), log: [] };
      try {
        await acts.write('rescue', (db) => acts.store.end(db, end));
      } catch (error) {
        if (error instanceof StoreUnavailableError) throw error;
        this.#unable(run, error);
      }
    }
    this.#options.onRescued();
  }

  async #isDead(record: HostRecord): Promise<boolean> {
    const unseen = this.#options.clock.now() - record.seenAt > this.#options.leaseMs;
    if (record.hostname !== hostname()) return unseen;
    const liveness = await (this.#options.probe ?? probeSocket)(record.socket);
    return liveness === 'dead' || (liveness === 'unknown' && (unseen || this.#sentry.hasLost(record.socket)));
  }

  *#end(db: Db, host: string | undefined, staleBefore: number): Op<HostEvents['run:rescued'][]> {
    const { acts, clock } = this.#options;
    const now = clock.now();
    const rescued = yield* rescueClaims(
      db,
      acts.store,
      { ...this.#options, onUnable: (run, error) => this.#unable(run, error) },
      { host, staleBefore, now },
    );
    if (host !== undefined) yield* acts.store.removeHost(db, host, now);
    return rescued.map((run) => ({ ...run, host }));
  }
}
