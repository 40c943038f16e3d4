/** What users' tests are given: a clock that they move, draining, assertions that show what is there. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type AnyJob, type CreateHostOptions, defineJob } from '../../src/index.js';
import { assertEnqueued, assertNotEnqueued, createTestHost, FakeClock, type TestHost, waitForRun } from '../../src/testing.js';
import { createProject } from '../support/project.js';

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

async function start<const Jobs extends readonly AnyJob[]>(
  options: CreateHostOptions<Jobs> & { clock?: FakeClock },
): Promise<TestHost<Jobs>> {
  const made = await createTestHost(options);
  open.push(made);
  return made;
}

const ok = defineJob({ slug: 'ok', handler: ({ data }) => data });
const fails = defineJob({ slug: 'fails', retries: 2, handler: () => Promise.reject(new Error('no luck')) });
const chain = defineJob({ slug: 'chain', handler: async ({ enqueue }) => void (await enqueue('ok', { from: 'chain' })) });

describe('drain', () => {
  it('executes what is due and what that queues, and nothing that is due later', async () => {
    const { host, drain } = await start({ jobs: [ok, chain] });
    await host.enqueue('chain');
    await host.enqueueIn(60_000, 'ok', { later: true });
    expect((await drain()).map(({ slug, data }) => [slug, data])).toEqual([
      ['chain', {}],
      ['ok', { from: 'chain' }],
    ]);
    expect(await drain()).toEqual([]);
    expect((await drain({ later: true })).map(({ data }) => data)).toEqual([{ later: true }]);
  });

  it('later moves the clock over the backoff of retries', async () => {
    const { host, drain, clock } = await start({ jobs: [fails] });
    const begun = clock.now();
    await host.enqueue('fails');
    expect(await drain()).toEqual([]);
    expect((await drain({ later: true })).map(({ status, attempt }) => [status, attempt])).toEqual([['failed', 3]]);
    expect(clock.now() - begun).toBe(15_000);
  });
});

it("what is queued for later is later by the clock that the test moves, not by the system's", async () => {
  const { host, clock, advance } = await start({ jobs: [ok] });
  const { id } = await host.enqueueIn(60_000, 'ok');
  expect((await host.jobs.run(id)).due_at).toBe(new Date(clock.now() + 60_000).toISOString());
  expect(await advance(59_000)).toEqual([]);
  expect((await advance(1_000)).map((run) => run.id)).toEqual([id]);
  expect((await host.jobs.run(id)).completed_at).toBe(new Date(clock.now()).toISOString());
});

it('advance runs schedules, each instant at its time', async () => {
  const times: number[] = [];
  const clock = new FakeClock(new Date('2026-03-01T07:59:30Z'));
  const daily = defineJob({ slug: 'daily', schedule: '0 8 * * *', handler: () => void times.push(clock.now()) });
  const { advance } = await start({ jobs: [daily], clock });
  expect(await advance(29_000)).toEqual([]);
  expect((await advance(2 * 86_400_000)).map(({ slug, scheduled_by }) => [slug, scheduled_by])).toEqual([
    ['daily', 'cron'],
    ['daily', 'cron'],
  ]);
  expect(times.map((time) => new Date(time).toISOString())).toEqual(['2026-03-01T08:00:00.000Z', '2026-03-02T08:00:00.000Z']);
});

it('a project of Lua jobs is drained like one in TypeScript', async () => {
  const project = await createProject({
    'jobs/a.lua': 'crap.jobs.define("a", { handler = "jobs.a.run" })\nreturn { run = function() return crap.jobs.queue("b") end }',
    'jobs/b.lua': 'crap.jobs.define("b", { handler = "jobs.b.run" })\nreturn { run = function() return 5 end }',
  });
  try {
    const { host, drain, stop } = await start({ project: project.dir });
    await host.enqueue('a');
    expect((await drain()).map(({ slug, status }) => [slug, status])).toEqual([
      ['a', 'completed'],
      ['b', 'completed'],
    ]);
    await stop();
  } finally {
    await project.dispose();
  }
});

describe('assertions', () => {
  it('find by part of the data, and show what is there when they fail', async () => {
    const { host } = await start({ jobs: [ok] });
    await host.enqueue('ok', { to: 'ada', list: [1, { a: 2, b: 3 }] }, { priority: 5 });
    expect((await assertEnqueued(host, 'ok', { data: { list: [1, { a: 2 }] }, priority: 5, count: 1, status: 'pending' })).length).toBe(1);
    await assertNotEnqueued(host, 'ok', { data: { to: 'bob' } });
    await expect(assertEnqueued(host, 'ok', { data: { to: 'bob' } })).rejects.toMatchObject({
      name: 'AssertionError',
      message: expect.stringMatching(
        /expected at least one run\(s\) of 'ok' with \{"data":\{"to":"bob"\}\}, found 0\. The newest runs:\n {2}ok (pending|completed) \{"to":"ada"/,
      ),
    });
    await expect(assertNotEnqueued(host, 'ok')).rejects.toThrow('expected 0 run(s)');
  });

  it('waitForRun waits for a state, and rejects when it cannot come any more', async () => {
    const once = defineJob({ slug: 'once', handler: () => Promise.reject(new Error('no luck')) });
    const { host } = await start({ jobs: [ok, once] });
    const waiting = waitForRun(host, { slug: 'ok' });
    await host.enqueue('ok', { n: 1 });
    expect(await waiting).toMatchObject({ slug: 'ok', status: 'completed' });
    const { id } = await host.enqueue('once');
    await expect(waitForRun(host, { id })).rejects.toThrow(/to be completed, it is failed: no luck/);
    expect(await waitForRun(host, { id }, 'failed')).toMatchObject({ id });
    await expect(waitForRun(host, { slug: 'never' }, 'completed', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

it('works with node:test too', () => {
  const result = spawnSync(process.execPath, ['--test', fileURLToPath(new URL('./with-node-test.mjs', import.meta.url))], {
    encoding: 'utf8',
  });
  expect(result.stdout).toMatch(/pass 1/);
  expect(result.status).toBe(0);
});
