/** Queue features as a project uses them: keys, dependencies, backoff, and handlers that end their own attempt. */
import { afterEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { Scenario } from './support.js';

interface RunRow {
  id: string;
  slug: string;
  status: string;
  attempt: number;
  error: string | null;
  result: unknown;
  due_at: string | null;
  started_at: string | null;
}

let scenario: Scenario | undefined;
afterEach(() => scenario?.dispose());

const project = (engine: string) => ({
  'moonlighter.toml': `[lua]\nengine = "${engine}"\n`,
  'collections/steps.lua': 'crap.collections.define("steps", { fields = { { name = "what", type = "text" } } })',
  'jobs/steps.lua': `
    crap.jobs.define("step", { handler = "jobs.steps.run", concurrency = 10 })
    crap.jobs.define("later", { handler = "jobs.steps.later", retries = 3 })
    crap.jobs.define("gone", { handler = "jobs.steps.gone", retries = 3 })
    crap.jobs.define("own", { handler = "jobs.steps.own", retries = 3, backoff = "jobs.steps.delay" })
    crap.jobs.define("listed", { handler = "jobs.steps.own", retries = 3, backoff = { 100, 200 } })
    crap.jobs.define("broken_delay", { handler = "jobs.steps.own", retries = 3, backoff = "jobs.steps.bad_delay" })
    local M = {}
    function M.run(ctx)
      crap.collections.create("steps", { what = ctx.data.what })
      if ctx.data.fails then error("no") end
    end
    function M.later(ctx)
      crap.collections.create("steps", { what = "before" })
      pcall(function() crap.jobs.retry_later("1h", "the shop is closed") end)
      crap.collections.create("steps", { what = "after" })
    end
    function M.gone() pcall(crap.jobs.discard, "no such order"); return 1 end
    function M.own() error("again") end
    function M.delay(ctx) return ctx.attempt * 1000 + #ctx.data.list end
    function M.bad_delay() error("no idea") end
    return M`,
});

describe.each(engines)('queue features on $name', (engine) => {
  const open = async () => {
    scenario = await Scenario.create(project(engine.name));
    return scenario;
  };
  const one = async (it: Scenario, id: string) => await it.json<RunRow>('jobs', 'status', '--id', id);

  it('a key keeps the order, a dependency holds back, a failed one cancels what waits for it', async () => {
    const it = await open();
    const ids = await it.eval<string[]>(`
      local many = crap.jobs.queue_many("step", { { what = "1" }, { what = "2" }, { what = "3" } }, { key = "k" })
      local bad = crap.jobs.queue("step", { what = "bad", fails = true })
      local after = crap.jobs.queue("step", { what = "4" }, { after = many })
      local never = crap.jobs.queue("step", { what = "never" }, { after = { bad } })
      local anyway = crap.jobs.queue("step", { what = "anyway" }, { after = { bad }, after_failure = "run" })
      return { many[1], many[2], many[3], bad, after, never, anyway }`);
    expect((await it.command('work', '--drain')).code).toBe(0);
    const runs = await Promise.all(ids.map((id) => one(it, id)));
    const begun = runs.slice(0, 5).map((run) => run.started_at!);
    expect([begun[0]! <= begun[1]!, begun[1]! <= begun[2]!, begun[2]! <= begun[4]!]).toEqual([true, true, true]);
    expect(await it.eval('return crap.collections.count("steps")')).toBe(5);
    expect(runs.map((run) => run.status)).toEqual(['completed', 'completed', 'completed', 'failed', 'completed', 'cancelled', 'completed']);
  });

  it('retry_later and discard end the attempt for good: pcall does not catch them, nothing was written', async () => {
    const it = await open();
    const [later, gone] = await it.eval<[string, string]>('return { crap.jobs.queue("later"), crap.jobs.queue("gone") }');
    expect((await it.command('work', '--drain')).code).toBe(0);
    expect(await it.eval('return crap.collections.count("steps")')).toBe(0);
    const waits = await one(it, later);
    expect(waits).toMatchObject({ status: 'pending', attempt: 0, error: 'the shop is closed' });
    expect(Date.parse(waits.due_at!) - Date.now()).toBeGreaterThan(3_500_000);
    expect(await one(it, gone)).toMatchObject({ status: 'failed', attempt: 1, error: 'no such order' });
  });

  it('the delay of a retry comes from a function, from a list, and from the default where the function fails', async () => {
    const it = await open();
    const begun = Date.now();
    const ids = await it.eval<string[]>(
      'return { crap.jobs.queue("own", { list = { 1, 2, 3 } }), crap.jobs.queue("listed"), crap.jobs.queue("broken_delay") }',
    );
    expect((await it.command('work', '--drain')).code).toBe(0);
    const delays = await Promise.all(ids.map(async (id) => (Date.parse((await one(it, id)).due_at!) - begun) / 1000));
    for (const [i, least] of [1003, 100, 5].entries()) {
      expect(delays[i]).toBeGreaterThanOrEqual(least);
      expect(delays[i]).toBeLessThan(least + 30);
    }
  });

  it('outside of a run there is nothing to end', async () => {
    const it = await open();
    const result = await it.command('--json', 'eval', 'crap.jobs.retry_later(5)');
    expect([result.code, JSON.parse(result.stdout || result.stderr).error.message]).toEqual([
      1,
      expect.stringContaining('no run is being executed'),
    ]);
  });
});
