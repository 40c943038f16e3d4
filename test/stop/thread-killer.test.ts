/**
 * A run that ends its thread each time it is executed: it fails after three losses, the host and the runs beside it go on. The script takes
 * all the JavaScript memory of its thread, which only the engine fengari lets it do.
 */
import { afterEach, expect, it } from 'vitest';
import { Scenario } from '../scenarios/support.js';
import { engines } from '../support/engines.js';

let scenario: Scenario | undefined;
afterEach(async () => {
  await scenario?.dispose();
  scenario = undefined;
});

interface Attempt {
  outcome: string;
  error: string | null;
}

it('[BOUNDARY] a run that ends its thread three times has failed, without a retry spent; those beside it lose nothing', async () => {
  scenario = await Scenario.create({
    'moonlighter.toml': '[lua]\nengine = "fengari"\n[workers]\nthreads = 1\nmax_heap = "48MB"\n',
    'jobs/killer.lua': `
crap.jobs.define("killer", { handler = "jobs.killer.run", timeout = 120, retries = 2 })
crap.jobs.define("beside", { handler = "jobs.killer.beside", timeout = 120 })
return {
  run = function() local list = {} while true do list[#list + 1] = { #list, #list } end end,
  beside = function() crap.sleep(9) return "unharmed" end,
}`,
  });
  const { id: beside } = await scenario.json<{ id: string }>('jobs', 'trigger', 'beside');
  const { id: killer } = await scenario.json<{ id: string }>('jobs', 'trigger', 'killer');
  const host = scenario.start(['work']);
  await host.until(
    (printed) => (printed.match(/reaching memory limit/g) ?? []).length >= 3 && /\(killer\) was lost too often/.test(printed),
  );
  const [run] = await scenario.json<{ id: string; status: string; error: string; attempt: number }[]>('jobs', 'status', '-s', 'killer');
  expect(run).toMatchObject({ id: killer, status: 'failed', attempt: 1 });
  expect(run!.error).toContain('lost: its worker thread ended: ');
  const attempts = await scenario.json<Attempt[]>('jobs', 'logs', killer);
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'lost', 'lost']);
  await host.until((printed) => /\(beside\) completed/.test(printed));
  const others = await scenario.json<Attempt[]>('jobs', 'logs', beside);
  expect(new Set(others.map(({ outcome }) => outcome))).toEqual(new Set(['released', 'completed']));
  expect(await host.stop()).toBe(0);
}, 60_000);

it.each(engines)(
  '[BOUNDARY] Regression: on $name a run whose code cannot be suspended ends, and so do those beside it, instead of each being given back for ever',
  async ({ name }) => {
    scenario = await Scenario.create({
      'moonlighter.toml': `[lua]\nengine = "${name}"\n[workers]\nthreads = 1\n`,
      'jobs/hog.lua': `
crap.jobs.define("hog", { handler = "jobs.hog.run", timeout = 120 })
crap.jobs.define("beside", { handler = "jobs.hog.beside", timeout = 2, concurrency = 8 })
return {
  run = function() crap.sleep(0.1) return string.rep("a", 300):find(string.rep("a-", 40) .. "b") end,
  beside = function() crap.sleep(1) return "unharmed" end,
}`,
    });
    const { id: hog } = await scenario.json<{ id: string }>('jobs', 'trigger', 'hog');
    await scenario.eval('for i = 1, 8 do crap.jobs.queue("beside", {}) end');
    const host = scenario.start(['work']);
    // Alone it may go on until its own time is over.
    await host.until((printed) => printed.match(/\(beside\) completed/g)?.length === 8);
    const attempts = await scenario.json<Attempt[]>('jobs', 'logs', hog);
    expect(attempts[0]).toMatchObject({ outcome: 'lost' });
    expect(JSON.stringify(attempts[0]!.error)).toContain('let no other go on');
    const others = await scenario.json<{ status: string; attempt: number }[]>('jobs', 'status', '-s', 'beside');
    expect(others.map(({ status, attempt }) => [status, attempt])).toEqual(Array.from({ length: 8 }, () => ['completed', 1]));
    await scenario.command('jobs', 'cancel', '--id', hog);
    expect(await host.stop()).toBe(0);
  },
  60_000,
);
