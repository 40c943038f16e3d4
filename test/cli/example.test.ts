/** The sample project of `npm start`: what its log must show within seconds. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import type { RunView } from '../../src/operations/run-view.js';
import { type RunningCli, runCli, runJson, startCli } from '../support/cli.js';

const sample = fileURLToPath(new URL('../../examples/newsroom', import.meta.url));
let dir: string;
let host: RunningCli | undefined;
afterEach(async () => {
  if (host && host.child.exitCode === null) {
    host.child.kill('SIGKILL');
    await host.ended;
  }
  await rm(dir, { recursive: true, force: true });
});

it('shows a document created, a hook queueing a run, its result, and a tick', async () => {
  dir = await mkdtemp(join(tmpdir(), 'ml-news-'));
  await cp(sample, dir, { recursive: true, filter: (path) => !/newsroom\/data(\/|$)/.test(path) });
  expect(await runJson(['-C', dir, 'check'])).toMatchObject({ ok: true, problems: [] });

  host = startCli(['-C', dir, 'serve', '--port', '0']);
  await host.until(/Created user reader1@example\.com/);
  const [, id] = await host.until(/Queued welcome email job: ([\w-]{21})/);
  await host.until(new RegExp(`Executing job ${id} \\(send_welcome_email\\) attempt 1/4`));
  await host.until(/\[send_welcome_email\] Result: {.*"reader1@example\.com".*}/);
  await host.until(new RegExp(`Job ${id} \\(send_welcome_email\\) completed in`));
  await host.until(/Cron scheduled job 'count_readers'/);
  await host.until(/\(count_readers\) completed in/);

  const run = await runJson<RunView>(['-C', dir, 'jobs', 'status', '--id', id!]);
  expect(run).toMatchObject({
    status: 'completed',
    queue: 'mail',
    scheduled_by: 'hook',
    result: { sent_to: 'reader1@example.com', attempt: 1 },
  });
  const digest = await runJson<RunView>(['-C', dir, 'jobs', 'trigger', 'send_digest', '--wait']);
  expect(digest).toMatchObject({ status: 'completed', result: { processed: 1 } });
  const listed = await runCli(['-C', dir, 'jobs', 'list']);
  expect(listed.stdout).toMatch(/^send_digest +0 8 \* \* 1 +default +1ok$/m);

  host.child.kill('SIGINT');
  expect((await host.ended).code).toBe(0);
});
