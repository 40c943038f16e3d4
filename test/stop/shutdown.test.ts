/** How hosts end, through the real binary: told once, told twice, and killed while another is there. */
import { afterEach, describe, expect, it } from 'vitest';
import { Scenario } from '../scenarios/support.js';

let scenario: Scenario | undefined;
afterEach(async () => {
  await scenario?.dispose();
  scenario = undefined;
});

interface Row {
  slug: string;
  status: string;
  attempt: number;
  result: unknown;
}
const files = {
  'moonlighter.toml': '[workers]\nthreads = 1\n[jobs]\nshutdown_grace = "2s"\n',
  'jobs/a.lua': `
crap.jobs.define("short", { handler = "jobs.a.short" })
crap.jobs.define("long", { handler = "jobs.a.long", timeout = 600 })
crap.jobs.define("loop", { handler = "jobs.a.loop", timeout = 600 })
return {
  short = function() crap.log.info("short runs") crap.sleep(0.8) return "done" end,
  long = function() crap.log.info("long runs") crap.sleep(500) end,
  loop = function() crap.log.info("loop runs") string.gsub(("a"):rep(3), ".", function() while true do pcall(error) end end) end,
}`,
};
const trigger = async (...slugs: string[]) => {
  for (const slug of slugs) await scenario!.json('jobs', 'trigger', slug);
};
const status = async () => {
  const rows = await scenario!.json<Row[]>('jobs', 'status', '-l', '-1');
  return Object.fromEntries(rows.map(({ slug, status: its, attempt }) => [slug, `${its} ${attempt}`]));
};

describe('a host', () => {
  it('that is told to end lets its runs finish for a while, gives the rest back unharmed and ends with 0', async () => {
    scenario = await Scenario.create(files);
    await trigger('short', 'long', 'loop');
    const host = scenario.start(['work']);
    await host.until((printed) => ['short runs', 'long runs', 'loop runs'].every((text) => printed.includes(text)));
    const begun = performance.now();
    expect(await host.stop('SIGTERM')).toBe(0);
    expect(performance.now() - begun).toBeLessThan(2_000 + 4_000);
    expect(await status()).toEqual({ short: 'completed 1', long: 'pending 0', loop: 'pending 0' });
  });

  it('that is told twice ends at once with 130; what it had is rescued by the next without a retry spent', async () => {
    scenario = await Scenario.create({ ...files, 'moonlighter.toml': '[workers]\nthreads = 1\n[jobs]\nshutdown_grace = "60s"\n' });
    await trigger('long');
    const host = scenario.start(['work']);
    await host.until((printed) => printed.includes('long runs'));
    host.child.kill('SIGTERM');
    await host.until((printed) => printed.includes('shutting down'));
    const begun = performance.now();
    // Two within a quarter of a second are one: a terminal and npm both pass Ctrl-C on.
    const again = setInterval(() => host.child.kill('SIGTERM'), 300);
    expect(await host.exited).toBe(130);
    clearInterval(again);
    expect(performance.now() - begun).toBeLessThan(3_000);
    const next = scenario.start(['work']);
    await next.until((printed) => printed.includes('long runs'));
    expect((await status())['long']).toMatch(/^running/);
  });

  it('that is killed loses its runs to another that was there already, at once', async () => {
    scenario = await Scenario.create({
      ...files,
      'jobs/a.lua': files['jobs/a.lua'].replace('{ handler = "jobs.a.long"', '{ concurrency = 2, handler = "jobs.a.long"'),
    });
    const hosts = [scenario.start(['work']), scenario.start(['work'])];
    for (const host of hosts) await host.until((printed) => printed.includes('Scheduler started'));
    await trigger('long');
    const first = await Promise.race(hosts.map((host) => host.until((printed) => printed.includes('long runs')).then(() => host)));
    const other = hosts.find((host) => host !== first)!;
    const begun = performance.now();
    first.child.kill('SIGKILL');
    await other.until((printed) => printed.includes('long runs'));
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect((await status())['long']).toBe('running 1');
  }, 30_000);
});
