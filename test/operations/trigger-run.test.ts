import { afterAll, beforeAll, expect, it } from 'vitest';
import { NotFoundError, RefusedError, UsageError } from '../../src/domain/errors.js';
import { getRun } from '../../src/operations/find-run.js';
import { type OpenedProject, openProject } from '../../src/operations/open-project.js';
import { purgeRuns } from '../../src/operations/purge-runs.js';
import { triggerRun } from '../../src/operations/trigger-run.js';
import { waitForRun } from '../../src/operations/wait-for-run.js';
import { createProject, type ProjectFolder } from '../support/project.js';

let project: ProjectFolder;
let opened: OpenedProject;
beforeAll(async () => {
  project = await createProject({
    'jobs/a.lua':
      'crap.jobs.define("a", { handler = "jobs.a.run", retries = 2, queue = "mail", priority = 3 })\nreturn { run = function() end }\n',
  });
  opened = await openProject({ config: project.dir, cwd: '/', env: {} });
});
afterAll(async () => {
  await opened.close();
  await project.dispose();
});

it('stores queue, attempts and priority of the definition, and data as it was written', async () => {
  const { id } = await triggerRun(opened, { slug: 'a', data: ' {"b": 1.0, "a": null} ' });
  const run = await opened.read((db) => opened.store.findRun(db, id));
  expect(run).toMatchObject({
    slug: 'a',
    queue: 'mail',
    maxAttempts: 3,
    priority: 3,
    scheduledBy: 'cli',
    status: 'pending',
    data: ' {"b": 1.0, "a": null} ',
  });
  expect((await triggerRun(opened, { slug: 'a' })).dueAt).toBeLessThanOrEqual(Date.now());
});

it('any JSON value is data; everything else is refused with the reason', async () => {
  for (const data of ['null', '5', '"x"', '[1]']) await triggerRun(opened, { slug: 'a', data });
  for (const data of ['', '{', '{"a":1}x', 'nope']) {
    await expect(triggerRun(opened, { slug: 'a', data })).rejects.toMatchObject({
      code: 'INVALID_JSON',
      message: expect.stringMatching(/^Invalid JSON data: .* at line 1 column \d+$/),
    });
  }
  await expect(triggerRun(opened, { slug: 'b' })).rejects.toBeInstanceOf(NotFoundError);
  await expect(triggerRun(opened, { slug: 'a', data: JSON.stringify('x'.repeat(1024 * 1024)) })).rejects.toBeInstanceOf(RefusedError);
});

it('priority is a whole number of 32 bits; delay and run-at exclude each other', async () => {
  for (const priority of [1.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN]) {
    await expect(triggerRun(opened, { slug: 'a', priority })).rejects.toBeInstanceOf(UsageError);
  }
  await expect(triggerRun(opened, { slug: 'a', delayMs: 1, runAt: 1 })).rejects.toBeInstanceOf(UsageError);
  await expect(triggerRun(opened, { slug: 'a', key: '' })).rejects.toThrow('key must be non-empty');
  const runAt = Date.UTC(2099, 0, 1);
  const later = await triggerRun(opened, { slug: 'a', runAt, priority: -4 });
  expect(await getRun(opened, later.id)).toMatchObject({ due_at: '2099-01-01T00:00:00.000Z', priority: -4 });
});

it('a unique key gives the run that is there', async () => {
  const first = await triggerRun(opened, { slug: 'a', unique: 'k' });
  const second = await triggerRun(opened, { slug: 'a', unique: 'k' });
  expect([first.duplicate, second.duplicate, second.id]).toEqual([false, true, first.id]);
});

it('waiting ends with the run, or with the signal', async () => {
  const { id } = await triggerRun(opened, { slug: 'a' });
  const stop = new AbortController();
  const waiting = waitForRun(opened, id, stop.signal);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  const ending = waitForRun(opened, id);
  await opened.write('test', (db) => db.run("UPDATE _crap_jobs SET status = 'cancelled' WHERE id = ?", [id]));
  expect(await ending).toMatchObject({ id, status: 'cancelled' });
  await expect(waitForRun(opened, 'nobody')).rejects.toBeInstanceOf(NotFoundError);
});

it('Regression: a purge of all left the runs that had ended within the same second', async () => {
  const { id } = await triggerRun(opened, { slug: 'a' });
  await opened.write('test', (db) => opened.store.cancelPending(db, id, opened.clock.now()));
  expect(await purgeRuns(opened, { olderThanMs: 600_000, slug: 'a', status: 'cancelled' })).toBe(0);
  expect(await purgeRuns(opened, { olderThanMs: 0, slug: 'a', status: 'cancelled' })).toBeGreaterThan(0);
  await expect(getRun(opened, id)).rejects.toBeInstanceOf(NotFoundError);
});

it('Regression: a delay beyond the calendar was queued, and made every list of runs fail', async () => {
  for (const beyond of [{ delayMs: 8.64e15 }, { runAt: 9e15 }, { runAt: Number.NaN }]) {
    await expect(triggerRun(opened, { slug: 'a', ...beyond })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  }
  const { id } = await triggerRun(opened, { slug: 'a' });
  await opened.write('test', (db) => db.run('UPDATE _crap_jobs SET _ml_due = ? WHERE id = ?', [9e15, id]));
  expect(await getRun(opened, id)).toMatchObject({ due_at: '+275760-09-13T00:00:00.000Z' });
});
