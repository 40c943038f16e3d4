/** The document of Joystick's queues, statement by statement, every option in both casings, and what was weak there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createQueues, defineQueue, type JobHandle, type QueueDefinition } from '../../src/compat/joystick.js';
import type { CreateHostOptions, Json } from '../../src/index.js';
import { MovingClock } from './moving-clock.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start<const D extends Record<string, QueueDefinition>>(definitions: D, options: CreateHostOptions = {}) {
  const clock = new MovingClock();
  const made = await createQueues(definitions, { threads: 1, clock, ...options });
  open.push(() => made.host.stop({ grace: 0 }));
  return { ...made, clock };
}
function databaseFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ml-js-'));
  open.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'queues.db');
}

describe('add', () => {
  const seen: [Json, string][] = [];
  const notifications = defineQueue({
    jobs: { send_notification_via_email: { run: (payload, job) => void seen.push([payload, job.queue]) } },
  });

  it('queues a job of the queue, run as soon as possible by default; run is given the payload and the job', async () => {
    seen.length = 0;
    const { queues, host, clock } = await start({ notifications });
    const id = await queues.notifications.add({ job: 'send_notification_via_email', payload: { notification_id: 'n1' } });
    expect(await queues.notifications.list()).toMatchObject([
      { _id: id, job: 'send_notification_via_email', payload: { notification_id: 'n1' } },
    ]);
    await clock.pass(host, 0);
    expect(seen).toEqual([[{ notification_id: 'n1' }, 'notifications']]);
    expect(await queues.notifications.list('completed')).toMatchObject([{ _id: id, status: 'completed', attempts: 1 }]);
  });

  it('next_run_at or nextRunAt: "now" or an ISO date, not before; anything else is refused', async () => {
    const { queues, host, clock } = await start({ notifications });
    const at = new Date(clock.now() + 60_000).toISOString();
    const job = 'send_notification_via_email' as const;
    await queues.notifications.add({ job, next_run_at: at });
    await queues.notifications.add({ job, nextRunAt: at });
    await queues.notifications.add({ job, next_run_at: 'now' });
    await clock.pass(host, 59_000);
    expect(await queues.notifications.list('pending')).toMatchObject([{ next_run_at: at }, { next_run_at: at }]);
    await clock.pass(host, 1_000);
    expect(await queues.notifications.list('completed')).toHaveLength(3);
    await expect(queues.notifications.add({ job, next_run_at: 'soon' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it('a job that the queue has not does not compile, and is refused (weak there: it was claimed and ran for ever)', async () => {
    const { queues } = await start({ notifications });
    // @ts-expect-error no such job
    await expect(queues.notifications.add({ job: 'send_male' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    // @ts-expect-error a queue that is not defined
    expect(queues.mails).toBeUndefined();
  });
});

describe.each(['snake_case', 'camelCase'] as const)('options in %s', (casing) => {
  const pick = <A, B>(snake: A, camel: B) => (casing === 'snake_case' ? snake : camel) as A;

  it('preflight: on_before_add says whether it is added, okay_to_run whether it runs now', async () => {
    const asked: number[] = [];
    let open_ = false;
    const queue = defineQueue({
      ...pick({ concurrent_jobs: 2 }, { concurrentJobs: 2 }),
      jobs: {
        charge: {
          preflight: pick(
            {
              on_before_add: async (job, _, q) =>
                !(await q.list('pending')).some(({ payload }) => JSON.stringify(payload) === JSON.stringify(job.payload)),
              okay_to_run: () => asked.push(1) > 0 && open_,
              requeue_delay_in_seconds: 30,
            },
            {
              onBeforeAdd: async (job: { payload: Json }, _: unknown, q: { list(status: 'pending'): Promise<{ payload: Json }[]> }) =>
                !(await q.list('pending')).some(({ payload }) => JSON.stringify(payload) === JSON.stringify(job.payload)),
              okayToRun: () => asked.push(1) > 0 && open_,
              requeueDelayInSeconds: 30,
            },
          ),
          run: () => {},
        },
      },
    });
    const { queues, host, clock } = await start({ billing: queue });
    const due = new Date(clock.now() + 1_000).toISOString();
    expect(await queues.billing.add({ job: 'charge', payload: { order: 1 }, next_run_at: due })).toBeTypeOf('string');
    expect(await queues.billing.add({ job: 'charge', payload: { order: 1 }, next_run_at: due })).toBeUndefined();
    await clock.pass(host, 61_500);
    expect(asked).toHaveLength(3);
    open_ = true;
    await clock.pass(host, 30_000);
    expect(await queues.billing.list()).toMatchObject([{ status: 'completed', attempts: 1 }]);
    expect((await host.queueLimits()).find(({ queue: name }) => name === 'billing')?.maxRunning).toBe(2);
  });

  it('max_attempts, then on_max_attempts_exhausted; the job is kept as failed (weak there: deleted); cleanup says how long', async () => {
    const told: unknown[] = [];
    const queue = defineQueue({
      cleanup: pick({ completed_after_seconds: 1, failed_after_seconds: 60 }, { completedAfterSeconds: 1, failedAfterSeconds: 60 }),
      jobs: {
        charge: {
          ...pick(
            { max_attempts: 3, requeue_on_failure: true, on_max_attempts_exhausted: (job: unknown) => void told.push(job) },
            { maxAttempts: 3, requeueOnFailure: true, onMaxAttemptsExhausted: (job: unknown) => void told.push(job) },
          ),
          run: () => Promise.reject(new Error('declined')),
        },
      },
    });
    const { queues, host, clock } = await start({ billing: queue });
    const id = await queues.billing.add({ job: 'charge', payload: { order: 1 } });
    await clock.pass(host, 25_000);
    expect(told).toEqual([{ _id: id, job: 'charge', payload: { order: 1 }, attempts: 3, error: expect.stringContaining('declined') }]);
    expect(await queues.billing.list('failed')).toMatchObject([{ _id: id, attempts: 3, error: expect.stringContaining('declined') }]);
  });

  it('run_on_startup: false waits for run(); stop() holds back what comes', async () => {
    const queue = defineQueue({ ...pick({ run_on_startup: false }, { runOnStartup: false }), jobs: { note: { run: () => {} } } });
    const { queues, host, clock } = await start({ notes: queue });
    await queues.notes.add({ job: 'note' });
    await clock.pass(host, 10_000);
    expect(await queues.notes.list('pending')).toHaveLength(1);
    await queues.notes.run();
    await clock.pass(host, 0);
    expect(await queues.notes.list('completed')).toHaveLength(1);
    await queues.notes.stop();
    await queues.notes.add({ job: 'note' });
    await clock.pass(host, 10_000);
    expect(await queues.notes.list('pending')).toHaveLength(1);
  });

  it('retry_jobs_running_before_restart decides of lost ones: again, or kept as incomplete (weak there: deleted)', async () => {
    const queue = defineQueue({
      ...pick({ retry_jobs_running_before_restart: true }, { retryJobsRunningBeforeRestart: true }),
      jobs: { note: { run: () => {} } },
    });
    const { host } = await start({ kept: queue, lost: defineQueue({ jobs: { note: { run: () => {} } } }) });
    expect((await host.definitions()).map(({ slug }) => slug)).toEqual(expect.arrayContaining(['kept__note', 'lost__note']));
  });
});

describe('the job handle', () => {
  it('completed, failed, delete and requeue; the last word holds, and none at all is completed (weak there: running for ever)', async () => {
    let requeued = 0;
    const jobs = {
      silent: { run: () => {} },
      done: { run: (_: Json, job: JobHandle) => job.completed() },
      failed: { run: (_: Json, job: JobHandle) => job.failed(new Error('no')) },
      gone: { run: (_: Json, job: JobHandle) => job.delete() },
      again: {
        run: (_: Json, job: JobHandle) => (requeued++ === 0 ? job.requeue(new Date(Date.UTC(2026, 0, 5, 10, 1)).toISOString()) : undefined),
      },
    };
    const { queues, host, clock } = await start({ all: defineQueue({ concurrent_jobs: 5, jobs }) });
    for (const job of ['silent', 'done', 'failed', 'gone', 'again'] as const) await queues.all.add({ job });
    await clock.pass(host, 30_000);
    const statuses = async () => Object.fromEntries((await queues.all.list()).map(({ job, status }) => [job, status]));
    expect(await statuses()).toEqual({ silent: 'completed', done: 'completed', failed: 'failed', again: 'pending' });
    await clock.pass(host, 31_000);
    expect(await statuses()).toMatchObject({ again: 'completed' });
    expect((await queues.all.list('failed'))[0]?.error).toMatch(/^no/);
  });
});

it('external: added here, run by the application that owns the jobs', async () => {
  const database = databaseFile();
  const adds = await start({ mails: defineQueue({ external: true }) }, { database });
  const id = await adds.queues.mails.add({ job: 'send', payload: { to: 'ada' } });
  await adds.clock.pass(adds.host, 1_000);
  expect(await adds.queues.mails.list('pending')).toHaveLength(1);
  const seen: Json[] = [];
  const owns = await start({ mails: defineQueue({ jobs: { send: { run: (payload) => void seen.push(payload) } } }) }, { database });
  expect(await owns.host.jobs.wait(id!)).toMatchObject({ status: 'completed' });
  expect(seen).toEqual([{ to: 'ada' }]);
});

it('HALT_QUEUES: nothing is claimed, adding works', async () => {
  const { queues, host } = await start({ notes: defineQueue({ jobs: { note: { run: () => {} } } }) }, { env: { HALT_QUEUES: 'true' } });
  expect(host.running).toBe(false);
  await queues.notes.add({ job: 'note' });
  expect(await queues.notes.list('pending')).toHaveLength(1);
});

it('[ONCE] two machines on one queue run each job once (weak there: the claim was a read and then a write)', async () => {
  const database = databaseFile();
  const ran: number[] = [];
  const counts = { run: (payload: Json) => void ran.push((payload as { n: number }).n) };
  const queue = defineQueue({ concurrent_jobs: 4, jobs: { counts } });
  const [a, b] = [await start({ q: queue }, { database }), await start({ q: queue }, { database })];
  const ids = await Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 ? a : b).queues.q.add({ job: 'counts', payload: { n } })));
  await Promise.all(ids.map((id) => a.host.jobs.wait(id!)));
  expect(ran.sort((x, y) => x - y)).toEqual(Array.from({ length: 60 }, (_, n) => n));
});

it('options that are no numbers are refused with their place', async () => {
  await expect(createQueues({ q: defineQueue({ concurrent_jobs: 0 }) })).rejects.toThrow(
    'q.concurrent_jobs: expected a whole number of at least 1, got 0',
  );
  await expect(createQueues({ q: defineQueue({ jobs: { j: { max_attempts: 1.5, run: () => {} } } }) })).rejects.toThrow('q.j.max_attempts');
});
