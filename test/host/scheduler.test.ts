import { afterEach, describe, expect, it } from 'vitest';
import type { HostEvents } from '../../src/host/events.js';
import { Scheduler } from '../../src/host/scheduler.js';
import { createStage, jobs, type Stage } from './stage.js';

const stages: Stage[] = [];
const schedulers: Scheduler[] = [];
afterEach(async () => {
  await Promise.all(schedulers.splice(0).map((s) => s.stop()));
  for (const stage of stages.splice(0)) stage.dispose();
});

async function set(registry: ReturnType<typeof jobs>, other?: Stage) {
  const stage = await createStage(other);
  stages.unshift(stage);
  const ticks: HostEvents['tick:recorded'][] = [];
  const enqueued: string[] = [];
  stage.events.on('tick:recorded', (e) => ticks.push(e));
  const start = async () => {
    const scheduler = new Scheduler({
      acts: stage.acts,
      events: stage.events,
      jobs: registry.jobs.values(),
      timezone: 'UTC',
      generation: 8,
      clock: stage.clock,
      onEnqueued: (_slug, id) => enqueued.push(id),
    });
    schedulers.push(scheduler);
    await scheduler.start();
    return scheduler;
  };
  return { stage, ticks, enqueued, start };
}

const MINUTE = 60_000;

describe('scheduler', () => {
  it('[TICK] enqueues a due instant once, as cron, with empty data', async () => {
    const { stage, ticks, enqueued, start } = await set(jobs({ slug: 'digest', schedule: '* * * * *', retries: 2, priority: 4 }));
    const scheduler = await start();
    await scheduler.check();
    expect(ticks).toEqual([]);
    const at = stage.clock.time + MINUTE;
    stage.clock.time = at + 5;
    await scheduler.check();
    await scheduler.check();
    expect(ticks).toEqual([{ slug: 'digest', at, outcome: 'run', reason: undefined, run: enqueued[0], count: 1, folded: false }]);
    expect(stage.runs()).toHaveLength(1);
    expect(stage.runs()[0]).toMatchObject({
      slug: 'digest',
      data: '{}',
      scheduledBy: 'cron',
      maxAttempts: 3,
      priority: 4,
      status: 'pending',
    });
  });

  it('[TICK] two hosts over one file record each instant once between them', async () => {
    const registry = jobs({ slug: 'digest', schedule: '* * * * *' });
    const a = await set(registry);
    const b = await set(registry, a.stage);
    const first = await a.start();
    const second = await b.start();
    for (let i = 0; i < 5; i++) {
      a.stage.clock.time += MINUTE;
      await Promise.all([first.check(), second.check()]);
    }
    expect(a.ticks.length + b.ticks.length).toBe(5);
    expect(a.stage.runs()).toHaveLength(5);
  });

  it('[TICK] skips an instant while a run is running, and says why', async () => {
    const { stage, ticks, start } = await set(
      jobs({ slug: 'slow', schedule: '* * * * *' }, { slug: 'all', schedule: '* * * * *', skipIfRunning: false }),
    );
    const scheduler = await start();
    for (const slug of ['slow', 'all']) await stage.enqueue(slug);
    await stage.acts.write('test', (db) =>
      stage.acts.store.claim(db, {
        host: 'h',
        now: stage.clock.now(),
        leaseUntil: stage.clock.now() + 1,
        limit: 9,
        maxConcurrent: 9,
        concurrency: new Map([
          ['slow', 1],
          ['all', 1],
        ]),
      }),
    );
    stage.clock.time += MINUTE;
    await scheduler.check();
    expect(ticks.map((e) => [e.slug, e.outcome, e.reason])).toEqual([
      ['slow', 'skipped', 'overlap'],
      ['all', 'run', undefined],
    ]);
  });

  it('[TICK] accounts for what came due while no host was up as one skipped row, and runs none of it', async () => {
    const { stage, ticks, enqueued, start } = await set(
      jobs({ slug: 'digest', schedule: '* * * * *' }, { slug: 'new', schedule: '* * * * *' }),
    );
    const before = await start();
    stage.clock.time += MINUTE;
    await before.check();
    await before.stop();
    ticks.length = 0;
    const last = stage.clock.time;
    stage.clock.time += 10 * MINUTE + 30_000;
    const after = await start();
    expect(ticks.filter((e) => e.slug === 'digest')).toEqual([
      { slug: 'digest', at: last + MINUTE, outcome: 'skipped', reason: 'host_down', run: undefined, count: 10, folded: false },
    ]);
    expect(enqueued).toHaveLength(2);
    stage.clock.time += MINUTE;
    await after.check();
    expect(enqueued).toHaveLength(4);
  });

  it('[TICK] runs the newest of several instants noticed together and accounts for the others', async () => {
    const { stage, ticks, start } = await set(jobs({ slug: 'often', schedule: '*/10 * * * * *' }));
    const scheduler = await start();
    const begun = stage.clock.time;
    stage.clock.time += 35_000;
    await scheduler.check();
    expect(ticks.map((e) => [e.outcome, e.reason, (e.at - begun) / 1000, e.count])).toEqual([
      ['skipped', 'misfire', 10, 2],
      ['run', undefined, 30, 1],
    ]);
  });

  it('[TICK] after a sleep skips what is long past, and goes on', async () => {
    const { stage, ticks, start } = await set(jobs({ slug: 'hourly', schedule: '0 * * * *' }));
    const scheduler = await start();
    stage.clock.time += 8 * 60 * MINUTE + 30 * MINUTE;
    await scheduler.check();
    expect(ticks.map((e) => [e.outcome, e.reason, e.count])).toEqual([['skipped', 'misfire', 8]]);
    stage.clock.time += 30 * MINUTE;
    await scheduler.check();
    expect(ticks.at(-1)).toMatchObject({ outcome: 'run' });
  });

  it('[TICK] a clock set back runs no instant twice', async () => {
    const { stage, ticks, start } = await set(jobs({ slug: 'minutely', schedule: '* * * * *' }));
    const scheduler = await start();
    const begun = stage.clock.time;
    for (let i = 1; i <= 3; i++) {
      stage.clock.time = begun + i * MINUTE;
      await scheduler.check();
    }
    stage.clock.time = begun + MINUTE;
    await scheduler.check();
    for (let i = 2; i <= 4; i++) {
      stage.clock.time = begun + i * MINUTE;
      await scheduler.check();
    }
    expect(ticks.map((e) => (e.at - begun) / MINUTE)).toEqual([1, 2, 3, 4]);
    expect(stage.runs()).toHaveLength(4);
  });

  it('names the schedule in the zone of the job', async () => {
    const { stage, ticks, start } = await set(jobs({ slug: 'berlin', schedule: '0 12 * * *', timezone: 'Europe/Berlin' }));
    const scheduler = await start();
    stage.clock.time = Date.UTC(2026, 0, 5, 11, 0, 1);
    await scheduler.check();
    expect(ticks.map((e) => e.at)).toEqual([Date.UTC(2026, 0, 5, 11)]);
  });

  it('[TICK] a long absence of a schedule by the second is one row up to the newest instant', async () => {
    const { stage, ticks, start } = await set(jobs({ slug: 'often', schedule: '* * * * * *' }));
    const before = await start();
    stage.clock.time += 1_000;
    await before.check();
    await before.stop();
    stage.clock.time += 5 * 60 * MINUTE;
    await start();
    expect(ticks.slice(1)).toMatchObject([{ outcome: 'skipped', reason: 'host_down', count: 5 * 60 * 60 }]);
    expect(stage.acts.read((db) => stage.acts.store.lastTick(db, 'often'))).toBe(stage.clock.time);
  });
});
