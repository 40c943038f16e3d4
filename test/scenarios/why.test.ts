/** Why a run waits although hosts run, asked from another process. */
import { afterEach, expect, it } from 'vitest';
import { Scenario } from './support.js';

let scenario: Scenario | undefined;
afterEach(() => scenario?.dispose());

const sleeper = (slug: string, more = '') =>
  `crap.jobs.define("${slug}", { handler = "jobs.all.sleep", concurrency = 10, timeout = 600${more} })\n`;

const open = async () => {
  scenario = await Scenario.create({
    'jobs/all.lua': `${sleeper('here')}${sleeper('elsewhere', ', queue = "elsewhere"')}${sleeper('failing')}
      return { sleep = function(ctx) if ctx.data.fails then error("no") end crap.sleep(600) end }`,
  });
  return scenario;
};
const trigger = async (it: Scenario, ...args: string[]) => (await it.json<{ id: string }>('jobs', 'trigger', ...args)).id;
const why = async (it: Scenario, id: string) =>
  (await it.json<{ reasons: { code: string; text: string }[] }>('jobs', 'why', id)).reasons.map(({ code, text }) => `${code}: ${text}`);

it('Regression: [EXPLAIN] a run whose queue or job no running host serves was said to be ready', async () => {
  const it = await open();
  const host = it.start(['work', '--queues', 'default']);
  await host.until((printed) => printed.includes('Scheduler started'));
  const other = await trigger(it, 'elsewhere');
  expect(await why(it, other)).toEqual([
    "no_host: no running host serves the queue 'elsewhere': start one with it in --queues, or without --queues",
  ]);
  await it.write({ 'jobs/young.lua': 'crap.jobs.define("young", { handler = "jobs.young.run" })\nreturn { run = function() end }' });
  const young = await trigger(it, 'young');
  expect(await why(it, young)).toEqual([
    "no_host: no running host knows the job 'young': a host reads definitions when it starts, so start it anew",
  ]);
});

it('Regression: [EXPLAIN] a run that waits for a place of the only host was said to be ready', async () => {
  const it = await open();
  const host = it.start(['work', '--concurrency', '1']);
  await host.until((printed) => printed.includes('Scheduler started'));
  const first = await trigger(it, 'here');
  await host.until((printed) => printed.includes('Executing job'));
  const second = await trigger(it, 'here');
  expect(await why(it, second)).toEqual([
    expect.stringMatching(/^host_limit: every place of the host \S+ is taken, by 1 runs \(--concurrency, or \[workers\] threads and slots/),
  ]);
  expect((await why(it, first))[0]).toMatch(/^running: /);
});

it('Regression: [EXPLAIN] --concurrency raises the run-wide cap, and why took the one of crap.toml for it', async () => {
  const it = await open();
  await it.write({ 'crap.toml': '[access]\ndefault_deny = false\n[jobs]\nmax_concurrent = 1\n' });
  const host = it.start(['work', '--concurrency', '2']);
  await host.until((printed) => printed.includes('Scheduler started'));
  await trigger(it, 'here');
  await host.until((printed) => printed.includes('Executing job'));
  expect(await why(it, await trigger(it, 'here', '--delay', '1h'))).toEqual([expect.stringMatching(/^due_time: /)]);
});

it('Regression: [EXPLAIN] a run of a killed host was said to be executed by it', async () => {
  const it = await open();
  const host = it.start(['work']);
  await host.until((printed) => printed.includes('Scheduler started'));
  const id = await trigger(it, 'here');
  await host.until((printed) => printed.includes('Executing job'));
  expect(await why(it, id)).toEqual([expect.stringMatching(/^running: /)]);
  await host.stop('SIGKILL');
  expect(await why(it, id)).toEqual([
    expect.stringMatching(/^host_gone: host \S+ \(process \d+ on .+\) began it at .+ and is gone: the next host that starts gives it back/),
  ]);
});

it('[EXPLAIN] a run whose dependency has ended while no host settles it', async () => {
  const it = await open();
  const failing = await trigger(it, 'failing', '-d', '{"fails":true}');
  const waiting = await trigger(it, 'here', '--after', failing);
  expect((await why(it, waiting))[0]).toBe(`dependency: it waits until ${failing} (pending) is completed`);
  expect((await it.command('jobs', 'cancel', '--id', failing)).code).toBe(0);
  expect((await why(it, waiting))[0]).toBe(`dependency: it depends on ${failing} (cancelled): the next claim of any host settles that`);
});
