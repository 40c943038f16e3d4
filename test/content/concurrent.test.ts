/** Handlers that write the same documents at the same time: a whole host with several runs at once. */
import { afterEach, expect, it } from 'vitest';
import { Scenario } from '../scenarios/support.js';

let scenario: Scenario | undefined;
afterEach(async () => {
  await scenario?.dispose();
  scenario = undefined;
});

const PROJECT = {
  'crap.toml': '[access]\ndefault_deny = false\n\n[jobs]\nmax_concurrent = 20\n',
  'moonlighter.toml': '[workers]\nthreads = 2\n',
  'collections/all.lua': `
crap.collections.define("counters", { fields = { { name = "name", type = "text", unique = true }, { name = "n", type = "number" } } })
crap.collections.define("codes", { fields = { { name = "code", type = "text", unique = true }, { name = "by", type = "number" } } })
crap.collections.define("targets", { fields = { { name = "name", type = "text" } } })
crap.collections.define("links", { fields = { { name = "to", type = "relationship", relationship = { collection = "targets" } } } })
crap.collections.define("notes", { hooks = { after_change = { "hooks.notes.queue" } }, fields = { { name = "text", type = "text" } } })
`,
  'hooks/notes.lua': `
return { queue = function(ctx)
  crap.jobs.queue("noted", { text = ctx.data.text })
  if ctx.data.text == "bad" then error("refused") end
end }`,
  'jobs/all.lua': `
local C = crap.collections
local function define(slug) crap.jobs.define(slug, { handler = "jobs.all." .. slug, concurrency = 20, retries = 3 }) end
for _, slug in ipairs({ "bump", "claim", "link", "drop", "note", "noted" }) do define(slug) end
local M = {}
function M.bump()
  local doc = C.find("counters", { where = { name = "shared" } }).documents[1]
  C.update("counters", doc.id, { n = doc.n + 1 })
end
function M.claim(ctx)
  local ok, err = pcall(C.create, "codes", { code = "same", by = ctx.data.i })
  return { ok = ok, err = not ok and tostring(err):match("^[^\\n]*") or nil }
end
function M.link(ctx)
  local ok, err = pcall(C.create, "links", { to = ctx.data.to })
  return { ok = ok, err = not ok and tostring(err):match("^[^\\n]*") or nil }
end
function M.drop(ctx)
  local ok, err = pcall(C.delete, "targets", ctx.data.to)
  return { ok = ok, err = not ok and tostring(err):match("^[^\\n]*") or nil }
end
function M.note(ctx)
  C.create("notes", { text = "good " .. ctx.data.i })
  local ok = pcall(C.create, "notes", { text = "bad" })
  return ok
end
function M.noted(ctx) return ctx.data.text end
return M`,
};

interface Results {
  [slug: string]: { status: string; result: unknown }[];
}

it('[ONCE] loses no update, doubles no unique value, breaks no reference, keeps no run of a hook that failed', async () => {
  scenario = await Scenario.create(PROJECT);
  const to = await scenario.eval<string>(`
    crap.collections.create("counters", { name = "shared", n = 0 })
    local target = crap.collections.create("targets", { name = "t" })
    for i = 1, 20 do
      crap.jobs.queue("bump", {})
      crap.jobs.queue("claim", { i = i })
      if i <= 5 then crap.jobs.queue("note", { i = i }) end
      if i <= 10 then crap.jobs.queue("link", { to = target.id }) end
      if i == 5 or i == 8 then crap.jobs.queue("drop", { to = target.id }) end
    end
    return target.id`);
  const drained = await scenario.command('work', '--drain');
  expect(drained.code, drained.stderr).toBe(0);
  const runs: Results = {};
  for (const run of await scenario.json<{ slug: string; status: string; result: unknown }[]>('jobs', 'status', '-l', '200')) {
    runs[run.slug] = [...(runs[run.slug] ?? []), run];
  }
  expect(new Set(Object.values(runs).flatMap((list) => list.map(({ status }) => status)))).toEqual(new Set(['completed']));
  const state = await scenario.eval<Record<string, unknown>>(`
    local C = crap.collections
    local links = C.find("links", { limit = 100, depth = 1 }).documents
    local whole = 0
    for _, link in ipairs(links) do if type(link.to) == "table" then whole = whole + 1 end end
    return { n = C.find("counters").documents[1].n, codes = C.count("codes"), links = #links, whole = whole,
      refs = C.ref_count("targets", "${to}"), targets = C.count("targets"), notes = C.count("notes") }`);
  expect(state).toMatchObject({ n: 20, codes: 1, notes: 5 });
  const claims = runs['claim']!.map(({ result }) => result as { ok: boolean; err?: string });
  expect(claims.filter(({ ok }) => ok)).toHaveLength(1);
  expect(new Set(claims.filter(({ ok }) => !ok).map(({ err }) => err))).toEqual(
    new Set(['runtime error: create error: Validation failed: code: code must be unique']),
  );
  // Either the target was dropped before the first link, and no link was made, or it stands and every link is whole.
  const linked = runs['link']!.filter(({ result }) => (result as { ok: boolean }).ok).length;
  expect(state).toMatchObject({ links: linked, whole: linked, refs: linked, targets: linked > 0 ? 1 : 0 });
  expect(runs['note']!.map(({ result }) => result)).toEqual(Array(5).fill(false));
  expect(runs['noted']!.map(({ result }) => result).sort()).toEqual([1, 2, 3, 4, 5].map((i) => `good ${i}`));
});
