/** not-to-copy.md, behaviour: hooks, helpers, the sandbox, definitions at run time, and runs. */
import { expect } from 'vitest';
import { viewOf } from '../../../src/operations/run-view.js';
import { RunningHost } from '../../host/running.js';
import { line, lineBy, lineOn } from './line.js';

const HOOKS = {
  'hooks/h.lua': `local M = {}
    function M.read(value, ctx) if ctx.operation == "find_by_id" then return tostring(value) .. "!" end return value end
    function M.fail() error("stop here", 0) end
    function M.fail_titled(ctx) if ctx.data.title == "fail" then error("stop here", 0) end return ctx end
    function M.write_and_fail(ctx) crap.collections.create("targets", { name = "left behind" }) error("stop here", 0) end
    return M`,
};

line(
  'hooks.field.context_on_read',
  `local id = C.create("boxed", { box = { leaf = "l" } }).id
   local doc = C.find_by_id("boxed", id) return doc.box.leaf, doc.box__leaf`,
  ['l!', undefined],
  {
    files: HOOKS,
    define:
      'C.define("boxed", { fields = { F.group({ name = "box", fields = { F.text({ name = "leaf", hooks = { after_read = { "hooks.h.read" } } }) } }) } })',
  },
);

line(
  'hooks.fails.hooked_after_change.create, hooks.fails.hooked_after_change.update, hooks.fails.registered_after_change.create, hooks.fails.hooked_after_delete.delete, hooks.writes.left_by_a_failed_create',
  `local created = try(C.create, "changing", { title = "fail" })
   local id = C.create("changing", { title = "before" }).id
   local updated = try(C.update, "changing", id, { title = "fail" })
   local kept = C.create("deleting", { title = "kept" }).id
   local deleted = try(C.delete, "deleting", kept)
   local wrote = try(C.create, "writing", { title = "x" })
   crap.hooks.register("after_change", function(ctx) if ctx.collection == "targets" then error("stop here", 0) end end)
   local registered = try(C.create, "targets", { name = "registered" })
   return created, C.count("changing"), updated, C.find_by_id("changing", id).title, deleted, C.count("deleting"), wrote, registered, C.count("targets")`,
  [
    'err: create error: stop here',
    1,
    'err: update error: stop here',
    'before',
    'err: delete error: stop here',
    1,
    'err: create error: stop here',
    'err: create error: stop here',
    0,
  ],
  {
    files: HOOKS,
    define: `local fields = { F.text({ name = "title" }) }
      C.define("changing", { fields = fields, hooks = { after_change = { "hooks.h.fail_titled" } } })
      C.define("deleting", { fields = fields, hooks = { after_delete = { "hooks.h.fail" } } })
      C.define("writing", { fields = fields, hooks = { after_change = { "hooks.h.write_and_fail" } } })`,
  },
);

lineBy(
  'globals.update.partial, hooks.context.update_after',
  { define: 'crap.globals.define("site", { fields = { F.text({ name = "title" }), F.checkbox({ name = "on" }) } })' },
  async (_, run) => {
    // A project could depend on it: generation 8 does as the reference; generation 10 leaves them (test/content/generation-10-writes.test.ts).
    expect(await run('G.update("site", { on = true }) G.update("site", { title = "t" }) return G.get("site").on')).toEqual([0]);
  },
);

line(
  'hooks.order.invalid, values.num.text_words',
  'return try(C.create, "things", { num = "seven" }), C.count("things"), C.create("things", { num = "7.5" }).num',
  ['err: create error: Validation failed: num: num must be a number', 0, 7.5],
);

line(
  'util.truncate.4',
  'return crap.util.truncate("hello world", 2), crap.util.truncate("hello world", 8), crap.util.truncate("hello", 5)',
  ['he', 'hello...', 'hello'],
);

line(
  'util.split.6',
  'return show(crap.util.split("a.b.c", ".")), show(crap.util.split("a^b", "^")), show(crap.util.split("a, b", ", ")), try(crap.util.split, "abc", "")',
  ['["a","b","c"]', '["a","b"]', '["a","b"]', 'err: crap.util.split: the separator must not be empty'],
);

lineBy('run: date_format(0, "%Q") panics', {}, async (_, run) => {
  const [text, fine] = await run('return try(crap.util.date_format, 0, "%Q"), crap.util.date_format(0, "%Y")');
  expect(text).toMatch(/%Q/);
  expect(text).not.toMatch(/Display implementation/);
  expect(fine).toBe('1970');
});

lineBy('sandbox.library.io', { files: { 'hooks/note.lua': 'mine' } }, async (bench, run) => {
  const [inside, outside, process] = await run(`
    local function open(path) local ok, file, why = pcall(io.open, path) return tostring(ok and file) end
    return io.open("hooks/note.lua"):read("a"), open("/etc/hosts"), tostring(pcall(io.popen, "echo ran"))`);
  expect([inside, outside]).toEqual(['mine', 'nil']);
  expect(process).toBe('false');
  expect(bench.lines.some(({ text }) => text.includes('ran'))).toBe(false);
});

lineBy(
  'redefine.collection.hooks_text, redefine.collection.hooks_function, redefine.collection.fields_not_a_table, redefine.collection.unknown_type, redefine.collection.length_text, redefine.collection.versions_text',
  {},
  async (bench, run) => {
    for (const [config, word] of [
      ['{ fields = {}, hooks = { before_change = "hooks.h.read" } }', 'before_change'],
      ['{ fields = {}, hooks = { before_change = function() end } }', 'before_change'],
      ['{ fields = "name" }', 'fields'],
      ['{ fields = { { name = "name", type = "no_such_type" } } }', 'no_such_type'],
      ['{ fields = { { name = "name", type = "text", min_length = "two" } } }', 'min_length'],
      ['{ fields = {}, versions = "yes" }', 'versions'],
    ]) {
      bench.session.problems.length = 0;
      const [failed] = await run(`return try(C.define, "targets", ${config})`);
      const said = [failed, ...bench.session.problems.map(({ message }) => message)].join('\n');
      expect(said, config).toContain(word);
    }
  },
);

line(
  'redefine.collection.new_column',
  `local F = crap.fields
   C.define("targets", { fields = { F.text({ name = "name" }), F.text({ name = "added" }) } })
   local ok, e = pcall(C.create, "targets", { added = "x" })
   return ok, e.code, e.remedy`,
  [false, 'SCHEMA_OUTDATED', expect.stringContaining('a field that was defined after the start')],
);

line(
  'redefine.job.schedule_weekday_0, redefine.job.schedule_weekday_7',
  `local function define(day) return try(crap.jobs.define, "weekly", { handler = "jobs.weekly.run", schedule = "0 8 * * " .. day }) end
   return define(0), define(7), define(8)`,
  [undefined, undefined, expect.stringContaining("invalid cron expression '0 8 * * 8'")],
  { define: 'crap.jobs.define("weekly", { handler = "jobs.weekly.run" })' },
);

/** One host with the runs of the last three lines. */
const JOBS = {
  'jobs/odd.lua': `local M = {}
    crap.jobs.define("echo", { handler = "jobs.odd.echo" })
    crap.jobs.define("flaky", { handler = "jobs.odd.flaky", retries = 1, backoff = { 0 } })
    crap.jobs.define("greedy", { handler = "jobs.odd.greedy" })
    crap.jobs.define("hidden", { handler = "jobs.odd.hidden" })
    function M.echo(ctx) return ctx.data end
    function M.flaky(ctx) if ctx.job.attempt == 1 then error("first attempt fails", 0) end return "second" end
    local function loop() while true do end end
    function M.greedy() while true do pcall(loop) end end
    function M.hidden() local co = coroutine.wrap(loop) while true do pcall(co) co = coroutine.wrap(loop) end end
    return M`,
};
const withHost = async (engine: string, body: (host: RunningHost) => Promise<void>, generation = 8) => {
  const host = await RunningHost.start({
    ...JOBS,
    'crap.toml': '[access]\ndefault_deny = false\n[hooks]\nmax_instructions = 1000000\n',
    'moonlighter.toml': `[lua]\nengine = "${engine}"\n[workers]\nthreads = 1\n[compat]\ngeneration = ${generation}\n`,
  });
  try {
    await body(host);
  } finally {
    await host.dispose();
  }
};

lineOn('run: while true do pcall(loop) end swallows the instruction limit; code in coroutines escapes it', ({ name }) =>
  withHost(name, async (host) => {
    await host.enqueue('greedy');
    await host.enqueue('hidden');
    await host.ended(2);
    for (const run of host.runs()) {
      expect(run).toMatchObject({ status: 'failed', error: expect.stringContaining('Lua execution exceeded instruction limit') });
    }
  }),
);

lineOn('child_echo run "case hole"', ({ name }) =>
  withHost(name, async (host) => {
    const [id] = await host.enqueue('echo', [['case hole', null, 3]]);
    await host.ended(1);
    expect(host.run(id!)).toMatchObject({ status: 'completed', result: '["case hole",null,3]' });
  }),
);

/** "decide": the column is as the reference leaves it under generation 8, and what people are shown is not. */
lineOn('retry_works run', async ({ name }) => {
  for (const generation of [8, 10]) {
    const body = async (host: RunningHost) => {
      const [id] = await host.enqueue('flaky', [{}], { maxAttempts: 2 });
      await host.ended(2);
      const run = host.run(id!)!;
      const kept = generation === 8 ? expect.stringContaining('first attempt fails') : null;
      expect(run).toMatchObject({ status: 'completed', attempt: 2, result: '"second"', error: kept });
      expect(viewOf(run)).toMatchObject({ error: null, earlier_error: kept });
    };
    await withHost(name, body, generation);
  }
});
