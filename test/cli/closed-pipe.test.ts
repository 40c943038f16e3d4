/** What a command writes may have no reader any more. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Scenario } from '../scenarios/support.js';

const binary = fileURLToPath(new URL('../../bin/moonlighter.js', import.meta.url));

it('Regression: a host whose stderr nobody reads any more went down, with the runs that it executed', async () => {
  const scenario = await Scenario.create({
    'jobs/a.lua': 'crap.jobs.define("a", { handler = "jobs.a.run" })\nreturn { run = function() crap.log.info("talk") return 1 end }',
  });
  const host = spawn(process.execPath, [binary, '-C', scenario.dir, 'work'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(host, 'exit');
  try {
    let printed = '';
    for await (const chunk of host.stderr) {
      printed += String(chunk);
      if (printed.includes('Scheduler started')) break;
    }
    host.stderr.destroy();
    for (let i = 0; i < 2; i++) expect((await scenario.command('jobs', 'trigger', 'a', '--wait')).code).toBe(0);
    host.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    host.kill('SIGKILL');
    await scenario.dispose();
  }
});
