/** Jobs that are added to a host, jobs that follow a failure, queues named by the caller, and single runs removed. */
import { afterEach, describe, expect, it } from 'vitest';
import { type AnyJob, type CreateHostOptions, createHost, defineJob, type EmbeddedHost, type FailedRun } from '../../src/index.js';
import { explainRun } from '../../src/operations/explain-run.js';
import { openProject } from '../../src/operations/open-project.js';
import { createTestHost } from '../../src/testing.js';
import { createProject } from '../support/project.js';

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

async function host<const Jobs extends readonly AnyJob[]>(options: CreateHostOptions<Jobs>): Promise<EmbeddedHost<Jobs>> {
  const made = await createHost<Jobs>({ threads: 1, ...options });
  open.push(made);
  return made;
}

describe('define', () => {
  it('adds a job before the start, which the host then executes; a second of its slug is refused', async () => {
    const made = await host({});
    const late = defineJob({ slug: 'late', handler: () => 5 });
    made.define(late);
    expect(() => made.define(late)).toThrow(expect.objectContaining({ code: 'DUPLICATE_SLUG' }));
    await made.start();
    expect(await made.jobs.wait((await made.enqueue(late)).id)).toMatchObject({ status: 'completed', result: 5 });
  });

  it('after the start the job can be queued, and waits for a host that had it', async () => {
    const made = await host({});
    await made.start();
    const late = defineJob({ slug: 'late', handler: () => 5 });
    made.define(late);
    const { id } = await made.enqueue(late);
    await made.idle();
    expect(await made.jobs.run(id)).toMatchObject({ status: 'pending' });
    expect((await made.jobs.why(id)).reasons.map(({ code }) => code)).toEqual(['no_host']);
  });

  it('Regression: [EXPLAIN] a job of an application was said to have no definition by commands, which see the project alone', async () => {
    const project = await createProject({
      'jobs/other.lua': 'crap.jobs.define("other", { handler = "jobs.other.run" })\nreturn { run = function() end }',
    });
    const ours = defineJob({ slug: 'ours', handler: () => 5 });
    const made = await host({ project: project.dir, jobs: [ours] });
    await made.start();
    const opened = await openProject({ config: project.dir, cwd: '/', env: {} });
    try {
      const { id } = await made.enqueueIn(60_000, 'ours');
      expect((await explainRun(opened, id)).reasons.map(({ code }) => code)).toEqual(['due_time']);
      await made.stop();
      expect((await explainRun(opened, id)).reasons.map(({ code }) => code)).toEqual(['due_time', 'no_definition', 'no_host']);
    } finally {
      await opened.close();
      await made.stop();
      await project.dispose();
    }
  });
});

describe('onFailed', () => {
  it('queues the named job once, with what became of the run, when no retry is left; not before, and not for a cancelled one', async () => {
    const seen: FailedRun[] = [];
    const fails = defineJob({
      slug: 'fails',
      retries: 1,
      backoff: [0],
      onFailed: 'cleanup',
      handler: ({ run }) => Promise.reject(new Error(`attempt ${run.attempt}`)),
    });
    const cleanup = defineJob({ slug: 'cleanup', handler: ({ data }) => void seen.push(data as unknown as FailedRun) });
    const { host: made, drain, stop } = await createTestHost({ jobs: [fails, cleanup] });
    open.push({ stop });
    const { id } = await made.enqueue('fails', { order: 1 });
    const waiting = await made.enqueueIn(60_000, 'fails');
    await made.jobs.cancel(waiting.id);
    expect((await drain()).map(({ slug, status, scheduled_by }) => [slug, status, scheduled_by])).toEqual([
      ['fails', 'failed', 'api'],
      ['cleanup', 'completed', 'system'],
    ]);
    expect(seen).toEqual([
      { run: id, slug: 'fails', status: 'failed', attempt: 2, error: expect.stringContaining('attempt 2'), data: '{"order":1}' },
    ]);
  });

  it('one that names no job of the host is refused at the start', async () => {
    const made = await host({ jobs: [defineJob({ slug: 'x', onFailed: 'nowhere', handler: () => 1 })] });
    await expect(made.start()).rejects.toMatchObject({ code: 'JOB_INVALID', message: expect.stringContaining("got 'nowhere'") });
  });
});

it('a caller names another queue; an empty name is refused', async () => {
  const made = await host({ jobs: [defineJob({ slug: 'x', queue: 'slow', handler: ({ run }) => run.queue })], queues: ['fast'] });
  await made.start();
  const [slow, fast] = [await made.enqueue('x'), await made.enqueue('x', {}, { queue: 'fast' })];
  expect((await made.jobs.wait(fast.id)).result).toBe('fast');
  expect((await made.jobs.run(slow.id)).status).toBe('pending');
  await expect(made.enqueue('x', {}, { queue: '' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

it('remove deletes one ended run with its attempts, refuses one that has not ended', async () => {
  const made = await host({ jobs: [defineJob({ slug: 'x', handler: () => 1 })] });
  await made.start();
  const [done, later] = [await made.enqueue('x'), await made.enqueueIn(60_000, 'x')];
  await made.jobs.wait(done.id);
  await made.jobs.remove(done.id);
  await expect(made.jobs.run(done.id)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  await expect(made.jobs.remove(done.id)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  await expect(made.jobs.remove(later.id)).rejects.toMatchObject({ code: 'RUN_NOT_ENDED' });
});

it('backoff as a function sees the attempt and its error; one that fails leaves the default', async () => {
  const asked: [number, string, string][] = [];
  const jobs = [
    defineJob({
      slug: 'asks',
      retries: 2,
      backoff: (attempt, error) => {
        asked.push([attempt, error.message, error.code]);
        return attempt * 1_000;
      },
      handler: ({ run }) => Promise.reject(new Error(`attempt ${run.attempt}`)),
    }),
    defineJob({
      slug: 'broken',
      retries: 1,
      backoff: () => {
        throw new Error('no idea');
      },
      handler: () => Promise.reject(new Error('no')),
    }),
  ] as const;
  const { host: made, drain, clock, stop } = await createTestHost({ jobs });
  open.push({ stop });
  const lines: string[] = [];
  made.on('log', ({ line }) => void lines.push(line.text));
  const begun = clock.now();
  await made.enqueue('asks');
  await drain({ later: true });
  expect(clock.now() - begun).toBe(3_000);
  expect(asked.map(([attempt, message]) => [attempt, message])).toEqual([
    [1, 'attempt 1'],
    [2, 'attempt 2'],
    [3, 'attempt 3'],
  ]);
  await made.enqueue('broken');
  await drain({ later: true });
  expect(clock.now() - begun).toBe(8_000);
  expect(lines).toContain("backoff of job 'broken' failed, the default delay counts: no idea");
});
