/** The seed's own snippets, as files of a project (fixtures/seed-project), from outside. */
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunView } from '../../src/operations/run-view.js';
import { runCli, runJson } from '../support/cli.js';

const fixture = fileURLToPath(new URL('../../fixtures/seed-project', import.meta.url));
let dir: string;
beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'ml-seed-')));
  await cp(fixture, dir, { recursive: true });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it('send_digest is defined with its schedule: Mondays at 08:00 UTC', async () => {
  const { next, schedule, timezone } = await runJson<{ next: string[]; schedule: string; timezone: string }>([
    '-C',
    dir,
    'schedules',
    'next',
    'send_digest',
  ]);
  expect({ schedule, timezone }).toEqual({ schedule: '0 8 * * 1', timezone: 'UTC' });
  expect(next[0]).toMatch(/T08:00:00\.000Z$/);
  expect(new Date(next[0]!).getUTCDay()).toBe(1);
  const jobs = await runJson<{ slug: string }[]>(['-C', dir, 'jobs', 'list']);
  expect(jobs.find((job) => job.slug === 'send_digest')).toMatchObject({
    handler: 'jobs.digest.run',
    retries: 2,
    timeout: 120,
    queue: 'default',
  });
});

it("the hook's run gets its data, and the handler's value is stored as the result", async () => {
  for (const [title, status] of [
    ['a', 'expired'],
    ['b', 'published'],
    ['c', 'expired'],
  ]) {
    await runJson(['-C', dir, 'collections', 'create', 'posts', '-d', JSON.stringify({ title, status })]);
  }
  const user = await runJson<{ id: string }>(['-C', dir, 'collections', 'create', 'users', '-d', '{"email": "ada@example.com"}']);
  const { id } = await runJson<{ id: string }>(['-C', dir, 'jobs', 'trigger', 'send_digest']);
  const drained = await runCli(['-C', dir, 'work', '--drain', '--no-cron']);
  expect(drained.code, drained.stderr).toBe(0);

  const data = { user_id: user.id, email: 'ada@example.com' };
  const [welcome] = await runJson<RunView[]>(['-C', dir, 'jobs', 'status', '-s', 'send_welcome_email']);
  expect(welcome).toMatchObject({
    status: 'completed',
    scheduled_by: 'hook',
    data,
    result: { data, job: { slug: 'send_welcome_email', attempt: 1, max_attempts: 1 } },
  });
  const { stdout } = await runCli(['--json', '-C', dir, 'jobs', 'status', '--id', id]);
  expect(stdout).toContain('"result":{"processed":2}');
});
