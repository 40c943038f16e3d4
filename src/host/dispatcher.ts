/**
 * Claims runs when woken and hands them to the worker pool. One pass at a time; a wake during a pass asks for another.
 * Woken by enqueues, finished runs, the socket, the next due instant, and every poll interval as the net.
 */

import type { Clock } from '../domain/clock.js';
import type { ClaimedRun } from '../domain/run.js';
import type { Registry } from '../project/registry.js';
import type { RateLimit, Served } from '../store/store.js';
import type { HostServes } from './activity.js';
import type { HostActs } from './acts.js';
import type { HostEmitter } from './events.js';
import { Outage } from './outage.js';

/** Timers longer than this are set anew: clocks jump. */
const TIMER_LIMIT_MS = 60_000;
const OUTAGE_DELAY_MS = 250;

export interface DispatcherOptions {
  host: string;
  acts: HostActs;
  events: HostEmitter;
  registry: Registry;
  /** Runs that the host executes by itself: slug -> cap over all hosts. They go before a definition of the same slug. */
  system?: ReadonlyMap<string, number>;
  clock: Clock;
  /** Only these queues; undefined = all. */
  queues: readonly string[] | undefined;
  /** Run-wide cap over all hosts. */
  maxConcurrent: number;
  queueConcurrency: ReadonlyMap<string, number>;
  /** Of this host alone; Infinity = as many as there are slots. */
  ownLimit: number;
  leaseMs: number;
  pollMs: number;
  /** Slots that could take a run now, and runs that have not ended. */
  free(): number;
  running(): number;
  /** Hands a claimed run over; false = no slot after all. */
  give(run: ClaimedRun): boolean;
  /** Gives a claimed run back unharmed. */
  release(run: ClaimedRun): void;
  /** true: claim nothing now; `wake` when that is over. */
  held?(): boolean;
  /** A pass found nothing due and nothing was running. */
  onIdle?(): void;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #concurrency: ReadonlyMap<string, number>;
  readonly #served: Served;
  readonly #outage: Outage;
  readonly #rateLimits = new Map<string, RateLimit>();
  #started = false;
  #stopped = false;
  #pass: Promise<void> | undefined;
  #again = false;
  #dueTimer: NodeJS.Timeout | undefined;
  #pollTimer: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#outage = new Outage(options.events, 'Scheduler poll error', 'The database can be claimed from again', 'error');
    const caps = [...options.registry.jobs].map(([slug, job]) => [slug, job.concurrency] as const);
    this.#concurrency = new Map([...caps, ...(options.system ?? [])]);
    for (const [slug, { rateLimit }] of options.registry.jobs) {
      if (rateLimit) this.#rateLimits.set(slug, { limit: rateLimit.limit, perMs: rateLimit.per * 1000 });
    }
    this.#served = { slugs: [...this.#concurrency.keys()], queues: options.queues, rateLimits: this.#rateLimits };
  }

  start(): void {
    this.#started = true;
    this.#pollTimer = setInterval(() => this.#poll(), this.#options.pollMs);
    this.wake();
  }

  /** Looks for work soon. Cheap, may be called as often as one likes. */
  wake(): void {
    if (!this.#started || this.#stopped) return;
    if (this.#pass) {
      this.#again = true;
      return;
    }
    this.#pass = this.#loop().finally(() => {
      this.#pass = undefined;
      if (this.#again && !this.#stopped) {
        this.#again = false;
        this.wake();
      }
    });
  }

  /** Claims nothing more; ends when a pass under way is over, its claims given back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#pollTimer);
    clearTimeout(this.#dueTimer);
    await this.#pass;
  }

  async #loop(): Promise<void> {
    do {
      this.#again = false;
      try {
        const exhausted = await this.#claim();
        this.#outage.over();
        if (exhausted && !this.#stopped) this.#plan();
      } catch (error) {
        this.#outage.failed(error);
        this.#later(OUTAGE_DELAY_MS);
      }
    } while (this.#again && !this.#stopped);
  }

  /** true = nothing more is claimable now. */
  async #claim(): Promise<boolean> {
    const { acts, clock, events } = this.#options;
    // What has arrived by now (ends of runs come in groups) is heard first: one claim takes for all of them.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#stopped || this.#options.held?.()) return false;
    const limit = Math.min(this.#options.free(), this.#options.ownLimit - this.#options.running());
    if (limit <= 0 || this.#options.maxConcurrent <= 0) {
      this.#idle();
      return false;
    }
    const runs = await acts.write('claim', (db) => {
      const now = clock.now();
      return acts.store.claim(db, {
        host: this.#options.host,
        now,
        leaseUntil: now + this.#options.leaseMs,
        limit,
        maxConcurrent: this.#options.maxConcurrent,
        concurrency: this.#concurrency,
        queues: this.#options.queues,
        queueConcurrency: this.#options.queueConcurrency,
        rateLimits: this.#rateLimits,
      });
    });
    for (const run of runs) {
      events.emit('run:claimed', { run });
      if (this.#stopped || !this.#options.give(run)) this.#options.release(run);
    }
    if (runs.length === 0) this.#idle();
    return runs.length < limit;
  }

  #idle(): void {
    const { onIdle, acts, clock, events } = this.#options;
    if (!(onIdle || events.heard('host:idle')) || this.#stopped || this.#options.running() > 0 || acts.recording > 0) return;
    if (this.#options.maxConcurrent <= 0 || !acts.read((db) => acts.store.hasDue(db, clock.now(), this.#served))) {
      events.emit('host:idle', {});
      onIdle?.();
    }
  }

  /** What it claims, and whether it could claim now. */
  serves(): HostServes {
    const { queues, free, ownLimit, running, maxConcurrent, held } = this.#options;
    return {
      queues: queues ?? null,
      jobs: this.#served.slugs,
      free: Math.max(0, Math.min(free(), ownLimit - running())),
      running: running(),
      max_concurrent: maxConcurrent,
      held: held?.() ? 'its database file is gone' : this.#stopped ? 'it is stopping' : (this.#outage.text ?? null),
    };
  }

  nextDueAt(): number | undefined {
    const { acts, clock } = this.#options;
    return acts.read((db) => acts.store.nextDueAt(db, clock.now(), this.#served));
  }

  /** Sleeps until the next run comes due. Of many that came due at once the claims go on without a pause: those of a full job are before others. */
  #plan(): void {
    const { acts, clock } = this.#options;
    if (acts.read((db) => acts.store.hasOverdue(db, clock.now()))) return this.#later(0);
    const next = this.nextDueAt();
    if (next !== undefined) this.#later(next - clock.now());
    else clearTimeout(this.#dueTimer);
  }

  #later(delayMs: number): void {
    clearTimeout(this.#dueTimer);
    if (this.#stopped) return;
    this.#dueTimer = setTimeout(() => this.wake(), Math.min(Math.max(delayMs, 1), TIMER_LIMIT_MS));
  }

  /** Takes no lock when nothing is due. */
  #poll(): void {
    const { acts, clock } = this.#options;
    if (this.#pass || this.#options.free() <= 0) return;
    try {
      if (this.#options.onIdle || acts.read((db) => acts.store.hasDue(db, clock.now(), this.#served))) this.wake();
    } catch {
      this.wake();
    }
  }
}
