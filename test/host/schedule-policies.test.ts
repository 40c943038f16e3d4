/** What becomes of instants that were missed, paused, outside of their window, or edited meanwhile; and the ledger against a naive evaluation. */
import { afterEach, describe, expect, it } from 'vitest';
import type { JobDefinition } from '../../src/domain/job.js';
import { Scheduler } from '../../src/host/scheduler.js';
import { randomOf } from '../support/random.js';
import { naiveInstants } from './naive-cron.js';
import { createStage, jobs, type Stage } from './stage.js';

const MINUTE = 60_000;
const stages: Stage[] = [];
const schedulers: Scheduler[] = [];
afterEach(async () => {
  await Promise.all(schedulers.splice(0).map((s) => s.stop()));
  for (const stage of stages.splice(0)) stage.dispose();
});

type Rules = Partial<JobDefinition> & { slug: string };

async function stage() {
  const made = await createStage();
  stages.push(made);
  return made;
}

async function start(on: Stage, rules: Rules[], more: { generation?: 8 | 10; random?: () => number; timezone?: string } = {}) {
  const scheduler = new Scheduler({
    acts: on.acts,
    events: on.events,
    jobs: jobs(...rules).jobs.values(),
    timezone: more.timezone ?? 'UTC',
    generation: more.generation ?? 8,
    clock: on.clock,
    ...(more.random && { random: more.random }),
    onEnqueued: () => {},
  });
  schedulers.push(scheduler);
  await scheduler.start();
  return scheduler;
}

/** The ledger, oldest first: what, why, first instant in minutes since `from`, how many. */
const ledger = (on: Stage, from: number, slug = 'j') =>
  on.acts
    .read((db) => on.acts.store.listTicks(db, { slug, limit: 1_000 }))
    .reverse()
    .map((tick) => [tick.reason ?? tick.outcome, (tick.at - from) / MINUTE, tick.count]);

const minutely: Rules = { slug: 'j', schedule: '* * * * *' };

describe('[TICK] misfire', () => {
  async function down(rules: Partial<JobDefinition>, minutes: number, more: Parameters<typeof start>[2] = {}) {
    const on = await stage();
    const from = on.clock.time;
    await (await start(on, [{ ...minutely, ...rules }], more)).stop();
    on.clock.time += minutes * MINUTE;
    await start(on, [{ ...minutely, ...rules }], more);
    return { rows: ledger(on, from), runs: on.runs().length };
  }

  it('skip: nothing that was missed is run', async () => {
    expect(await down({}, 10)).toEqual({ rows: [['host_down', 1, 10]], runs: 0 });
  });
  it('once: the newest is run for all of them; so it is by default in generation 10', async () => {
    const expected = {
      rows: [
        ['misfire', 1, 9],
        ['run', 10, 1],
      ],
      runs: 1,
    };
    expect(await down({ misfire: 'once' }, 10)).toEqual(expected);
    expect(await down({}, 10, { generation: 10 })).toEqual(expected);
  });
  it('all: each of the newest up to the limit', async () => {
    expect(await down({ misfire: 'all', misfireLimit: 3 }, 10)).toEqual({
      rows: [
        ['misfire', 1, 7],
        ['run', 8, 1],
        ['run', 9, 1],
        ['run', 10, 1],
      ],
      runs: 3,
    });
  });
  it('a month of a schedule by the second is one row, counted right, in a moment', async () => {
    const begun = process.cpuUsage();
    expect(await down({ schedule: '* * * * * *' }, 30 * 24 * 60)).toMatchObject({
      rows: [['host_down', expect.closeTo(1 / 60), 2_592_000]],
    });
    expect(process.cpuUsage(begun).user).toBeLessThan(3_000_000);
  });
});

it('[TICK] a paused job, queue or schedule, and everything, are skipped as paused', async () => {
  const on = await stage();
  const from = on.clock.time;
  const scheduler = await start(on, [{ ...minutely, queue: 'q' }]);
  const targets = [
    { kind: 'all', name: '' },
    { kind: 'job', name: 'j' },
    { kind: 'queue', name: 'q' },
    { kind: 'schedule', name: 'j' },
  ] as const;
  for (const target of targets) {
    await on.acts.write('t', (db) => on.acts.store.pause(db, target, undefined, 0));
    on.clock.time += MINUTE;
    await scheduler.check();
    await on.acts.write('t', (db) => on.acts.store.resume(db, target));
  }
  on.clock.time += MINUTE;
  await scheduler.check();
  expect(ledger(on, from)).toEqual([
    ['paused', 1, 4],
    ['run', 5, 1],
  ]);
});

it('[TICK] outside of from and until nothing is run, and it is said', async () => {
  const on = await stage();
  const from = on.clock.time;
  const scheduler = await start(on, [{ ...minutely, from: from + 3 * MINUTE, until: from + 5 * MINUTE }]);
  for (let i = 0; i < 6; i++) {
    on.clock.time += MINUTE;
    await scheduler.check();
  }
  expect(ledger(on, from)).toEqual([
    ['outside_window', 1, 2],
    ['run', 3, 1],
    ['run', 4, 1],
    ['outside_window', 5, 2],
  ]);
});

it('[TICK] an instant in a gap of the clock that the policy leaves out is in the ledger', async () => {
  const on = await stage();
  on.clock.time = Date.UTC(2026, 2, 29, 1, 0, 0);
  const from = on.clock.time;
  const scheduler = await start(on, [{ slug: 'j', schedule: '30 2 * * *', timezone: 'Europe/Berlin', dst: { gap: 'skip' } }]);
  on.clock.time += 30 * MINUTE;
  await scheduler.check();
  on.clock.time += 23 * 60 * MINUTE;
  await scheduler.check();
  expect(ledger(on, from)).toEqual([
    ['dst_gap', 30, 1],
    ['run', 30 + 23 * 60, 1],
  ]);
});

it('jitter puts the run off, not the tick', async () => {
  const on = await stage();
  const from = on.clock.time;
  const scheduler = await start(on, [{ ...minutely, jitter: 20 }], { random: () => 0.5 });
  on.clock.time += MINUTE;
  await scheduler.check();
  expect(ledger(on, from)).toEqual([['run', 1, 1]]);
  expect(on.runs()[0]?.dueAt).toBe(from + MINUTE + 10_000);
});

it('[TICK] in generation 10 a pending run overlaps too', async () => {
  const on = await stage();
  const from = on.clock.time;
  const scheduler = await start(on, [minutely], { generation: 10 });
  for (let i = 0; i < 2; i++) {
    on.clock.time += MINUTE;
    await scheduler.check();
  }
  expect(ledger(on, from)).toEqual([
    ['run', 1, 1],
    ['overlap', 2, 1],
  ]);
});

describe('[TICK] editing a schedule', () => {
  it('what was due before the edit is accounted for by the old text, what comes after by the new one', async () => {
    const on = await stage();
    const from = on.clock.time;
    await (await start(on, [{ slug: 'j', schedule: '*/10 * * * *' }])).stop();
    on.clock.time += 25 * MINUTE;
    const scheduler = await start(on, [{ slug: 'j', schedule: '* * * * *' }]);
    on.clock.time += MINUTE;
    await scheduler.check();
    expect(ledger(on, from)).toEqual([
      ['host_down', 10, 2],
      ['run', 26, 1],
    ]);
    expect(
      on.acts.read((db) => on.acts.store.scheduleHistory(db, 'j')).map((entry) => [entry.schedule, (entry.since - from) / MINUTE]),
    ).toEqual([
      ['*/10 * * * *', 0],
      ['* * * * *', 25],
    ]);
  });

  it('a removed schedule is accounted for until then; when it comes back it begins anew', async () => {
    const on = await stage();
    const from = on.clock.time;
    await (await start(on, [minutely])).stop();
    on.clock.time += 5 * MINUTE;
    await (await start(on, [{ slug: 'other' }])).stop();
    on.clock.time += 5 * MINUTE;
    const scheduler = await start(on, [minutely]);
    on.clock.time += MINUTE;
    await scheduler.check();
    expect(ledger(on, from)).toEqual([
      ['host_down', 1, 5],
      ['run', 11, 1],
    ]);
  });
});

describe('[TICK] the ledger against a naive evaluation', () => {
  const fields = [
    ['0', '*/5', '30', '10-40/7', '59', '*/13', '5,35'],
    ['*', '2', '*/3', '0-5', '1,13,22', '23'],
    ['*', '1', '15', '31', '*/2'],
    ['*', '3', '10', '3,10'],
    ['*', '0', '1-5', '6,7'],
  ];
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'];
  const first = Number(process.env['MOONLIGHTER_TEST_SEED'] ?? 20_261_125);
  const cases = Array.from({ length: 50 }, (_, index) => {
    const random = randomOf(first + index);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    return [fields.map(pick).join(' '), pick(zones), random] as const;
  });

  it.each(cases)('%s in %s over two years with downtime and jumps of the clock', async (schedule, timezone, random) => {
    const on = await stage();
    on.clock.time = Date.UTC(2025, 10, 1);
    const from = on.clock.time;
    const end = from + 730 * 86_400_000;
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const dst = { gap: pick(['skip', 'before', 'after'] as const), overlap: pick(['first', 'second', 'both'] as const) };
    const window = pick([
      {},
      { from: from + Math.floor(random() * 300 * 86_400_000) },
      { until: end - Math.floor(random() * 300 * 86_400_000) },
    ]);
    const misfire = pick(['skip', 'once', 'all'] as const);
    const job: Rules = { slug: 'j', schedule, timezone, dst, misfire, misfireLimit: 3, ...window, skipIfRunning: false };
    let scheduler = await start(on, [job]);
    let highest = from;
    while (highest < end) {
      const move = random();
      if (move < 0.1) {
        await scheduler.stop();
        on.clock.time += Math.floor(random() * 40 * 86_400_000);
        scheduler = await start(on, [job]);
      } else if (move < 0.15) {
        on.clock.time -= Math.floor(random() * pick([3, 3, 100]) * 3_600_000);
        await scheduler.check();
      } else {
        on.clock.time += Math.floor(random() * (move < 0.3 ? 20 : 3) * 86_400_000);
        await scheduler.check();
      }
      highest = Math.max(highest, on.clock.time);
    }
    on.clock.time = highest + 1;
    await scheduler.check();
    const rows = on.acts.read((db) => on.acts.store.listTicks(db, { slug: 'j', limit: 100_000 })).reverse();
    // Set back to before the schedule was first seen, the clock has passed instants that are older.
    const begun = on.acts.read((db) => on.acts.store.scheduleHistory(db, 'j'))[0]!.since;
    expect(begun).toBeLessThanOrEqual(from);
    const naive = naiveInstants(schedule, timezone, begun, highest + 1, dst);
    let covered = 0;
    let last = begun;
    for (const row of rows) {
      expect(row.at).toBeGreaterThan(last);
      last = row.until;
      const within = naive.slice(covered, covered + row.count);
      expect([within.length, within[0], within.at(-1)]).toEqual([row.count, row.at, row.until]);
      covered += row.count;
    }
    expect(covered).toBe(naive.length);
  });
});

describe('[TICK] Regression: a host of the old definitions beside one of the new (a rolling deployment)', () => {
  const minute = async (stage: Stage, minutes: number, ...schedulers: Scheduler[]) => {
    for (let i = 0; i < minutes; i++) {
      stage.clock.time += MINUTE;
      for (const scheduler of schedulers) await scheduler.check();
    }
  };
  const both = async (rules: Rules[], from: Rules) => {
    const on = await stage();
    const told: string[] = [];
    on.events.on('log', ({ line }) => told.push(line.text));
    const begun = on.clock.time;
    const old = await start(on, [{ ...from, skipIfRunning: false }]);
    await minute(on, 2, old);
    const other = await createStage(on);
    stages.push(other);
    const young = await start(other, rules);
    return { on, begun, old, young, told };
  };

  it('follows the schedule that was edited: no instant of the old text is run any more, none of the new is lost', async () => {
    const { on, begun, old, young, told } = await both([{ ...minutely, schedule: '*/5 * * * *', skipIfRunning: false }], minutely);
    await minute(on, 8, old, young);
    // The young one is gone: the old one goes on with what it was told.
    await young.stop();
    await minute(on, 5, old);
    expect(ledger(on, begun)).toEqual([1, 2, 5, 10, 15].map((at) => ['run', at, 1]));
    expect(told.filter((text) => /schedule of job 'j'/.test(text))).toEqual([
      `The schedule of job 'j' was changed to "*/5 * * * *" by a host that started later: it is followed from here on`,
    ]);
  });

  it('gives up a schedule that was removed, also one that seldom comes due', async () => {
    const { on, begun, old, young } = await both([], minutely);
    await minute(on, 5, old, young);
    expect(ledger(on, begun)).toEqual([1, 2].map((at) => ['run', at, 1]));
    expect(old.next).toBeUndefined();
  });

  it('Regression: what was due before the edit is not accounted for by the text that it has since', async () => {
    const { on, begun, old, young } = await both([{ ...minutely, skipIfRunning: false }], { ...minutely, schedule: '*/30 * * * *' });
    // The old one has not looked for a while.
    await minute(on, 10, young);
    await minute(on, 1, old, young);
    expect(ledger(on, begun)).toEqual(Array.from({ length: 11 }, (_, i) => ['run', i + 3, 1]));
  });

  it('an edited window is told once, and obeyed', async () => {
    const until = Date.UTC(2026, 0, 5, 10, 4);
    const { on, begun, old, young, told } = await both([{ ...minutely, until, skipIfRunning: false }], minutely);
    await minute(on, 4, old, young);
    expect(ledger(on, begun)).toEqual([...[1, 2, 3].map((at) => ['run', at, 1]), ['outside_window', 4, 3]]);
    expect(told.filter((text) => /schedule of job 'j'/.test(text))).toHaveLength(1);
  });
});
