/** Hooks as project code writes them, on a real VM: what they reach, what their errors read, where registration ends. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';

const NO_CRUD =
  'crap.* CRUD is not available inside an after_read hook — it runs after the read is final and fails open, so a write from it could half-apply. Do the lookup in before_read (hand it over via ctx.context) or in the caller instead.';

const HOOKS = `
local C, M = crap.collections, {}
function M.look_up(ctx)
  local calls = {
    count = function() return C.count("notes") end,
    create = function() return C.create("others", { title = "made" }, { overrideAccess = true }).title end,
    global = function() return crap.globals.get("site").title end,
    queue = function() return #crap.jobs.queue("noop") end,
  }
  for name, call in pairs(calls) do
    local ok, value = pcall(call)
    ctx.data[name] = ok and value or (tostring(value):match("^[^\\n]*"))
  end
  return ctx
end
function M.before(ctx) ctx.context.total = C.count("others") return ctx end
function M.from_context(ctx) ctx.data.total = ctx.context.total return ctx end
function M.fails(ctx) error("boom") end
function M.fails_with_table(ctx) error({ field = ctx.data.title }) end
return M`;

const DEFINE = `
  local fields = { { name = "title", type = "text" } }
  crap.collections.define("notes", { fields = fields, hooks = { after_read = { "hooks.x.look_up" } } })
  crap.collections.define("totals", { fields = fields, hooks = { before_read = { "hooks.x.before" }, after_read = { "hooks.x.from_context" } } })
  crap.collections.define("others", { fields = fields })
  crap.collections.define("failing", { fields = fields, hooks = { before_change = { "hooks.x.fails" }, before_delete = { "hooks.x.fails" } } })
  crap.collections.define("tables", { fields = fields, hooks = { before_validate = { "hooks.x.fails_with_table" } } })
  crap.globals.define("site", { fields = { { name = "title", type = "text", default_value = "home" } } })
  crap.jobs.define("noop", { handler = "hooks.x.before" })`;

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());
  const open = async (generation: 8 | 10 = 8): Promise<Bench> => {
    const bench = await benches.open(engine, { generation, files: { 'hooks/x.lua': HOOKS } });
    await bench.run(DEFINE);
    await bench.enter();
    return bench;
  };

  it('after_read reaches the database of its caller in the earlier generation', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local id = crap.collections.create("notes", { title = "a" }).id
        local doc = crap.collections.find_by_id("notes", id)
        return doc.count, doc.create, doc.global, doc.queue, crap.collections.count("others")`),
    ).toEqual([1, 'made', 'home', 21, 1]);
  });

  it('after_read reaches no database in the later one; before_read does, and hands over', async () => {
    const bench = await open(10);
    const text = `runtime error: ${NO_CRUD}`;
    expect(
      await bench.run(`
        local id = crap.collections.create("notes", { title = "a" }).id
        local doc = crap.collections.find_by_id("notes", id)
        return doc.count, doc.create, doc.global, doc.queue, crap.collections.count("others")`),
    ).toEqual([text, text, text, text, 0]);
    expect(
      await bench.run(
        'crap.collections.create("totals", { title = "a" }) crap.collections.create("others", {}) return crap.collections.find("totals").documents[1].total',
      ),
    ).toEqual([1]);
  });

  it('an unknown event is refused by register and remove in the later generation; the earlier one warns and is silent', async () => {
    const earlier = await open();
    await earlier.run('crap.hooks.register("no_such", print) crap.hooks.remove("no_such", print) crap.hooks.remove("never", print)');
    expect(earlier.lines.filter(({ level }) => level === 'warn').map(({ text }) => text)).toEqual([
      expect.stringContaining("crap.hooks.register: unknown event 'no_such'"),
    ]);
    const later = await open(10);
    expect(await later.failure('crap.hooks.register("no_such", print)')).toContain("crap.hooks.register: unknown event 'no_such'");
    expect(await later.failure('crap.hooks.remove("no_such", print)')).toContain("crap.hooks.remove: unknown event 'no_such'");
    await later.run('crap.hooks.remove("before_change", print)');
  });

  it('errors stack up their renderings, with the place; tables cross whole', async () => {
    const bench = await open();
    const at = `${bench.dir}/hooks/x.lua:18: boom`;
    expect(await bench.failure('crap.collections.create("failing", {})')).toBe(`runtime error: create error: runtime error: ${at}`);
    expect(await bench.failure('crap.collections.create_many("failing", { {} })')).toBe(`runtime error: runtime error: ${at}`);
    expect(
      await bench.run('local ok, err = pcall(crap.collections.create, "tables", { title = "t" }) return type(err), err.field'),
    ).toEqual(['table', 't']);
    for (const [value, text] of [
      ['5', '5'],
      ['nil', 'nil'],
      ['false', 'false'],
    ]) {
      await bench.run(`failing_hook = function() error(${value}) end crap.hooks.register("before_change", failing_hook)`);
      expect(await bench.failure('crap.collections.create("others", {})')).toBe(`runtime error: create error: runtime error: ${text}`);
      await bench.run('crap.hooks.remove("before_change", failing_hook)');
    }
  });

  it('the list of an event is live: what is put into it counts, and what is no function fails the operation', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local seen = {}
        local list = crap.hooks.list("before_change")
        crap.hooks.register("before_change", function(ctx) seen[#seen + 1] = ctx.collection end)
        crap.collections.create("others", {})
        local own = crap.hooks.list("before_change")
        own[2] = function() seen[#seen + 1] = "put in" end
        crap.collections.create("others", {})
        own[2], own[1] = nil, nil
        crap.collections.create("others", {})
        return #list, table.concat(seen, " ")`),
    ).toEqual([0, 'others others put in']);
    await bench.run('crap.hooks.register("before_change", print) crap.hooks.list("before_change")[1] = 5');
    expect(await bench.failure('crap.collections.create("others", {})')).toBe(
      'runtime error: create error: runtime error: registered hook at index 1 is not a function: error converting Lua integer to function',
    );
  });

  it('regression: reads and validators that call themselves without end are an error that can be caught, not a broken state', async () => {
    const bench = await benches.open(engine, {
      files: {
        'hooks/endless.lua': `
          local C, M = crap.collections, {}
          function M.read(ctx) reached = reached + 1 C.find(ctx.collection) end
          function M.access(ctx) reached = reached + 1 return #C.find("guarded", { overrideAccess = false }).documents >= 0 end
          function M.check() reached = reached + 1 C.create("checked", { title = "again" }) return true end
          return M`,
      },
    });
    await bench.run(`
      local title = { { name = "title", type = "text" } }
      crap.collections.define("before", { fields = title, hooks = { before_read = { "hooks.endless.read" } } })
      crap.collections.define("after", { fields = title, hooks = { after_read = { "hooks.endless.read" } } })
      crap.collections.define("guarded", { fields = title, access = { read = "hooks.endless.access" } })
      crap.collections.define("checked", { fields = { { name = "title", type = "text", validate = "hooks.endless.check" } } })`);
    await bench.enter();
    await bench.run('crap.collections.create("after", {})');
    const endless = 'stack overflow: hooks, access functions and validators have called operations that called them again, 60 levels deep';
    // A validator that raises is a message, as in the reference; what it raised is in the log.
    for (const [chunk, text] of [
      ['C.find("before")', endless],
      ['C.find("guarded", { overrideAccess = false })', endless],
      [
        'C.create("checked", { title = "first" })',
        "runtime error: create error: Validation failed: title: Validation failed (internal error in 'hooks.endless.check')",
      ],
    ] as const) {
      expect(await bench.failure(`reached = 0 local C = crap.collections ${chunk}`)).toContain(text);
      expect(await bench.run('return reached, crap.collections.count("checked")')).toEqual([60, 0]);
    }
    // An error of after_read is logged, and the document returned.
    expect(await bench.run('reached = 0 return #crap.collections.find("after").documents, reached')).toEqual([1, 60]);
    expect(bench.lines.some(({ text }) => text.includes('stack overflow'))).toBe(true);
  });

  it('a hook that deletes the document of its own operation: an update fails and is undone, a create is as good as never made', async () => {
    const bench = await benches.open(engine, {
      files: {
        'hooks/self.lua': `
          local M = {}
          local function gone(ctx) crap.collections.delete(ctx.collection, target or ctx.data.id) end
          function M.before(ctx) if ctx.operation == "update" then gone(ctx) end end
          function M.after(ctx) if ctx.operation == "create" then target = nil gone(ctx) end end
          function M.deletes(ctx) if not once then once = true gone(ctx) end end
          return M`,
      },
    });
    await bench.run(`
      local title = { { name = "title", type = "text" } }
      crap.collections.define("updated", { fields = title, hooks = { before_change = { "hooks.self.before" } } })
      crap.collections.define("created", { fields = title, hooks = { after_change = { "hooks.self.after" } } })
      crap.collections.define("deleted", { fields = title, hooks = { before_delete = { "hooks.self.deletes" } } })`);
    await bench.enter();
    expect(
      await bench.failure('target = crap.collections.create("updated", {}).id crap.collections.update("updated", target, { title = "t" })'),
    ).toBe('runtime error: update error: Document not found after update');
    expect(await bench.failure('target = crap.collections.create("deleted", {}).id crap.collections.delete("deleted", target)')).toMatch(
      /^runtime error: delete error: Document '.*' not found in 'deleted'$/,
    );
    expect(
      await bench.run(`
        local C = crap.collections
        return C.count("updated"), C.count("deleted"), C.create("created", { title = "t" }).title, C.count("created")`),
    ).toEqual([1, 1, 't', 0]);
  });
});
