/** Schedules where clocks and databases fail: one transaction for a tick and its run, clocks set back and forward, writes that fail. */
import { afterEach, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../src/domain/errors.js';
import { Scheduler } from '../../src/host/scheduler.js';
import { verifyStore } from '../../src/operations/verify.js';
import { watchStatements } from '../../src/store/sqlite/database.js';
import { createStage, jobs, type Stage } from './stage.js';

const MINUTE = 60_000;
const stages: Stage[] = [];
const schedulers: Scheduler[] = [];
afterEach(async () => {
  watchStatements(undefined);
  await Promise.all(schedulers.splice(0).map((s) => s.stop()));
  for (const stage of stages.splice(0)) stage.dispose();
});

async function minutely(other?: Stage) {
  const stage = await createStage(other);
  stages.unshift(stage);
  const start = async (schedule = '* * * * *') => {
    const scheduler = new Scheduler({
      acts: stage.acts,
      events: stage.events,
      jobs: jobs({ slug: 'j', schedule, skipIfRunning: false }).jobs.values(),
      timezone: 'UTC',
      generation: 8,
      clock: stage.clock,
      onEnqueued: () => {},
    });
    schedulers.push(scheduler);
    await scheduler.start();
    return scheduler;
  };
  const from = stage.clock.time;
  /** Minutes since the beginning, ascending. */
  const ledger = () =>
    stage.acts
      .read((db) => stage.acts.store.listTicks(db, { slug: 'j', limit: 1_000 }))
      .reverse()
      .map((tick) => [tick.reason ?? tick.outcome, (tick.at - from) / MINUTE, tick.count]);
  const at = async (scheduler: Scheduler, minute: number) => {
    stage.clock.time = from + minute * MINUTE;
    await scheduler.check();
  };
  return { stage, start, ledger, at, from };
}

it('[TICK] [ONCE] an instant and its run are recorded in one transaction', async () => {
  const { stage, start, at, ledger } = await minutely();
  const scheduler = await start();
  const statements: string[] = [];
  watchStatements((sql) => statements.push(sql.trim()));
  await at(scheduler, 1);
  watchStatements(undefined);
  const places = ['INSERT INTO _crap_jobs', 'INSERT INTO _ml_ticks'].map((text) =>
    statements.findIndex((sql) => sql.replace(' OR REPLACE', '').startsWith(text)),
  );
  expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
  expect(statements.slice(Math.min(...places), Math.max(...places))).not.toContain('COMMIT');
  expect([ledger(), stage.runs().length]).toEqual([[['run', 1, 1]], 1]);
});

it('[TICK] [ONCE] a clock that is set back by more than the host has a memory for runs no instant twice', async () => {
  const { stage, start, at, ledger } = await minutely();
  const scheduler = await start();
  for (let minute = 1; minute <= 20; minute++) await at(scheduler, minute);
  for (let minute = 5; minute <= 22; minute++) await at(scheduler, minute);
  expect(stage.runs()).toHaveLength(22);
  expect(ledger()).toEqual(Array.from({ length: 22 }, (_, i) => ['run', i + 1, 1]));
});

it('[TICK] a schedule that was begun by a clock an hour ahead is not held back for an hour', async () => {
  const { stage, start, at, ledger } = await minutely();
  stage.clock.time += 60 * MINUTE;
  const scheduler = await start();
  await at(scheduler, 61);
  await at(scheduler, 1);
  for (let minute = 2; minute <= 4; minute++) await at(scheduler, minute);
  expect(ledger().map(([outcome, minute]) => [outcome, minute])).toEqual([2, 3, 4, 61].map((minute) => ['run', minute]));
  expect(stage.runs()).toHaveLength(4);
});

it('[TICK] Regression: a schedule whose clock is set back to before it was first seen begins there, so that no instant since then is left out', async () => {
  const { stage, start, at, ledger } = await minutely();
  const history = () => stage.acts.read((db) => stage.acts.store.scheduleHistory(db, 'j')).map(({ since }) => (since - from) / MINUTE);
  const from = stage.clock.time;
  stage.clock.time += 60 * MINUTE;
  const scheduler = await start();
  await at(scheduler, 0.5);
  expect(history()).toEqual([0.5]);
  await scheduler.stop();
  stage.clock.time = from + 5 * MINUTE;
  await start();
  expect(ledger()).toEqual([['host_down', 1, 5]]);
});

describe('[TICK] Regression: where the ledger reaches further than the clock, because a schedule was begun by one that was ahead,', () => {
  /** Minute 61 recorded by a clock that was ahead, 2 to 4 by the right one. */
  async function reaching() {
    const made = await minutely();
    made.stage.clock.time += 60 * MINUTE;
    const scheduler = await made.start();
    await made.at(scheduler, 61);
    await made.at(scheduler, 1);
    for (let minute = 2; minute <= 4; minute++) await made.at(scheduler, minute);
    return { ...made, scheduler };
  }
  const before = [2, 3, 4].map((minute) => ['run', minute, 1]);

  it('instants before those are not left out when several are due at once', async () => {
    const { scheduler, at, ledger, stage } = await reaching();
    await at(scheduler, 62.5);
    expect(ledger()).toEqual([...before, ['misfire', 5, 56], ['run', 61, 1], ['run', 62, 1]]);
    expect(stage.runs()).toHaveLength(5);
  });

  it('nor when the host was down over them', async () => {
    const { scheduler, at, ledger, stage, start, from } = await reaching();
    await scheduler.stop();
    stage.clock.time = from + 40.5 * MINUTE;
    const second = await start();
    expect(ledger()).toEqual([...before, ['host_down', 5, 36], ['run', 61, 1]]);
    await at(second, 41);
    await second.stop();
    stage.clock.time = from + 70.5 * MINUTE;
    await start();
    expect(ledger()).toEqual([
      ...before,
      ['host_down', 5, 36],
      ['run', 41, 1],
      ['host_down', 42, 19],
      ['run', 61, 1],
      ['host_down', 62, 9],
    ]);
    expect(stage.acts.read((db) => stage.acts.store.repeatedStretches(db, 'j')).map(({ settled, until }) => settled === until)).toEqual([
      true,
    ]);
  });
});

describe('[TICK] [ONCE] Regression: instants that a clock far ahead has called missed are not left out when they come', () => {
  const AHEAD = 30 * 24 * 60;
  const verified = ({ stage }: { stage: Stage }, later = 0) => {
    const limits = { total: 10, queues: new Map(), jobs: new Map(), rates: new Map() };
    const now = stage.clock.time + later * MINUTE;
    return stage.acts.read((db) => verifyStore(db, stage.acts.store, { now, limits, rescueWithinMs: 1e12 })).breaches;
  };

  it('where the host lives through both jumps', async () => {
    const made = await minutely();
    const { stage, start, at, ledger } = made;
    const scheduler = await start();
    await at(scheduler, 1);
    await at(scheduler, AHEAD);
    expect(ledger()).toEqual([
      ['run', 1, 1],
      ['misfire', 2, AHEAD - 2],
      ['run', AHEAD, 1],
    ]);
    await at(scheduler, 3.5);
    for (let minute = 4; minute <= 6; minute++) await at(scheduler, minute);
    expect(ledger()).toEqual([
      ...[
        ['run', 1, 1],
        ['misfire', 2, 2],
      ],
      ...[4, 5, 6, AHEAD].map((minute) => ['run', minute, 1]),
    ]);
    expect(stage.runs()).toHaveLength(5);
    expect([verified(made), verified(made, 600), verified(made, 2 * AHEAD)]).toEqual([[], [], []]);
    // Nothing that was due while no host was up is left out either.
    await scheduler.stop();
    stage.clock.time += 10.5 * MINUTE;
    await start();
    expect(ledger().slice(5)).toEqual([
      ['host_down', 7, 10],
      ['run', AHEAD, 1],
    ]);
    expect(verified(made, 600)).toEqual([]);
  });

  it('where it was started once with the wrong time, for a job that is gone as well', async () => {
    const made = await minutely();
    const { stage, start, at, ledger, from } = made;
    await (await start()).stop();
    stage.clock.time = from + AHEAD * MINUTE;
    await (await start()).stop();
    expect(ledger()).toEqual([['host_down', 1, AHEAD]]);
    stage.clock.time = from + 2.5 * MINUTE;
    const gone = new Scheduler({
      acts: stage.acts,
      events: stage.events,
      jobs: [],
      timezone: 'UTC',
      generation: 8,
      clock: stage.clock,
      onEnqueued: () => {},
    });
    await gone.start();
    await gone.stop();
    expect(ledger()).toEqual([['host_down', 1, 2]]);
    const scheduler = await start();
    for (let minute = 3; minute <= 5; minute++) await at(scheduler, minute);
    expect(ledger()).toEqual([['host_down', 1, 2], ...[3, 4, 5].map((minute) => ['run', minute, 1])]);
    expect([verified(made), verified(made, 600)]).toEqual([[], []]);
  });

  it('where another host with the wrong time was there meanwhile', async () => {
    const made = await minutely();
    const { stage, start, at, ledger, from } = made;
    const scheduler = await start();
    await at(scheduler, 1);
    stage.clock.time = from + AHEAD * MINUTE;
    await (await start()).stop();
    for (let minute = 2; minute <= 4; minute++) await at(scheduler, minute);
    expect(ledger()).toEqual([1, 2, 3, 4].map((minute) => ['run', minute, 1]));
    expect(stage.runs()).toHaveLength(4);
    expect([verified(made), verified(made, 600)]).toEqual([[], []]);
  });

  it('but what was accounted for up to an edit stays, for nobody would come to it again', async () => {
    const { stage, start, at, ledger, from } = await minutely();
    const scheduler = await start();
    await at(scheduler, 1);
    stage.clock.time = from + 30.5 * MINUTE;
    await start('*/2 * * * *');
    await at(scheduler, 2);
    expect(ledger()).toEqual([
      ['run', 1, 1],
      ['host_down', 2, 29],
    ]);
  });

  it('and of a clock that is ahead by seconds nothing is taken back', async () => {
    const { stage, start, at, ledger, from } = await minutely();
    const scheduler = await start();
    await at(scheduler, 1);
    stage.clock.time = from + 2.7 * MINUTE;
    await (await start()).stop();
    await at(scheduler, 2);
    expect(ledger()).toEqual([
      ['run', 1, 1],
      ['host_down', 2, 1],
    ]);
  });
});

it('[TICK] Regression: what a host whose clock is ahead by seconds has recorded before an edit is no breach', async () => {
  const { stage, start, at, from } = await minutely();
  const ahead = await start();
  await at(ahead, 1);
  stage.clock.time = from + 0.6 * MINUTE;
  const other = await start('*/2 * * * *');
  for (let minute = 2; minute <= 8; minute++) await at(other, minute);
  const options = {
    now: stage.clock.time,
    limits: { total: 1, queues: new Map(), jobs: new Map(), rates: new Map() },
    rescueWithinMs: 1e12,
  };
  expect(stage.acts.read((db) => verifyStore(db, stage.acts.store, options)).breaches).toEqual([]);
});

it('[TICK] an edit by a clock that was ahead counts from the moment when a host with the right one looks', async () => {
  const { stage, start } = await minutely();
  const { store } = stage.acts;
  const from = stage.clock.time;
  await (await start()).stop();
  const entry = { slug: 'j', schedule: '*/5 * * * *', timezone: 'UTC' };
  for (const ahead of [10, 60]) {
    await stage.acts.write('test', (db) => store.recordSchedule(db, { ...entry, since: from + ahead * MINUTE }));
  }
  stage.clock.time = from + 2 * MINUTE;
  await start();
  expect(stage.acts.read((db) => store.scheduleHistory(db, 'j')).map(({ schedule, since }) => [schedule, (since - from) / MINUTE])).toEqual(
    [
      ['* * * * *', 0],
      ['* * * * *', 2],
    ],
  );
});

it('[TICK] an instant that could not be recorded is recorded later', async () => {
  const { stage, start, at, ledger } = await minutely();
  const scheduler = await start();
  const write = stage.acts.write.bind(stage.acts);
  stage.acts.write = async () => {
    throw new StoreUnavailableError('DATABASE_BUSY', 'is locked', { retryable: true });
  };
  await at(scheduler, 1);
  expect(ledger()).toEqual([]);
  stage.acts.write = write;
  await at(scheduler, 1.25);
  expect([ledger(), stage.runs().length]).toEqual([[['run', 1, 1]], 1]);
});

it('[TICK] a host that comes late to instants of which another has recorded some records the others, each once', async () => {
  const first = await minutely();
  const second = await minutely(first.stage);
  const [early, late] = [await first.start(), await second.start()];
  await first.at(early, 1);
  await first.at(early, 2);
  await first.at(late, 6);
  expect(first.ledger()).toEqual([
    ['run', 1, 1],
    ['run', 2, 1],
    ['misfire', 3, 3],
    ['run', 6, 1],
  ]);
  expect(first.stage.runs()).toHaveLength(3);
});

it('crap-cms is told of each instant that is run, so that it does not fire it too', async () => {
  const { stage, start, at } = await minutely();
  const scheduler = await start();
  const fired = () => stage.acts.read((db) => db.all('SELECT slug, fired_at FROM _crap_cron_fired'));
  expect(fired()).toEqual([]);
  for (const minute of [1, 2]) {
    await at(scheduler, minute);
    expect(fired()).toEqual([{ slug: 'j', fired_at: `2026-01-05T10:0${minute}:00.000+00:00` }]);
  }
});
