/** The database file is removed, replaced, made read-only or has no room while a host works on it. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Scenario } from '../scenarios/support.js';

let scenario: Scenario | undefined;
afterEach(async () => {
  await scenario?.dispose();
  scenario = undefined;
});

const files = {
  'jobs/a.lua':
    'crap.jobs.define("a", { handler = "jobs.a.run", schedule = "* * * * * *", skip_if_running = false })\nreturn { run = function() return 1 end }',
};

it('[DURABLE] a removed database is noticed, nothing is begun on a file that nobody sees, and it goes on when the file is back', async () => {
  scenario = await Scenario.create(files);
  const path = join(scenario.dir, 'data/crap.db');
  const host = scenario.start(['work']);
  await host.until((printed) => /\(a\) completed/.test(printed));
  renameSync(path, `${path}.away`);
  await host.until((printed) => printed.includes('was removed: nothing is claimed until it is back'));
  renameSync(`${path}.away`, path);
  const before = host.stderr.length;
  await host.until(() => /is back: runs are claimed again/.test(host.stderr.slice(before)));
  const after = host.stderr.length;
  await host.until(() => /\(a\) completed/.test(host.stderr.slice(after)));
  expect(await host.stop()).toBe(0);
  expect((await scenario.command('verify')).stdout).toMatch(/no breach/);
});

it('one that is replaced is named, and the host ends when it is told to', async () => {
  scenario = await Scenario.create(files);
  const path = join(scenario.dir, 'data/crap.db');
  const host = scenario.start(['work']);
  await host.until((printed) => printed.includes('Scheduler started'));
  renameSync(path, `${path}.away`);
  writeFileSync(path, '');
  await host.until((printed) => printed.includes('was replaced by another file'));
  expect(await host.stop()).toBe(0);
});
