import { afterEach, expect, it } from 'vitest';
import { numbersCollection, Scenario } from './support.js';

let scenario: Scenario | undefined;
afterEach(async () => {
  await scenario?.dispose();
  scenario = undefined;
});

interface RunRow {
  status: string;
  attempt: number;
  scheduled_by: string;
  created_at: string;
  started_at: string;
}

it('[DURABLE] [ONCE] kill -9 in the middle of 500 runs loses none and doubles none', async () => {
  scenario = await Scenario.create({
    'collections/numbers.lua': numbersCollection,
    'jobs/number.lua': `
crap.jobs.define("number", { handler = "jobs.number.run", concurrency = 8 })
return { run = function(ctx) crap.collections.create("numbers", { number = ctx.data.n }) end }`,
  });
  await scenario.eval('for i = 1, 500 do crap.jobs.queue("number", { n = i }) end');
  const host = scenario.start(['work']);
  await host.until((text) => (text.match(/completed in/g) ?? []).length >= 100);
  await host.stop('SIGKILL');
  const done = await scenario.eval<number>('return crap.collections.count("numbers")');
  expect(done).toBeGreaterThanOrEqual(100);
  expect(done).toBeLessThan(500);
  const again = await scenario.command('work', '--drain');
  expect(again.code, again.stderr).toBe(0);
  const runs = await scenario.json<RunRow[]>('jobs', 'status', '-l', '600');
  expect(runs).toHaveLength(500);
  expect(new Set(runs.map((r) => r.status))).toEqual(new Set(['completed']));
  expect(await scenario.eval('return crap.collections.count("numbers")')).toBe(500);
});

it('a trigger and an eval of a second process are picked up by the running host within 50 ms', async () => {
  scenario = await Scenario.create({
    'jobs/mark.lua': `
crap.jobs.define("mark", { handler = "jobs.mark.run", concurrency = 10 })
return { run = function(ctx) return ctx.data end }`,
  });
  const host = scenario.start(['work']);
  await host.until((text) => /started/i.test(text));
  for (let i = 0; i < 3; i++) {
    await scenario.json('jobs', 'trigger', 'mark');
    await scenario.eval('return crap.jobs.queue("mark", { from = "eval" })');
  }
  await host.until((text) => (text.match(/completed in/g) ?? []).length >= 6);
  await host.stop();
  const runs = await scenario.json<RunRow[]>('jobs', 'status');
  expect(runs).toHaveLength(6);
  // The fastest of three tells what the wake-up takes; the others tell how busy the machine was.
  for (const from of ['cli', 'hook']) {
    const waits = runs.filter((run) => run.scheduled_by === from).map((run) => Date.parse(run.started_at) - Date.parse(run.created_at));
    expect(waits).toHaveLength(3);
    expect(Math.min(...waits)).toBeLessThanOrEqual(50);
  }
});
