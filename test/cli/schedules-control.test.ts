/** Schedules from the command line: explain, preview, history, pause, resume, run. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failJson, runCli, runJson, startCli } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

let project: ProjectFolder;
beforeAll(async () => {
  project = await notesProject({
    'jobs/often.lua':
      'crap.jobs.define("often", { handler = "jobs.often.run", schedule = "* * * * * *", skip_if_running = false })\nreturn { run = function() end }',
  });
});
afterAll(() => project.dispose());

const json = <T>(...args: string[]) => runJson<T>(['-C', project.dir, ...args]);
const text = (...args: string[]) => runCli(['-C', project.dir, ...args]);

it('explain says in words what a text or a job means, and what changes of the clock do', async () => {
  expect(await json('schedules', 'explain', 'weekly', '-n', '2')).toMatchObject({
    slug: 'weekly',
    schedule: '0 8 * * 1',
    words: 'at 08:00, on Monday',
    next: [expect.any(String), expect.any(String)],
    notes: [],
  });
  const { stdout } = await text('schedules', 'explain', '30 2 * * *', '--timezone', 'Europe/Berlin', '-n', '1');
  expect(stdout).toMatch(
    /^30 2 \* \* \* \(Europe\/Berlin\): at 02:30\n {2}20.*Z\n {2}note: when the clock changes: a time that it skips comes due as much later, one that it repeats comes due the first time/,
  );
  expect(await failJson(['-C', project.dir, 'schedules', 'explain', '99 * * * *'])).toMatchObject({ exit: 2, code: 'SCHEDULE_INVALID' });
  expect(await failJson(['-C', project.dir, 'schedules', 'explain', '* * * * *', '--timezone', 'Europe/Berln'])).toMatchObject({ exit: 2 });
});

it('preview lists what comes due, and what of it is paused', async () => {
  await text('schedules', 'pause', 'often', '--reason', 'holidays');
  const ticks = await json<{ slug: string; skipped: string | null }[]>('schedules', 'preview', '--within', '5s', '--limit', '3');
  expect(ticks.map(({ slug, skipped }) => [slug, skipped])).toEqual(Array.from({ length: 3 }, () => ['often', 'paused']));
  const listed = await json<{ slug: string; paused: boolean }[]>('schedules', 'list');
  expect(listed.map(({ slug, paused }) => [slug, paused])).toEqual([
    ['often', true],
    ['weekly', false],
  ]);
  expect((await text('schedules', 'resume', 'often')).stdout).toBe("The schedule of 'often' goes on\n");
  expect(await failJson(['-C', project.dir, 'schedules', 'pause', 'echo'])).toMatchObject({ exit: 3, code: 'SCHEDULE_NONE' });
});

it('[TICK] history shows the ledger, run queues one now', async () => {
  expect((await text('schedules', 'history', 'weekly')).stdout).toBe('Nothing is recorded.\n');
  const { id } = await json<{ id: string }>('schedules', 'run', 'often');
  const host = startCli(['-C', project.dir, 'work']);
  await host.until(/Cron scheduled job 'often'/);
  host.child.kill('SIGTERM');
  await host.ended;
  expect(await json('jobs', 'status', '--id', id)).toMatchObject({ status: 'completed', scheduled_by: 'cli' });
  const [newest] = await json<object[]>('schedules', 'history', 'often', '-l', '1');
  expect(newest).toMatchObject({ slug: 'often', outcome: 'run', count: 1, reason: null, run: expect.any(String) });
});

it('Regression: instants outside of the window of a job were shown as its next ones', async () => {
  const other = await notesProject({
    'jobs/windows.lua': `
      local function job(slug, from, until_) crap.jobs.define(slug, { handler = "jobs.windows.run", schedule = "0 0 * * *", from = from, ["until"] = until_ }) end
      job("over", nil, "2020-01-01") job("later", "2100-02-03T12:00:00Z", "2100-02-05")
      return { run = function() end }`,
  });
  const of = <T>(...args: string[]) => runJson<T>(['-C', other.dir, 'schedules', ...args]);
  try {
    const listed = await of<{ slug: string; next: string | null }[]>('list');
    expect(listed.filter(({ slug }) => slug !== 'weekly').map(({ slug, next }) => [slug, next])).toEqual([
      ['later', '2100-02-04T00:00:00.000Z'],
      ['over', null],
    ]);
    const note = 'it is run from 2100-02-03T12:00:00.000Z until 2100-02-05T00:00:00.000Z only';
    expect(await of('next', 'later')).toMatchObject({ next: ['2100-02-04T00:00:00.000Z'], note });
    expect(await of('next', 'over')).toMatchObject({ next: [], note: 'it is run until 2020-01-01T00:00:00.000Z only' });
    expect(await of('explain', 'later')).toMatchObject({ next: ['2100-02-04T00:00:00.000Z'], notes: [note] });
  } finally {
    await other.dispose();
  }
});
