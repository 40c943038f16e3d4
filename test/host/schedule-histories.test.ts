/**
 * Random histories of schedules: two hosts with clocks of their own that are set forward and back, hosts that are down, edits, removals, windows,
 * pauses, commits that fail, every policy for changes of the clock and for what was missed. Afterwards `verify` finds nothing, and no instant was run twice.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../src/domain/errors.js';
import type { DstPolicy, JobDefinition } from '../../src/domain/job.js';
import { Scheduler } from '../../src/host/scheduler.js';
import { verifyStore } from '../../src/operations/verify.js';
import { randomOf } from '../support/random.js';
import { createStage, jobs, ManualClock, type Stage } from './stage.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const LIMITS = { total: 10, queues: new Map(), jobs: new Map(), rates: new Map() };
/** Nights in which clocks change somewhere, and one in which none does. */
const STARTS = [
  Date.UTC(2026, 2, 28),
  Date.UTC(2026, 9, 24),
  Date.UTC(2026, 2, 7),
  Date.UTC(2026, 9, 31),
  Date.UTC(2026, 3, 4),
  Date.UTC(2026, 5, 1),
];
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'];
const TEXTS = [
  '* * * * *',
  '*/5 * * * *',
  '*/20 * * * * *',
  '30 * * * *',
  '30 2 * * *',
  '*/15 1-3 * * *',
  '5,35 2 * * 0',
  '0 */6 * * *',
  '17 3 * * 1-5',
];

const stages: Stage[] = [];
afterEach(() => {
  for (const stage of stages.splice(0).reverse()) stage.dispose();
});

type Rules = Partial<JobDefinition> & { slug: string };

class Dice {
  readonly #random: () => number;
  constructor(seed: number) {
    this.#random = randomOf(seed);
  }
  next = (): number => this.#random();
  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }
  chance(share: number): boolean {
    return this.#random() < share;
  }
  upTo(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function rulesOf(dice: Dice, slug: string, now: number): Rules {
  const dst = { gap: dice.pick(['skip', 'before', 'after']), overlap: dice.pick(['first', 'second', 'both']) } as DstPolicy;
  return {
    slug,
    schedule: dice.pick(TEXTS),
    timezone: dice.pick(ZONES),
    skipIfRunning: dice.chance(0.3),
    misfire: dice.pick(['skip', 'once', 'all']),
    misfireLimit: dice.upTo(4),
    ...(dice.chance(0.5) && { dst }),
    ...(dice.chance(0.3) && { jitter: dice.upTo(100) }),
    ...(dice.chance(0.2) && { from: now - DAY + dice.upTo(2 * DAY) }),
    ...(dice.chance(0.2) && { until: now + dice.upTo(2 * DAY) }),
  };
}

/** One of the hosts: its database connection, its clock, the definitions that it started with. */
class Side {
  readonly clock: ManualClock;
  #running: Scheduler | undefined;
  #checking = false;
  readonly #on: Stage;
  readonly #dice: Dice;

  constructor(on: Stage, dice: Dice, time: number) {
    this.#on = on;
    this.#dice = dice;
    this.clock = new ManualClock(time);
    const fails = () => this.#checking && dice.chance(0.05);
    const write = on.acts.write.bind(on.acts);
    on.acts.write = (owner, body) =>
      write(owner, function* (db) {
        const value = yield* body(db);
        if (fails()) throw new StoreUnavailableError('DATABASE_BUSY', 'the commit failed', { retryable: true });
        return value;
      });
  }

  /** The definitions that it was started with last. */
  rules: readonly Rules[] = [];

  get up(): boolean {
    return this.#running !== undefined;
  }

  async start(rules: readonly Rules[]): Promise<void> {
    this.rules = rules;
    this.#running = new Scheduler({
      acts: this.#on.acts,
      events: this.#on.events,
      jobs: jobs(...rules).jobs.values(),
      timezone: 'UTC',
      generation: 8,
      clock: this.clock,
      random: this.#dice.next,
      onEnqueued: () => {},
    });
    await this.#running.start();
  }

  async stop(): Promise<void> {
    await this.makeGood();
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** A commit that failed is tried again within seconds. */
  async makeGood(): Promise<void> {
    await this.#running?.check();
  }

  /** Some of its commits fail. */
  async check(): Promise<void> {
    this.#checking = true;
    await this.#running?.check();
    this.#checking = false;
  }
}

interface Troubles {
  /** Whether definitions are edited meanwhile. */
  edits: boolean;
  /** How far clocks are set back at most, in ms. */
  back: number;
  /** By how much the clocks of the two hosts differ at most, in ms. */
  differ: number;
}

async function history(seed: number, { edits, back, differ }: Troubles) {
  const dice = new Dice(seed);
  const on = await createStage();
  const other = await createStage(on);
  stages.push(on, other);
  const start = dice.pick(STARTS) + dice.upTo(DAY);
  const sides = [new Side(on, dice, start), new Side(other, dice, start + dice.upTo(2 * differ + 1) - differ)];
  let rules = ['a', 'b'].map((slug) => rulesOf(dice, slug, start));
  await sides[0]!.start(rules);
  const told: string[] = [`start ${new Date(start).toISOString()} ${JSON.stringify(rules)}`];
  /** Only hosts of older definitions were up, which do not know of every schedule: what is due of the others waits for one that does. */
  let unknown = false;
  const advance = async (by: number) => {
    if (sides.some(({ up }) => up)) unknown ||= !sides.some((side) => side.up && side.rules === rules);
    for (const side of sides) {
      side.clock.time += by;
      await side.check();
    }
  };
  const begin = async (side: Side) => {
    await side.start(rules);
    unknown = false;
  };
  const early: unknown[] = [];
  /** Whoever asks meanwhile, or after a time in which no host was up, is told of nothing either. Not where hosts that are hours apart edit by turns. */
  const ask = async (side: Side, step: number) => {
    if (unknown || (edits && back > 2 * MINUTE)) return;
    for (const each of sides) await each.makeGood();
    for (const later of [0, 7 * 60 * MINUTE]) {
      const now = side.clock.time + later;
      const { breaches } = on.acts.read((db) => verifyStore(db, on.acts.store, { now, limits: LIMITS, rescueWithinMs: 1e12 }));
      early.push(...breaches.map((each) => ({ ...each, step, now: new Date(now).toISOString() })));
    }
  };
  for (let step = 0; step < 60; step++) {
    const side = dice.pick(sides);
    if (step % 5 === 4) await ask(side, step);
    const move = dice.next();
    if (move < 0.1) {
      if (side.up) await side.stop();
      else await begin(side);
      told.push(`${sides.indexOf(side)} ${side.up ? 'up' : 'down'} at ${new Date(side.clock.time).toISOString()}`);
    } else if (move < 0.15 && back > 0) {
      side.clock.time -= dice.upTo(back);
      told.push(`${sides.indexOf(side)} set back to ${new Date(side.clock.time).toISOString()}`);
      if (dice.chance(0.5)) await side.check();
    } else if (move < 0.2 && edits) {
      rules = ['a', 'b']
        .filter(() => dice.chance(0.9))
        .map((slug) => rules.find((each) => each.slug === slug && dice.chance(0.5)) ?? rulesOf(dice, slug, side.clock.time));
      await side.stop();
      await begin(side);
      told.push(`${sides.indexOf(side)} edits at ${new Date(side.clock.time).toISOString()} ${JSON.stringify(rules)}`);
    } else if (move < 0.25) {
      const name = dice.pick(['a', 'b']);
      await on.acts.write('t', (db) => on.acts.store.pause(db, { kind: 'schedule', name }, undefined, 0));
      await advance(dice.upTo(30 * MINUTE));
      await on.acts.write('t', (db) => on.acts.store.resume(db, { kind: 'schedule', name }));
    } else {
      await advance(dice.upTo(dice.pick([30_000, MINUTE, 5 * MINUTE, 90 * MINUTE, 12 * 60 * MINUTE])));
    }
  }
  // A last host, with a clock that is ahead of all others, owes every instant.
  const last = new Side(on, dice, 0);
  for (const side of sides) await side.stop();
  const newest = on.acts.read((db) => db.get('SELECT max(max(until), max(recorded_at)) AS at FROM _ml_ticks'))?.['at'];
  last.clock.time = Math.max(Number(newest ?? 0), ...sides.map(({ clock }) => clock.time)) + 10 * MINUTE;
  await last.start(rules);
  last.clock.time += 10 * MINUTE;
  // A commit that fails is made good by the next check.
  for (let each = 0; each < 6; each++) await last.check();
  await last.stop();
  const now = last.clock.time + DAY;
  const report = on.acts.read((db) => verifyStore(db, on.acts.store, { now, limits: LIMITS, rescueWithinMs: 1e12 }));
  // Where clocks agree nothing is lived through twice: verify has judged all of it.
  if (back === 0 && differ === 0) {
    for (const slug of ['a', 'b']) expect(on.acts.read((db) => on.acts.store.repeatedStretches(db, slug))).toEqual([]);
  }
  const ticks = on.acts.read((db) => db.all("SELECT run FROM _ml_ticks WHERE outcome = 'run'")).map(({ run }) => String(run));
  return {
    told,
    early,
    breaches: report.breaches.map(({ code, slug, at, evidence }) => ({ code, slug, at, ...evidence })),
    ticks,
    runs: on.runs().map(({ id }) => id),
  };
}

describe('[TICK] [ONCE] random histories of schedules on two hosts', () => {
  const first = Number(process.env['MOONLIGHTER_TEST_SEED'] ?? 4_711);
  const count = Number(process.env['MOONLIGHTER_TEST_SCHEDULE_HISTORIES'] ?? 15);
  it.each<[string, Troubles]>([
    ['whose clocks agree', { edits: false, back: 0, differ: 0 }],
    ['whose clocks agree, with edits', { edits: true, back: 0, differ: 0 }],
    ['whose clocks are set back by a minute, with edits', { edits: true, back: 80_000, differ: 2_000 }],
    ['whose clocks differ by some seconds, with edits', { edits: true, back: 0, differ: 30_000 }],
    ['whose clocks are set back by hours', { edits: false, back: 3 * 60 * MINUTE, differ: 30_000 }],
    ['whose clocks are set back by days and differ by an hour', { edits: false, back: 3 * DAY, differ: 60 * MINUTE }],
    ['whose clocks are set back by days, with edits', { edits: true, back: 3 * DAY, differ: 60 * MINUTE }],
  ])(
    '%s',
    async (_, troubles) => {
      for (let seed = first; seed < first + count; seed++) {
        const { told, breaches, early, ticks, runs } = await history(seed, troubles);
        expect({ seed, early, told: early.length > 0 && told }).toEqual({ seed, early: [], told: false });
        expect({ seed, breaches, told: breaches.length > 0 && told }).toEqual({ seed, breaches: [], told: false });
        expect([seed, ticks.sort()]).toEqual([seed, runs.sort()]);
        for (const stage of stages.splice(0).reverse()) stage.dispose();
      }
    },
    120_000,
  );
});
