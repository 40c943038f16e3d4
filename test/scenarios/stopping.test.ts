import { afterEach, expect, it } from 'vitest';
import { allowance } from '../support/allowance.js';
import { Scenario } from './support.js';

let scenario: Scenario | undefined;
afterEach(async () => {
  await scenario?.dispose();
  scenario = undefined;
});

interface RunRow {
  slug: string;
  status: string;
  error: string | null;
  started_at: string;
  completed_at: string;
  result: unknown;
}

const loops: Record<string, string> = {
  plain: 'while true do end',
  in_pcall: 'while true do pcall(function() while true do end end) end',
  in_sort: 'table.sort({ 3, 1, 2, 5, 4 }, function(a, b) while true do end end)',
  in_coroutine: 'local co = coroutine.wrap(function() while true do end end); while true do pcall(co) end',
  in_gsub: 'string.gsub("abc", ".", function() while true do end end)',
};

it.each(Object.keys(loops))('[STOP] a loop that never ends (%s) is timed out and the next run starts at once', async (name) => {
  scenario = await Scenario.create({
    'jobs/loop.lua': `
crap.jobs.define("loop", { handler = "jobs.loop.run", timeout = 1 })
crap.jobs.define("after", { handler = "jobs.loop.after" })
return { run = function(ctx) ${loops[name]} end, after = function() return { fine = true } end }`,
    'moonlighter.toml': '[workers]\nthreads = 1\n',
    'crap.toml': '[jobs]\nmax_concurrent = 1\n',
  });
  await scenario.json('jobs', 'trigger', 'loop');
  await scenario.json('jobs', 'trigger', 'after');
  const allowed = allowance();
  const drained = await scenario.command('work', '--drain');
  expect(drained.code, drained.stderr).toBe(0);
  expect(drained.ms).toBeLessThan(allowed(6_000));
  const [after] = await scenario.json<RunRow[]>('jobs', 'status', '-s', 'after');
  const [looped] = await scenario.json<RunRow[]>('jobs', 'status', '-s', 'loop');
  expect(looped).toMatchObject({ status: 'failed' });
  expect(looped!.error).toContain('timeout after 1s');
  expect(after).toMatchObject({ status: 'completed', result: { fine: true } });
  expect(Date.parse(after!.started_at) - Date.parse(looped!.completed_at)).toBeLessThan(allowed(1_000));
});

it("[STOP] a project coroutine sees none of the host's yields", async () => {
  scenario = await Scenario.create({
    'jobs/quiet.lua': `
crap.jobs.define("quiet", { handler = "jobs.quiet.run", timeout = 20 })
local M = {}
function M.run()
  local seen = {}
  local co = coroutine.create(function(a)
    local x = 0
    for i = 1, 3 do
      for j = 1, 3000000 do x = x + j end
      crap.sleep(0.01)
      seen[#seen + 1] = coroutine.yield(i)
    end
    return "done"
  end)
  local got = {}
  local ok, v = coroutine.resume(co, "a")
  while coroutine.status(co) ~= "dead" do
    got[#got + 1] = v
    ok, v = coroutine.resume(co, "r" .. tostring(v))
  end
  got[#got + 1] = v
  return { got = got, seen = seen }
end
return M`,
  });
  await scenario.json('jobs', 'trigger', 'quiet');
  expect((await scenario.command('work', '--drain')).code).toBe(0);
  const [run] = await scenario.json<RunRow[]>('jobs', 'status');
  expect(run).toMatchObject({ status: 'completed', result: { got: [1, 2, 3, 'done'], seen: ['r1', 'r2', 'r3'] } });
});
