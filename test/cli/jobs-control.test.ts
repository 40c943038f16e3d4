/** Controlling runs from the command line: cancel, retry, purge, pause, logs, why, healthcheck. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Scenario } from '../scenarios/support.js';
import { failJson, runCli, runJson } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

let project: ProjectFolder;
beforeEach(async () => {
  project = await notesProject();
});
afterEach(() => project.dispose());

interface RunRow {
  id: string;
  status: string;
}
const json = <T>(...args: string[]) => runJson<T>(['-C', project.dir, ...args]);
const text = (...args: string[]) => runCli(['-C', project.dir, ...args]);
const fails = (...args: string[]) => failJson(['-C', project.dir, ...args]);
const trigger = async (...args: string[]) => (await json<{ id: string }>('jobs', 'trigger', ...args)).id;
const status = async (id: string) => (await json<RunRow>('jobs', 'status', '--id', id)).status;
const drain = () => text('work', '--drain');
const why = async (id: string) => (await json<{ reasons: { code: string; text: string }[] }>('jobs', 'why', id)).reasons;

describe('jobs cancel', () => {
  it('ends a pending run, and says of others what stands in the way', async () => {
    const id = await trigger('echo');
    expect((await text('jobs', 'cancel', '--id', id)).stdout).toBe(`Cancelled run ${id}\n`);
    expect(await status(id)).toBe('cancelled');
    expect(await fails('jobs', 'cancel', '--id', id)).toMatchObject({ exit: 4, code: 'RUN_ENDED' });
    expect(await fails('jobs', 'cancel', '--id', 'nobody')).toMatchObject({ exit: 3, code: 'RUN_NOT_FOUND' });
  });

  it('without --id ends what is pending, of one job or all, with the texts of the reference', async () => {
    for (const slug of ['echo', 'echo', 'broken']) await trigger(slug);
    expect((await text('jobs', 'cancel', '-s', 'echo')).stdout).toBe("Cancelled 2 pending 'echo' job(s)\n");
    expect((await text('jobs', 'cancel')).stdout).toBe('Cancelled 1 pending job(s)\n');
    expect(await json('jobs', 'cancel', '-s', 'unknown')).toEqual({ cancelled: 0 });
  });

  it('Regression: without a job it leaves queued mails alone, which the reference deletes', async () => {
    const mail = await json<{ value: string }>('eval', 'return crap.email.queue({ to = "a@example.com", subject = "s", html = "h" })');
    expect(await json('jobs', 'cancel')).toEqual({ cancelled: 0 });
    expect(await status(mail.value)).toBe('pending');
    expect(await json('jobs', 'cancel', '-s', '_system_email')).toEqual({ cancelled: 1 });
  });
});

describe('jobs retry', () => {
  it('makes a failed run pending again; refuses what waits or is completed', async () => {
    const [bad, good] = [await trigger('broken'), await trigger('echo')];
    expect(await fails('jobs', 'retry', '--id', bad)).toMatchObject({ exit: 4, code: 'RUN_NOT_ENDED' });
    await drain();
    expect([await status(bad), await status(good)]).toEqual(['failed', 'completed']);
    expect(await fails('jobs', 'retry', '--id', good)).toMatchObject({ exit: 4, code: 'RUN_NOT_ENDED' });
    expect((await text('jobs', 'retry', '--id', bad)).stdout).toBe(`Run ${bad} is pending again\n`);
    await drain();
    const attempts = await json<{ claim: number; attempt: number; outcome: string }[]>('jobs', 'logs', bad);
    expect(attempts.map(({ claim, attempt, outcome }) => [claim, attempt, outcome])).toEqual([
      [1, 1, 'failed'],
      [2, 1, 'failed'],
    ]);
    expect(await json('jobs', 'retry', '-s', 'broken')).toEqual({ retried: 1 });
    expect(await json('jobs', 'retry', '--all')).toEqual({ retried: 0 });
    expect(await fails('jobs', 'retry')).toMatchObject({ exit: 2, code: 'INVALID_OPTION' });
  });

  it('is refused while another run holds the unique key', async () => {
    const bad = await trigger('broken', '--unique', 'k');
    await drain();
    await trigger('broken', '--unique', 'k');
    expect(await fails('jobs', 'retry', '--id', bad)).toMatchObject({ exit: 4, code: 'UNIQUE_TAKEN' });
  });
});

describe('jobs purge', () => {
  it('removes ended runs by age, job and status', async () => {
    for (const slug of ['echo', 'broken', 'echo']) await trigger(slug);
    await drain();
    expect((await text('jobs', 'purge')).stdout).toBe('Purged 0 old job run(s)\n');
    const database = new Sqlite(join(project.dir, 'data/crap.db'));
    database.exec("UPDATE _crap_jobs SET completed_at = datetime('now', '-1 hour')");
    database.close();
    expect(await json('jobs', 'purge', '--older-than', '0', '--status', 'failed')).toEqual({ purged: 1 });
    expect(await json('jobs', 'purge', '--older-than', '0', '-s', 'echo')).toEqual({ purged: 2 });
    expect(await fails('jobs', 'purge', '--older-than', 'soon')).toMatchObject({ exit: 2 });
  });
});

describe('jobs pause and resume', () => {
  it('nothing of a paused job, queue, or at all is claimed; why says so; work --drain ends', async () => {
    const [echo, slow] = [await trigger('echo'), await trigger('broken')];
    expect((await text('jobs', 'pause', 'echo', '--reason', 'broken printer')).stdout).toBe("The job 'echo' is paused\n");
    expect((await text('jobs', 'pause', '--queue', 'slow')).stdout).toBe("The queue 'slow' is paused\n");
    expect((await drain()).code).toBe(0);
    expect([await status(echo), await status(slow)]).toEqual(['pending', 'pending']);
    expect((await why(echo))[0]).toMatchObject({
      code: 'paused',
      text: expect.stringMatching(/^the job 'echo' is paused since .*: broken printer$/),
    });
    expect((await why(slow))[0]).toMatchObject({ code: 'paused' });
    expect((await json<{ kind: string; name: string }[]>('jobs', 'pause')).map(({ kind, name }) => [kind, name])).toEqual([
      ['job', 'echo'],
      ['queue', 'slow'],
    ]);
    await text('jobs', 'resume', 'echo');
    await text('jobs', 'resume', '--queue', 'slow');
    expect((await text('jobs', 'resume', 'echo')).stdout).toBe("The job 'echo' was not paused\n");
    await text('jobs', 'pause', '--all');
    await drain();
    expect(await status(echo)).toBe('pending');
    await text('jobs', 'resume', '--all');
    await drain();
    expect([await status(echo), await status(slow)]).toEqual(['completed', 'failed']);
  });

  it('what the project does not have is not found', async () => {
    expect(await fails('jobs', 'pause', 'ecoh')).toMatchObject({ exit: 3 });
    expect(await fails('jobs', 'pause', '--queue', 'slwo')).toMatchObject({ exit: 3, code: 'QUEUE_UNKNOWN' });
    expect(await fails('jobs', 'resume')).toMatchObject({ exit: 2, code: 'INVALID_OPTION' });
  });
});

describe('[EXPLAIN] jobs why and logs', () => {
  it('names what a run waits for, and what its attempts did', async () => {
    const first = await trigger('echo', '--key', 'k');
    const second = await trigger('echo', '--key', 'k', '--after', first, '--delay', '1h');
    expect((await why(first)).map(({ code }) => code)).toEqual(['no_host']);
    expect((await why(second)).map(({ code }) => code)).toEqual(['due_time', 'key', 'dependency', 'no_host']);
    await drain();
    expect((await why(first))[0]).toMatchObject({ code: 'ended', text: 'it is completed' });
    expect((await why(second)).map(({ code }) => code)).toEqual(['due_time', 'no_host']);
    const { stdout } = await text('jobs', 'logs', first);
    expect(stdout).toMatch(/^attempt 1 \(claim 1\) completed at .*\n {2}.* info {2}echoing\n$/);
    const bad = await trigger('broken');
    await drain();
    expect((await text('jobs', 'logs', bad)).stdout).toContain('no luck today');
    expect((await text('jobs', 'why', bad)).stdout).toContain('failed: runtime error');
    expect(await fails('jobs', 'why', 'nobody')).toMatchObject({ exit: 3 });
  });
});

it('a completed run whose row carries the error of an earlier attempt, as crap-cms leaves it, is shown as completed', async () => {
  const id = await trigger('echo');
  await drain();
  const database = new Sqlite(join(project.dir, 'data/crap.db'));
  database.prepare("UPDATE _crap_jobs SET error = 'no luck at first' WHERE id = ?").run(id);
  database.close();
  expect(await json('jobs', 'status', '--id', id)).toMatchObject({ status: 'completed', error: null, earlier_error: 'no luck at first' });
  expect((await text('jobs', 'status')).stdout).not.toContain('no luck');
  expect((await text('jobs', 'status', '--id', id)).stdout).toMatch(/^Earlier attempt: +no luck at first$/m);
  expect((await why(id))[0]).toMatchObject({ code: 'ended', text: 'it is completed' });
  expect(await text('verify')).toMatchObject({ code: 0 });
});

describe('jobs healthcheck', () => {
  it('ends with 0, 2 or 1', async () => {
    await text('run', 'weekly');
    expect((await text('jobs', 'healthcheck')).stdout).toMatch(/No runs: +weekly\nStatus: +warning\n$/);
    await trigger('weekly');
    await drain();
    expect(await text('jobs', 'healthcheck')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Defined: +3\nStale: +0\nFailed 24h: +0\nPending 5m: +0\nStatus: +healthy\n$/),
    });
    await trigger('broken');
    await drain();
    expect((await text('jobs', 'healthcheck')).code).toBe(2);
  });
});

describe('[STOP] cancelling a running run', () => {
  it('stops the handler within a moment, undoes what it wrote, and spends no retry', async () => {
    const scenario = await Scenario.create({
      'collections/notes.lua': 'crap.collections.define("notes", { fields = { { name = "a", type = "text" } } })',
      'jobs/spin.lua':
        'crap.jobs.define("spin", { handler = "jobs.spin.run", retries = 5, timeout = 600 })\nlocal M = {}\nfunction M.run()\n  crap.collections.create("notes", { a = "x" })\n  crap.log.info("spinning")\n  while true do pcall(function() while true do end end) end\nend\nreturn M',
    });
    try {
      const host = scenario.start(['work']);
      const { id } = await scenario.json<{ id: string }>('jobs', 'trigger', 'spin');
      await host.until((printed) => printed.includes('spinning'));
      const result = await scenario.json<{ outcome: string }>('jobs', 'cancel', '--id', id, '--wait');
      expect(result.outcome).toBe('cancelled');
      expect(await scenario.json('jobs', 'status', '--id', id)).toMatchObject({ status: 'cancelled', error: 'cancelled' });
      expect(await scenario.eval('return crap.collections.count("notes")')).toBe(0);
    } finally {
      await scenario.dispose();
    }
  });
});
