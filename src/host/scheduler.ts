/**
 * Cron: every due instant of every schedule is recorded once, as a run or as skipped and why. Ticks and the runs they enqueue share a
 * transaction, so that two hosts over one database never run an instant twice.
 */

import type { Clock } from '../domain/clock.js';
import type { JobDefinition } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import { nextInstant } from '../domain/schedule.js';
import type { Db } from '../store/db.js';
import type { ScheduleEntry } from '../store/store.js';
import type { HostActs } from './acts.js';
import { giveBackMissed } from './ahead.js';
import type { HostEmitter, HostEvents } from './events.js';
import { Outage } from './outage.js';
import { editedBy, entryOf, sameRules, type Watched, watchedBefore, watchedOf } from './schedule-watch.js';
import { type AccountOptions, AlreadyRecorded, accountFor } from './tick-account.js';

/** Timers are set anew at least this often: clocks jump, machines sleep. */
const WATCH_MS = 60_000;
const OUTAGE_DELAY_MS = 1_000;

export interface SchedulerOptions {
  acts: HostActs;
  events: HostEmitter;
  jobs: Iterable<JobDefinition>;
  /** Zone of schedules that name none. */
  timezone: string;
  generation: 8 | 10;
  clock: Clock;
  /** For jitter: from 0 to 1. Default Math.random. */
  random?(): number;
  /** true: record nothing now; what comes due meanwhile is accounted for afterwards. */
  held?(): boolean;
  /** A run was enqueued. */
  onEnqueued(slug: string, id: string): void;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #account: AccountOptions;
  /** What comes due meanwhile is accounted for afterwards. */
  readonly #outage: Outage;
  #watched: Watched[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;
  /** When edits by other hosts are looked for next. */
  #lookAt = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#outage = new Outage(options.events, 'Scheduler cron error', 'Ticks can be recorded again', 'error');
    const { generation, timezone, acts, random = Math.random } = options;
    this.#account = { store: acts.store, pendingOverlaps: generation === 10, random };
    for (const job of options.jobs) {
      if (job.schedule === undefined) continue;
      this.#watched.push(watchedOf(job, job.schedule, timezone, generation === 10 ? 'once' : 'skip'));
    }
  }

  /** Accounts for what was missed while no host was up, then watches the clock. */
  async start(): Promise<void> {
    const now = this.#options.clock.now();
    for (const watched of this.#watched) this.#reset(watched, now);
    await this.#attempt(() => this.#recorded((db) => this.#begin(db, now), true));
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

  /** The next instant of any schedule. */
  get next(): number | undefined {
    const instants = this.#watched.flatMap(({ next }) => next ?? []);
    return instants.length === 0 ? undefined : Math.min(...instants);
  }

  async #check(): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#options.held?.()) return;
    if (now >= this.#lookAt || now < this.#lookAt - WATCH_MS) this.#lookForEdits(now);
    if (this.#watched.some(({ accounted }) => accounted > now + WATCH_MS) && !(await this.#setBack(now))) return;
    for (const watched of this.#watched) {
      if (this.#stopped) return;
      if (watched.next === undefined || watched.next > now) continue;
      if (await this.#attempt(() => this.#recorded((db) => this.#due(db, watched, now)))) this.#reset(watched, now);
    }
  }

  /** The clock was set back: the watch follows it, instants that come again are already in the ledger; schedules that are younger begin now. */
  async #setBack(now: number): Promise<boolean> {
    const { acts } = this.#options;
    const noted = await this.#attempt(() => acts.write('schedule', (db) => this.#beginSchedules(db, now)));
    if (noted) for (const watched of this.#watched) if (watched.accounted > now) this.#reset(watched, now);
    return noted;
  }

  *#beginSchedules(db: Db, now: number): Op<void> {
    const { store } = this.#options.acts;
    yield* store.beginSchedules(db, now);
    for (const { slug } of yield* store.currentSchedules(db)) yield* giveBackMissed(db, store, slug, now);
  }

  #reset(watched: Watched, now: number): void {
    watched.accounted = now;
    watched.next = nextInstant(watched.schedule, now, watched.zone, watched.dst)?.at;
  }

  /**
   * Everything up to the start was missed: of each schedule by the rules that it had, which are then replaced by those that it has now.
   * Schedules never seen begin now.
   */
  *#begin(db: Db, now: number): Op<HostEvents['tick:recorded'][]> {
    const { store } = this.#options.acts;
    const events: HostEvents['tick:recorded'][] = [];
    yield* this.#beginSchedules(db, now);
    const entries = new Map((yield* store.currentSchedules(db)).map((entry) => [entry.slug, entry]));
    for (const watched of this.#watched) {
      const { slug } = watched.job;
      const entry = entries.get(slug);
      const present = entryOf(watched, now);
      const after = yield* this.#accountedUpTo(db, slug, entry?.since);
      const rules = entry ? watchedBefore(watched, entry) : watched;
      if (after !== undefined && rules) events.push(...(yield* accountFor(db, this.#account, rules, after, now, now)));
      if (!entry || !sameRules(entry, present)) yield* this.#enter(db, present);
      yield* store.settleRepeats(db, slug, now);
      entries.delete(slug);
    }
    for (const entry of entries.values()) if (entry.schedule !== undefined) events.push(...(yield* this.#retire(db, entry, now)));
    return events;
  }

  /** A schedule that no job has any more is accounted for up to now and ends. */
  *#retire(db: Db, entry: ScheduleEntry, now: number): Op<HostEvents['tick:recorded'][]> {
    const { store } = this.#options.acts;
    const gone = { slug: entry.slug, misfire: 'skip', skipIfRunning: true } as JobDefinition;
    const rules = watchedBefore(watchedOf(gone, '@yearly', entry.timezone, 'skip'), entry);
    const after = (yield* this.#accountedUpTo(db, entry.slug, entry.since)) ?? entry.since;
    const events = rules ? yield* accountFor(db, this.#account, rules, after, now, now) : [];
    yield* this.#enter(db, { slug: entry.slug, since: now, schedule: undefined, timezone: entry.timezone });
    yield* store.settleRepeats(db, entry.slug, now);
    return events;
  }

  /** The rules of the newest entry count since `since`; undefined when nothing is known of the schedule. */
  *#accountedUpTo(db: Db, slug: string, since: number | undefined): Op<number | undefined> {
    const { store } = this.#options.acts;
    const last = yield* store.lastTick(db, slug);
    if (last === undefined || since === undefined) return last ?? since;
    const unsettled = (yield* store.repeatedStretches(db, slug)).filter(({ until, settled }) => settled < until);
    return Math.max(since, Math.min(last, ...unsettled.map(({ settled }) => settled)));
  }

  /** A host whose clock is ahead may have recorded instants by the rules that end here. */
  *#enter(db: Db, entry: ScheduleEntry): Op<void> {
    const { store } = this.#options.acts;
    yield* store.noteRepeat(db, entry.slug, entry.since);
    yield* store.recordSchedule(db, entry);
  }

  *#due(db: Db, watched: Watched, now: number): Op<HostEvents['tick:recorded'][]> {
    const { store } = this.#options.acts;
    const edited = editedBy(watched, (yield* store.scheduleHistory(db, watched.job.slug)).filter(({ since }) => since <= now).at(-1));
    if (edited) this.#follow(watched, edited);
    if (!this.#watched.includes(watched)) return [];
    const ticks = yield* accountFor(db, this.#account, watched, watched.accounted, now);
    // Another host may have recorded it: the one at the right time, or one that was ahead, for which it was missed.
    if (ticks.length > 0 || !(yield* giveBackMissed(db, store, watched.job.slug, now, watched.accounted))) return ticks;
    return yield* accountFor(db, this.#account, watched, watched.accounted, now);
  }

  /** Schedules that seldom come due are told of edits too, in case that the host which made one does not live to see it. */
  #lookForEdits(now: number): void {
    this.#lookAt = now + WATCH_MS;
    const { acts } = this.#options;
    try {
      const entries = new Map(acts.read((db) => acts.store.currentSchedules(db)).map((entry) => [entry.slug, entry]));
      for (const watched of [...this.#watched]) {
        const entry = entries.get(watched.job.slug);
        const edited = entry && entry.since <= now ? editedBy(watched, entry) : undefined;
        if (edited) this.#follow(watched, edited);
      }
    } catch {
      // The database is away for a moment: what is due now finds out by itself.
    }
  }

  /**
   * Another host has started with other definitions: two texts of one schedule at once would run instants of both. It has accounted for what was
   * due before; what this one has recorded since by the old ones stays.
   */
  #follow(watched: Watched, entry: ScheduleEntry): void {
    const { slug } = watched.job;
    const rules = watchedBefore(watched, entry);
    if (rules) {
      Object.assign(watched, rules);
      this.#reset(watched, entry.since);
    } else {
      this.#watched = this.#watched.filter((each) => each !== watched);
    }
    const what = rules ? `changed to "${entry.schedule}"` : 'removed';
    this.#options.events.log('info', `The schedule of job '${slug}' was ${what} by a host that started later: it is followed from here on`);
  }

  /** Writes, then tells. */
  async #recorded(body: (db: Db) => Op<HostEvents['tick:recorded'][]>, start = false): Promise<void> {
    const { acts, events, onEnqueued } = this.#options;
    const ticks = await (start ? acts.record('schedule', body) : acts.write('schedule', body));
    for (const tick of ticks) {
      events.emit('tick:recorded', tick);
      if (tick.run !== undefined) onEnqueued(tick.slug, tick.run);
    }
  }

  async #attempt(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      this.#outage.over();
      return true;
    } catch (error) {
      if (error instanceof AlreadyRecorded) return true;
      this.#outage.failed(error);
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
