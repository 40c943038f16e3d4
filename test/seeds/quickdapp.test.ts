/** The document of QuickDapp's worker, statement by statement, and what was weak there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import {
  createWorker,
  type Job,
  type JobParams,
  type JobRunner,
  scheduleCronJob,
  scheduleJob,
  type Worker,
  type WorkerJob,
  type WorkerJobConfig,
} from '../../src/compat/quickdapp.js';
import type { CreateHostOptions } from '../../src/index.js';
import { MovingClock } from './moving-clock.js';

interface App {
  name: string;
}
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start<const Type extends string>(
  jobs: Record<Type, Job<App>>,
  host: CreateHostOptions = {},
  app: App = { name: 'dapp' },
): Promise<{ worker: Worker<Type>; app: { worker: Worker<Type> }; clock: MovingClock }> {
  const clock = new MovingClock();
  const worker = await createWorker({ app: () => app, jobs, host: { threads: 1, clock, ...host } });
  open.push(() => worker.host.stop({ grace: 0 }));
  await worker.host.start();
  return { worker, app: { worker }, clock };
}

/** In the order in which they were due. */
const rows = async (worker: Worker, slug: string) => {
  const runs = await worker.host.jobs.runs({ slug, limit: -1 });
  return (await Promise.all(runs.map(({ id }) => worker.getJobById(id)))).sort((a, b) => a.due.getTime() - b.due.getTime());
};

describe('adding a job', () => {
  it('a job is { run }, given the app, a log and its row; what it returns is the result', async () => {
    const seen: JobParams<App>[] = [];
    const run: JobRunner<App> = async (params) => {
      seen.push(params);
      params.log.info('hello');
      return { sent: true };
    };
    const { worker, app, clock } = await start({ sendMail: { run } });
    const { id } = await scheduleJob(app, { type: 'sendMail', userId: 7, data: { to: 'ada' } });
    await clock.pass(worker.host, 0);
    expect(seen[0]).toMatchObject({
      app: { name: 'dapp' },
      serverApp: { name: 'dapp' },
      job: { id, type: 'sendMail', userId: 7, data: { to: 'ada' } },
    });
    expect(seen[0]?.job.started).toBeInstanceOf(Date);
    expect(await worker.getJobById(id)).toMatchObject({
      success: true,
      result: { sent: true },
      rescheduledFromJob: null,
      finished: expect.any(Date),
    });
    expect((await worker.host.jobs.attempts(id))[0]?.log.map(({ text }) => text)).toEqual(['hello']);
  });

  it('types: a wrong type or a missing one does not compile', () => {
    const check = (app: { worker: Worker<'mail' | 'report'> }) => {
      void scheduleJob(app, { type: 'mail', userId: 0 });
      // @ts-expect-error no such type
      void scheduleJob(app, { type: 'male', userId: 0 });
      // @ts-expect-error the type is missing
      void scheduleJob(app, { userId: 0 });
      // @ts-expect-error a delay is a number
      void scheduleJob(app, { type: 'mail', removeDelay: '1h' });
      // @ts-expect-error a cron job needs its schedule
      void scheduleCronJob(app, { type: 'mail' });
    };
    expect(check).toBeTypeOf('function');
    expectTypeOf<WorkerJobConfig<{ a: number }>['data']>().toEqualTypeOf<{ a: number } | undefined>();
    expectTypeOf(scheduleJob<{ a: number }, 'mail'>).returns.resolves.toEqualTypeOf<WorkerJob>();
  });
});

describe('scheduling a job', () => {
  const runs: string[] = [];
  const note: Job<App> = { run: async ({ job }) => void runs.push(job.id) };

  it('due: right now by default, or at its date', async () => {
    const { worker, app, clock } = await start({ note });
    const now = await scheduleJob(app, { type: 'note', userId: 1 });
    const later = await scheduleJob(app, { type: 'note', userId: 2, due: new Date(clock.now() + 60_000) });
    expect([now.due.getTime(), later.due.getTime()]).toEqual([clock.now(), clock.now() + 60_000]);
    expect([await worker.getTotalPendingJobs(), (await worker.getNextPendingJob())?.id]).toEqual([expect.any(Number), expect.any(String)]);
    await clock.pass(worker.host, 59_000);
    expect(await worker.getJobById(later.id)).toMatchObject({ started: null, success: null, finished: null, removeAt: null });
    expect(await worker.getTotalPendingJobs()).toBe(1);
    expect(await worker.getNextPendingJob()).toMatchObject({ id: later.id });
    expect(await worker.gerInProgressOrPendingJobOfTypeForUser('note', 2)).toMatchObject({ id: later.id });
    expect(await worker.gerInProgressOrPendingJobOfTypeForUser('note', 1)).toBeUndefined();
    await clock.pass(worker.host, 1_000);
    expect(await worker.getJobById(later.id)).toMatchObject({ success: true });
  });

  it('a pending one of the same type and user is cancelled first; another user, and a running one, are let be', async () => {
    const { worker, app, clock } = await start({ note });
    const due = new Date(clock.now() + 60_000);
    const first = await scheduleJob(app, { type: 'note', userId: 1, due });
    const other = await scheduleJob(app, { type: 'note', userId: 2, due });
    const second = await worker.submitJob({ type: 'note', userId: 1, due });
    expect(await worker.getJobById(first.id)).toMatchObject({ success: false, result: { error: `replaced by the run ${second.id}` } });
    expect((await worker.getJobById(other.id)).finished).toBeNull();
    await clock.pass(worker.host, 60_000);
    expect((await rows(worker, 'note')).map(({ success }) => success)).toEqual([false, true, true]);
  });

  it('Regression: whoever scheduled a row with a tag read every pending run of the database, and who asked for one of a user every row of the type', async () => {
    const { worker, app } = await start({ note: { run: async () => {} }, other: { run: async () => {} } });
    const due = new Date(worker.host.nextTickAt()! + 1_000_000);
    for (let userId = 1; userId <= 20; userId++) await scheduleJob(app, { type: 'note', userId, due });
    const ended = await scheduleJob(app, { type: 'other', tag: 'sync', userId: 2, due });
    await worker.host.jobs.cancel(ended.id);
    const read: number[] = [];
    const { runs } = worker.host.jobs;
    worker.host.jobs.runs = async (query) => {
      const found = await runs(query);
      read.push(found.length);
      return found;
    };
    await scheduleJob(app, { type: 'note', tag: 'sync', userId: 1, due });
    expect(await worker.gerInProgressOrPendingJobOfTypeForUser('other', 2)).toBe(undefined);
    expect(await worker.getTotalPendingJobs()).toBe(21);
    expect(read).toEqual([0, 0, 0]);
  });

  it('by tag: of every type and user', async () => {
    const { worker, app, clock } = await start({ note, other: note });
    const due = new Date(clock.now() + 60_000);
    const first = await scheduleJob(app, { type: 'note', tag: 'sync', userId: 1, due });
    const second = await scheduleJob(app, { type: 'other', tag: 'sync', userId: 2, due });
    const third = await scheduleJob(app, { type: 'other', tag: 'else', due });
    expect((await worker.getJobById(first.id)).success).toBe(false);
    expect([(await worker.getJobById(second.id)).success, (await worker.getJobById(third.id)).success]).toEqual([null, null]);
    expect(await worker.getJobById(second.id)).toMatchObject({ tag: 'sync' });
  });

  it('one that runs longer than an hour is ended, so that no row is pending for ever', async () => {
    const { worker } = await start({ note });
    expect((await worker.host.definitions()).find(({ slug }) => slug === 'note')).toMatchObject({ timeout: 3600 });
  });

  it('autoRescheduleOnFailure: a new row after the delay, linked to the failed one, again and again', async () => {
    let failures = 3;
    const flaky: Job<App> = { run: async () => (failures-- > 0 ? Promise.reject(new Error('no luck')) : 'done') };
    const { worker, app, clock } = await start({ flaky });
    await scheduleJob(app, {
      type: 'flaky',
      data: { n: 1 },
      autoRescheduleOnFailure: true,
      autoRescheduleOnFailureDelay: 5_000,
      persistent: true,
    });
    await clock.pass(worker.host, 4_000);
    expect((await rows(worker, 'flaky')).map(({ success }) => success)).toEqual([false, null]);
    await clock.pass(worker.host, 60_000);
    const all = await rows(worker, 'flaky');
    expect(all.map(({ success }) => success)).toEqual([false, false, false, true]);
    expect(all.map(({ rescheduledFromJob }) => rescheduledFromJob)).toEqual([null, ...all.slice(0, 3).map(({ id }) => id)]);
    expect(all.map(({ data }) => data)).toEqual(Array.from({ length: 4 }, () => ({ n: 1 })));
    expect(all.map(({ persistent }) => persistent)).toEqual([true, false, false, false]);
    expect(all[0]?.result).toEqual({ error: expect.stringContaining('no luck') });
    expect(all[1]!.due.getTime() - all[0]!.finished!.getTime()).toBe(5_000);
  });

  it('without it a failure is the end', async () => {
    const { worker, app, clock } = await start({ broken: { run: () => Promise.reject(new Error('no')) } });
    await scheduleJob(app, { type: 'broken' });
    await clock.pass(worker.host, 600_000);
    expect((await rows(worker, 'broken')).map(({ success }) => success)).toEqual([false]);
  });

  it('removeDelay after the end the row is removed, hourly; persistent ones never; exclude spares a type', async () => {
    const { worker, app, clock } = await start({ note, kept: note });
    const soon = await scheduleJob(app, { type: 'note', userId: 1, removeDelay: 0 });
    const late = await scheduleJob(app, { type: 'note', userId: 2, removeDelay: 5 * 3_600_000 });
    const never = await scheduleJob(app, { type: 'kept', persistent: true });
    await clock.pass(worker.host, 1_000);
    expect((await worker.getJobById(late.id)).removeAt?.getTime()).toBe(
      (await worker.getJobById(late.id)).finished!.getTime() + 5 * 3_600_000,
    );
    expect(await worker.removeOldJobs({ exclude: ['note'] })).toBe(0);
    await clock.pass(worker.host, 3_600_000);
    await expect(worker.getJobById(soon.id)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await worker.getJobById(late.id)).toMatchObject({ success: true });
    await clock.pass(worker.host, 5 * 3_600_000);
    await expect(worker.getJobById(late.id)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await worker.getJobById(never.id)).toMatchObject({ persistent: true, removeAt: null });
  });
});

describe('a cron job', () => {
  it('has one row ahead at the next instant of six fields; each is linked to the one before', async () => {
    const { worker, app, clock } = await start({ watchChain: { run: async () => 'ok' } });
    const first = await scheduleCronJob(app, { type: 'watchChain', data: { chain: 1 } }, '*/3 * * * * *');
    expect(first.due.getTime()).toBe(clock.now() + 3_000);
    await clock.pass(worker.host, 9_500);
    const all = await rows(worker, 'watch_chain');
    expect(all.map(({ success }) => success)).toEqual([true, true, true, null]);
    expect(all.map(({ rescheduledFromJob }) => rescheduledFromJob)).toEqual([null, ...all.slice(0, 3).map(({ id }) => id)]);
    expect(all.map(({ cronSchedule, data }) => [cronSchedule, data])).toEqual(all.map(() => ['*/3 * * * * *', { chain: 1 }]));
    expect(all.map(({ due }) => due.getTime() % 3_000)).toEqual([0, 0, 0, 0]);
  });

  it('scheduled anew it replaces its row ahead, and one chain goes on', async () => {
    const { worker, app, clock } = await start({ tick: { run: async () => 'ok' } });
    await scheduleCronJob(app, { type: 'tick' }, '*/3 * * * * *');
    await scheduleCronJob(app, { type: 'tick' }, '*/5 * * * * *');
    await clock.pass(worker.host, 10_000);
    const all = await rows(worker, 'tick');
    expect(all.map(({ success, cronSchedule }) => [success, cronSchedule])).toEqual([
      [false, '*/3 * * * * *'],
      [true, '*/5 * * * * *'],
      [true, '*/5 * * * * *'],
      [null, '*/5 * * * * *'],
    ]);
  });

  it('goes on after a failure without autoReschedule (weak there: the chain ended)', async () => {
    const { worker, app, clock } = await start({ broken: { run: () => Promise.reject(new Error('no')) } });
    await scheduleCronJob(app, { type: 'broken' }, '0 * * * * *');
    await clock.pass(worker.host, 120_000);
    const all = await rows(worker, 'broken');
    expect(all.map(({ success }) => success)).toEqual([false, false, null]);
    expect(all[2]?.rescheduledFromJob).toBe(all[1]?.id);
  });

  it('refuses a schedule that is none', async () => {
    const { app } = await start({ tick: { run: async () => 'ok' } });
    await expect(scheduleCronJob(app, { type: 'tick' }, '99 * * * * *')).rejects.toMatchObject({ code: 'SCHEDULE_INVALID' });
  });
});

describe('weak there', () => {
  it('[ONCE] two workers on one database run each job once (there the claim is a read and then a write)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ml-qd-'));
    open.push(() => rmSync(folder, { recursive: true, force: true }));
    const ran: number[] = [];
    const jobs = { count: { run: async ({ job }) => void ran.push(job.userId) } satisfies Job<App> };
    const host = { database: join(folder, 'jobs.db') };
    const [a, b] = [await start(jobs, host), await start(jobs, host)];
    await Promise.all(Array.from({ length: 60 }, (_, userId) => scheduleJob(userId % 2 ? a.app : b.app, { type: 'count', userId })));
    await Promise.all((await a.worker.host.jobs.runs({ slug: 'count', limit: -1 })).map(({ id }) => a.worker.host.jobs.wait(id)));
    expect(ran.sort((x, y) => x - y)).toEqual(Array.from({ length: 60 }, (_, userId) => userId));
  });

  it('a long job holds up no other, and more than one a second is run', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { worker, app } = await start({ long: { run: () => held }, quick: { run: async () => 1 } });
    const long = await scheduleJob(app, { type: 'long' });
    const begun = performance.now();
    const quick = await Promise.all(Array.from({ length: 30 }, (_, userId) => scheduleJob(app, { type: 'quick', userId })));
    await Promise.all(quick.map(({ id }) => worker.host.jobs.wait(id)));
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect((await worker.getJobById(long.id)).finished).toBeNull();
    release();
    expect(await worker.host.jobs.wait(long.id)).toMatchObject({ status: 'completed' });
    expect(worker.getWorkerCount()).toBe(1);
    await worker.shutdown();
    expect(worker.getWorkerCount()).toBe(0);
  });

  it('WORKER_COUNT says how many run at a time', async () => {
    let running = 0;
    let most = 0;
    let three = () => {};
    const reached = new Promise<void>((resolve) => {
      three = resolve;
    });
    const run = async () => {
      most = Math.max(most, ++running);
      if (running === 3) three();
      await reached;
      running--;
    };
    const { worker, app } = await start({ counted: { run } }, { env: { WORKER_COUNT: '3' } });
    const queued = await Promise.all(Array.from({ length: 7 }, (_, userId) => scheduleJob(app, { type: 'counted', userId })));
    await Promise.all(queued.map(({ id }) => worker.host.jobs.wait(id)));
    expect(most).toBe(3);
  });
});
