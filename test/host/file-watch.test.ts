/** The database file is removed, replaced, made read-only or has no room while a host works on it. */
import { spawn, spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { RunningCommand, Scenario } from '../scenarios/support.js';

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

it('[DURABLE] where a file cannot grow, the host says so once, goes on when it can, and no promise was broken meanwhile', async () => {
  scenario = await Scenario.create({
    'jobs/a.lua':
      'crap.jobs.define("a", { handler = "jobs.a.run", schedule = "* * * * * *", skip_if_running = false })\nreturn { run = function() return ("x"):rep(20000) end }',
  });
  expect((await scenario.command('migrate')).code).toBe(0);
  // 200 KB a file (ulimit counts in KB): the write-ahead log meets it after a few runs. An ignored signal makes it an error of the write.
  const binary = fileURLToPath(new URL('../../bin/moonlighter.js', import.meta.url));
  const script = `trap '' XFSZ; ulimit -S -f 200; exec "${process.execPath}" "${binary}" -C "${scenario.dir}" work`;
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const host = new RunningCommand(child);
  await host.until((printed) => printed.includes('cannot be read or written now'));
  expect(spawnSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited']).status).toBe(0);
  const before = host.stderr.length;
  await host.until(() => /\(a\) completed/.test(host.stderr.slice(before)));
  expect(await host.stop()).toBe(0);
  expect(host.stderr.match(/Scheduler cron error/g)?.length ?? 0).toBeLessThanOrEqual(2);
  const verified = await scenario.command('verify');
  expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/no breach/)]);
});
