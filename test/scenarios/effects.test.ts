import { afterEach, describe, expect, it } from 'vitest';
import { numbersCollection, Scenario } from './support.js';

interface RunRow {
  id: string;
  slug: string;
  status: string;
  attempt: number;
  max_attempts: number;
  error: string | null;
  result: unknown;
}

let scenario: Scenario | undefined;
afterEach(async () => {
  await scenario?.dispose();
  scenario = undefined;
});

const queueAndRaise = {
  'collections/posts.lua': `
crap.collections.define("posts", {
  fields = { crap.fields.text({ name = "title", required = true }) },
  hooks = { after_change = { "hooks.posts.queue_and_raise" } },
})`,
  'hooks/posts.lua': `
local M = {}
function M.queue_and_raise(ctx)
  crap.jobs.queue("noop", { id = ctx.data.id })
  if ctx.data.title == "bad" then error("refused by the hook") end
end
return M`,
  'jobs/noop.lua': `
crap.jobs.define("noop", { handler = "jobs.noop.run" })
return { run = function() end }`,
};

describe('effects of hooks and handlers', () => {
  it('[ONCE] a hook that queues and then raises leaves no document and no run', async () => {
    scenario = await Scenario.create(queueAndRaise);
    const failed = await scenario.command('--json', 'eval', 'return crap.collections.create("posts", { title = "bad" })');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('refused by the hook');
    expect(await scenario.eval('return crap.collections.count("posts")')).toBe(0);
    expect(await scenario.json<RunRow[]>('jobs', 'status')).toHaveLength(0);
    await scenario.eval('return crap.collections.create("posts", { title = "good" }).id');
    expect(await scenario.json<RunRow[]>('jobs', 'status')).toHaveLength(1);
  });

  it('[ONCE] a handler that writes two documents and raises leaves neither; its run backs off, then fails', async () => {
    scenario = await Scenario.create({
      'collections/numbers.lua': numbersCollection,
      'jobs/two.lua': `
crap.jobs.define("two", { handler = "jobs.two.run", retries = 1 })
crap.jobs.define("once", { handler = "jobs.two.run" })
local M = {}
function M.run(ctx)
  crap.collections.create("numbers", { number = 1 })
  crap.collections.create("numbers", { number = 2 })
  error("after two writes")
end
return M`,
    });
    const retried = await scenario.json<{ id: string }>('jobs', 'trigger', 'two');
    const single = await scenario.json<{ id: string }>('jobs', 'trigger', 'once');
    const before = Date.now();
    expect((await scenario.command('work', '--drain')).code).toBe(0);
    expect(await scenario.eval('return crap.collections.count("numbers")')).toBe(0);
    const backing = await scenario.json<RunRow & { due_at: string }>('jobs', 'status', '--id', retried.id);
    expect(backing).toMatchObject({ status: 'pending', attempt: 1, max_attempts: 2 });
    expect(Date.parse(backing.due_at) - before).toBeGreaterThan(4_000);
    expect(Date.parse(backing.due_at) - before).toBeLessThan(60_000);
    const failed = await scenario.json<RunRow>('jobs', 'status', '--id', single.id);
    expect(failed).toMatchObject({ status: 'failed', attempt: 1 });
    expect(failed.error).toMatch(/after two writes\nstack traceback:/);
  });

  it('[ONCE] 100 runs that count and then create leave the numbers 1 to 100, each once', async () => {
    scenario = await Scenario.create({
      'collections/numbers.lua': numbersCollection,
      'jobs/next.lua': `
crap.jobs.define("next", { handler = "jobs.next.run", concurrency = 10 })
local M = {}
function M.run(ctx)
  local n = crap.collections.count("numbers")
  crap.collections.create("numbers", { number = n + 1 })
  return { number = n + 1 }
end
return M`,
    });
    await scenario.eval('for i = 1, 100 do crap.jobs.queue("next", {}) end');
    expect((await scenario.command('work', '--drain')).code).toBe(0);
    const runs = await scenario.json<RunRow[]>('jobs', 'status', '--limit', '200');
    expect(runs.map((r) => r.status)).toEqual(Array(100).fill('completed'));
    expect(runs.every((r) => r.attempt === 1)).toBe(true);
    const numbers = await scenario.eval<number[]>(`
      local out = {}
      for _, doc in ipairs(crap.collections.find("numbers", { limit = 1000, order_by = "number" }).documents) do out[#out + 1] = math.tointeger(doc.number) end
      return out`);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });
});
