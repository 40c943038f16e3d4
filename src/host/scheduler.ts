/**
 * Cron: every due instant of every schedule is recorded once, as a run or as skipped and why. Ticks and the runs they
 * enqueue share a transaction, so that two hosts over one database never run an instant twice.
 */

import type { Clock } from '../domain/clock.js';
import { messageOf } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import { nextTick, parseSchedule, previousTick, type Schedule, ticksBetween } from '../domain/schedule.js';
import type { Db } from '../store/db.js';
import type { TickRecord } from '../store/store.js';
import type { HostActs } from './acts.js';
import type { HostEmitter, HostEvents } from './events.js';

/** Timers are set anew at least this often: clocks jump, machines sleep. */
const WATCH_MS = 60_000;
/** An instant noticed later than this was missed (the machine slept, the clock jumped): it is skipped, not run late. */
const LATE_LIMIT_MS = 60_000;
/** More missed instants than this are counted as this many. */
const COUNT_LIMIT = 10_000;
const CRON_FIRED =
  'INSERT INTO _crap_cron_fired (slug, fired_at) VALUES (?, ?) ON CONFLICT (slug) DO UPDATE SET fired_at = excluded.fired_at';
const OUTAGE_DELAY_MS = 1_000;

/** Another host, or this one before its clock was set back, has recorded the instant: the throw takes the run back. */
class AlreadyRecorded extends Error {}

interface Watched {
  job: JobDefinition;
  schedule: Schedule;
  zone: string;
  /** Everything up to here is accounted for, as far as this host knows. */
  accounted: number;
  next: number | undefined;
}

/** Consecutive due instants. */
interface Due {
  at: number;
  until: number;
  count: number;
}

/** Those after `after` up to `now`; undefined when there are none. */
function dueBetween(schedule: Schedule, after: number, now: number, zone: string): Due | undefined {
  const ticks = ticksBetween(schedule, after, now, zone, COUNT_LIMIT);
  const [at] = ticks;
  const newest = ticks.at(-1);
  if (at === undefined || newest === undefined) return undefined;
  const until = ticks.length < COUNT_LIMIT ? newest : (previousTick(schedule, now + 1, zone) ?? newest);
  return { at, until, count: ticks.length };
}

export interface SchedulerOptions {
  acts: HostActs;
  events: HostEmitter;
  jobs: Iterable<JobDefinition>;
  /** Zone of schedules that name none. */
  timezone: string;
  clock: Clock;
  /** A run was enqueued. */
  onEnqueued(slug: string, id: string): void;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #watched: Watched[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    for (const job of options.jobs) {
      if (job.schedule === undefined) continue;
      const schedule = parseSchedule(job.schedule);
      this.#watched.push({ job, schedule, zone: job.timezone ?? options.timezone, accounted: 0, next: undefined });
    }
  }

  /** Accounts for what was missed while no host was up, then watches the clock. */
  async start(): Promise<void> {
    const now = this.#options.clock.now();
    for (const watched of this.#watched) {
      watched.accounted = now;
      watched.next = nextTick(watched.schedule, now, watched.zone);
    }
    await this.#attempt(async () => {
      const missed = await this.#options.acts.record('schedule', (db) => this.#missed(db, now));
      for (const event of missed) this.#options.events.emit('tick:recorded', event);
    });
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** Records what is due now. Called by the timer; tests call it after moving their clock. */
  async check(): Promise<void> {
    this.#pass ??= this.#check().finally(() => {
      this.#pass = undefined;
      this.#arm();
    });
    await this.#pass;
  }

  async #check(): Promise<void> {
    const now = this.#options.clock.now();
    for (const watched of this.#watched) {
      if (this.#stopped) return;
      // The clock was set back: instants that come again are already in the ledger, the watch follows the clock.
      if (watched.accounted > now + WATCH_MS) {
        watched.accounted = now;
        watched.next = nextTick(watched.schedule, now, watched.zone);
      }
      if (watched.next === undefined || watched.next > now) continue;
      const done = await this.#attempt(async () => {
        const events = await this.#options.acts.write('schedule', (db) => this.#due(db, watched, now));
        for (const event of events) {
          this.#options.events.emit('tick:recorded', event);
          if (event.run !== undefined) this.#options.onEnqueued(event.slug, event.run);
        }
      });
      if (done) {
        watched.accounted = now;
        watched.next = nextTick(watched.schedule, now, watched.zone);
      }
    }
  }

  /** One skipped row for everything between the last recorded instant and the start; schedules never seen begin now. */
  *#missed(db: Db, now: number): Op<HostEvents['tick:recorded'][]> {
    const events: HostEvents['tick:recorded'][] = [];
    for (const { job, schedule, zone } of this.#watched) {
      const last = yield* this.#options.acts.store.lastTick(db, job.slug);
      if (last === undefined) continue;
      const event = yield* this.#skip(db, job.slug, dueBetween(schedule, last, now, zone), 'host_down', now);
      if (event) events.push(event);
    }
    return events;
  }

  /** The newest due instant runs unless it is late or overlaps; older ones of the same look are skipped. */
  *#due(db: Db, watched: Watched, now: number): Op<HostEvents['tick:recorded'][]> {
    const { store } = this.#options.acts;
    const { job } = watched;
    const events: HostEvents['tick:recorded'][] = [];
    const last = yield* store.lastTick(db, job.slug);
    // A ledger that ends in the future was written by a clock that was wrong: it does not hold back what is due now.
    const known = last !== undefined && last <= now + WATCH_MS ? last : 0;
    const due = dueBetween(watched.schedule, Math.max(watched.accounted, known), now, watched.zone);
    if (!due) return events;
    const at = due.until;
    const late = now - at > LATE_LIMIT_MS;
    const older =
      due.count > 1 ? { ...due, until: previousTick(watched.schedule, at, watched.zone) ?? due.at, count: due.count - 1 } : undefined;
    const skipped = yield* this.#skip(db, job.slug, late ? due : older, late ? 'host_down' : 'late', now);
    if (skipped) events.push(skipped);
    if (late) return events;
    if (job.skipIfRunning && ((yield* store.countRunning(db)).bySlug.get(job.slug) ?? 0) > 0) {
      const overlap = yield* this.#skip(db, job.slug, { at, until: at, count: 1 }, 'overlap', now);
      if (overlap) events.push(overlap);
      return events;
    }
    const request = { slug: job.slug, data: '{}', queue: job.queue, maxAttempts: job.retries + 1, priority: job.priority };
    const { id } = yield* store.enqueue(db, { ...request, scheduledBy: 'cron' }, now);
    const recorded = yield* store.recordTick(db, { slug: job.slug, at, outcome: 'run', run: id }, now);
    if (!recorded) throw new AlreadyRecorded();
    // crap-cms compares this text; it takes the instant for fired and does not run it again.
    yield* db.run(CRON_FIRED, [job.slug, new Date(now).toISOString().replace('Z', '+00:00')]);
    events.push({ slug: job.slug, at, outcome: 'run', reason: undefined, run: id, count: 1 });
    return events;
  }

  *#skip(db: Db, slug: string, due: Due | undefined, reason: string, now: number): Op<HostEvents['tick:recorded'] | undefined> {
    if (!due) return undefined;
    const { at, count } = due;
    const tick: TickRecord = { slug, ...due, outcome: 'skipped', reason };
    if (!(yield* this.#options.acts.store.recordTick(db, tick, now))) return undefined;
    return { slug, at, outcome: 'skipped', reason, run: undefined, count };
  }

  async #attempt(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (error instanceof AlreadyRecorded) return true;
      this.#options.events.log('error', `Scheduler cron error: ${messageOf(error)}`);
      return false;
    }
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#watched.length === 0) return;
    const now = this.#options.clock.now();
    let delay = WATCH_MS;
    for (const { next } of this.#watched) {
      // A due instant that could not be recorded is tried again soon, not at once.
      if (next !== undefined) delay = Math.min(delay, next > now ? next - now : OUTAGE_DELAY_MS);
    }
    this.#timer = setTimeout(() => void this.check(), delay);
  }
}
