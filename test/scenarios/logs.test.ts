/** What a run has written so far, asked from another process while it is executed. */
import { expect, it } from 'vitest';
import { Scenario } from './support.js';

interface Attempt {
  attempt: number;
  claim: number;
  outcome: string | null;
  ended_at: string | null;
  worker: number | null;
  log: { text: string }[];
}

it('Regression: [EXPLAIN] the log of a run could not be seen before its attempt had ended', async () => {
  const scenario = await Scenario.create({
    'jobs/talk.lua': `crap.jobs.define("talk", { handler = "jobs.talk.run", timeout = 600, retries = 1, backoff = { 0 } })
      return { run = function(ctx)
        for i = 1, 250 do crap.log.info("line " .. i) end
        crap.log.warn(("x"):rep(5000))
        if ctx.job.attempt == 1 then error("once more") end
        crap.log.info("now it waits")
        crap.sleep(500)
      end }`,
  });
  try {
    const host = scenario.start(['work']);
    await host.until((printed) => printed.includes('Scheduler started'));
    const { id } = await scenario.json<{ id: string }>('jobs', 'trigger', 'talk');
    await host.until((printed) => printed.includes('now it waits'));
    const [first, second] = await scenario.json<Attempt[]>('jobs', 'logs', id);
    expect(first).toMatchObject({ attempt: 1, outcome: 'failed' });
    expect(first!.log).toHaveLength(251);
    expect(second).toMatchObject({ attempt: 2, claim: 2, outcome: null, ended_at: null, worker: 1 });
    // The newest two hundred, long ones cut.
    expect(second!.log).toHaveLength(200);
    expect(second!.log.slice(-3).map(({ text }) => text)).toEqual(['line 250', `${'x'.repeat(2000)}…`, 'now it waits']);
    const { stdout } = await scenario.command('jobs', 'logs', id);
    expect(stdout).toMatch(/attempt 2 \(claim 2\) is under way since .* on \S+\/1\n/);
  } finally {
    await scenario.dispose();
  }
});
