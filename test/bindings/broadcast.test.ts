/** before_broadcast: what changed is told after the commit, unless a filter or hook keeps it back (Lua API 5.1, 10.3). */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { EffectList } from '../../src/bindings/effects.js';
import type { Change } from '../../src/content/changes.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { noQueue } from '../../src/store/sqlite/short-transaction.js';
import { PerCallTransaction } from '../../src/store/sqlite/transaction.js';
import { engines } from '../support/engines.js';
import { type Bench, Benches } from './support.js';

const FILES = {
  'hooks/live.lua': `local M = {}
    function M.pass(ctx)
      ctx.data.seen = ctx.operation .. " " .. ctx.collection .. " " .. tostring(ctx.id ~= nil)
      return ctx
    end
    function M.judge(ctx)
      local name = ctx.data.name
      if name == "nil" then return nil end
      if name == "false" then return false end
      if name == "true" then return true end
      if name == "odd" then return 5 end
      if name == "raise" then error("no") end
      if name == "crud" then crap.collections.count("posts") end
      return { data = { id = ctx.data.id, name = ctx.data.name, by = "hook" } }
    end
    function M.public(ctx) return ctx.data.name ~= "private" end
    function M.named(ctx) return ctx.data.name == ctx.options.name end
    function M.options(ctx) ctx.data.from = ctx.options.from return ctx end
    function M.bad(ctx) if ctx.data.name == "bad" then error("refused") end end
    return M`,
};

const DEFINE = `
  local fields = { { name = "name", type = "text" }, { name = "secret", type = "text", hidden = true } }
  crap.collections.define("posts", { fields = fields, hooks = { before_broadcast = { "hooks.live.judge" }, after_change = { "hooks.live.bad" } } })
  crap.collections.define("plain", { fields = fields, soft_delete = true, versions = true })
  crap.collections.define("silent", { fields = fields, live = false })
  crap.collections.define("filtered", { fields = fields, live = "hooks.live.public" })
  crap.collections.define("brief", { fields = fields, live = { mode = "metadata", filter = "hooks.live.public" } })
  crap.collections.define("optioned", { fields = fields, hooks = { before_broadcast = { { ref = "hooks.live.options", options = { from = "here" } } } } })
  crap.collections.define("table", { fields = fields, live = { filter = { ref = "hooks.live.named", options = { name = "public" } } } })
  crap.collections.define("ref", { fields = fields, live = { ref = "hooks.live.named", options = { name = "public" } } })
  crap.globals.define("site", { fields = fields, hooks = { before_broadcast = { "hooks.live.pass" } } })`;

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  const databases: Database[] = [];
  let told: Change[] = [];
  afterEach(() => {
    benches.dispose();
    for (const database of databases.splice(0)) database.close();
  });

  async function open(generation: 8 | 10 = 10, heard = true): Promise<Bench> {
    const bench = await benches.open(engine, { generation, files: FILES });
    await bench.run(DEFINE);
    await bench.enter();
    bench.session.leave();
    const database = openDatabase({ path: join(bench.dir, 'crap.db') });
    databases.push(database);
    told = [];
    bench.session.enter({
      db: new PerCallTransaction(database, noQueue, { owner: 'test' }),
      overrideAccessByDefault: true,
      effects: new EffectList({ perCall: true }),
      changes: { wanted: () => heard, told: (change) => told.push(change) },
    });
    return bench;
  }
  const seen = () => told.map(({ collection, operation, data }) => [collection, operation, data?.['name'] ?? data?.['soft_delete']]);

  it('tells of every kind of write, with the document as it is stored, hidden fields left out', async () => {
    const bench = await open();
    await bench.run(`
      local d = crap.collections.create("plain", { name = "a", secret = "s" })
      crap.collections.update("plain", d.id, { name = "b" })
      crap.collections.update("plain", d.id, { name = "draft" }, { draft = true })
      crap.collections.unpublish("plain", d.id)
      crap.collections.delete("plain", d.id)
      crap.collections.undelete("plain", d.id)
      crap.collections.create_many("plain", { { name = "c" }, { name = "d" } })
      crap.collections.delete("plain", d.id, { force_hard_delete = true })
      crap.globals.update("site", { name = "g" })`);
    expect(seen()).toEqual([
      ['plain', 'create', 'a'],
      ['plain', 'update', 'b'],
      ['plain', 'update', 'b'],
      ['plain', 'delete', true],
      ['plain', 'update', undefined],
      ['plain', 'create', 'c'],
      ['plain', 'create', 'd'],
      ['plain', 'delete', undefined],
      ['site', 'update', 'g'],
    ]);
    expect(told[0]).toMatchObject({ isGlobal: false, id: told[0]?.data?.['id'] });
    expect(told[0]?.data).not.toHaveProperty('secret');
    expect(told.at(-1)).toMatchObject({ isGlobal: true, id: 'default', data: { seen: 'update site true' } });
  });

  it('is kept back by hooks that return nil or false, changed by those that return data', async () => {
    const bench = await open();
    for (const name of ['nil', 'false', 'true', 'other']) await bench.run(`crap.collections.create("posts", { name = "${name}" })`);
    expect(told.map(({ data }) => [data?.['name'], data?.['by']])).toEqual([
      ['true', undefined],
      ['other', 'hook'],
    ]);
    expect(told[1]?.data).not.toHaveProperty('created_at');
  });

  it('goes on with a warning after a strange answer, and is kept back with one when a hook raises', async () => {
    const bench = await open();
    for (const name of ['odd', 'raise', 'crud']) await bench.run(`crap.collections.create("posts", { name = "${name}" })`);
    expect(seen()).toEqual([['posts', 'create', 'odd']]);
    expect(await bench.value('return crap.collections.count("posts")')).toBe(3);
    const warnings = bench.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
    expect(warnings[0]).toBe("Hook 'hooks.live.judge' for posts returned integer instead of a table — ignoring");
    expect(warnings[1]).toMatch(/^before_broadcast error for posts, the event is not sent: runtime error: .*live\.lua:\d+: no$/);
    expect(warnings[2]).toContain('crap.collections CRUD functions need a database context');
  });

  it('is asked of registered hooks too, after those of the collection', async () => {
    const bench = await open();
    await bench.run(`crap.hooks.register("before_broadcast", function(ctx)
        if ctx.data.name == "private" then return false end
        ctx.data.registered = tostring(ctx.data.by) return ctx
      end)
      crap.collections.create("posts", { name = "x" }) crap.collections.create("plain", { name = "private" }) crap.collections.create("plain", { name = "y" })`);
    expect(told.map(({ data }) => [data?.['name'], data?.['registered']])).toEqual([
      ['x', 'hook'],
      ['y', 'nil'],
    ]);
  });

  it('gets the options of its reference', async () => {
    const bench = await open();
    await bench.run('crap.collections.create("optioned", { name = "x" })');
    expect(told[0]?.data?.['from']).toBe('here');
  });

  it('follows the definition: live = false, a filter, metadata only', async () => {
    const bench = await open();
    for (const slug of ['silent', 'filtered', 'brief', 'table', 'ref']) {
      await bench.run(`crap.collections.create("${slug}", { name = "public" }) crap.collections.create("${slug}", { name = "private" })`);
    }
    expect(told.map(({ collection, data }) => [collection, data === undefined])).toEqual([
      ['filtered', false],
      ['brief', true],
      ['table', false],
      ['ref', false],
    ]);
    const shown = 'return crap.json.encode(crap.collections.config.get("ref").live), crap.collections.config.get("filtered").live';
    expect(await bench.run(shown)).toEqual([expect.stringContaining('"ref":"hooks.live.named"'), 'hooks.live.public']);
  });

  it.each([8, 10] as const)('is left out where a call says events = false (generation %i)', async (generation) => {
    const bench = await open(generation);
    await bench.run(`
      local d = crap.collections.create("plain", { name = "quiet" }, { events = false })
      crap.collections.update("plain", d.id, { name = "loud" })
      crap.collections.delete("plain", d.id, { events = false })`);
    expect(seen()).toEqual([['plain', 'update', 'loud']]);
  });

  it('tells nothing of what was undone, not even of a caught part', async () => {
    const bench = await open();
    await bench.run(`
      pcall(crap.collections.create, "posts", { name = "bad" })
      pcall(crap.transaction, function() crap.collections.create("plain", { name = "gone" }) error("x") end)
      crap.transaction(function()
        crap.collections.create("plain", { name = "kept" })
        pcall(crap.transaction, function() crap.collections.create("plain", { name = "part" }) error("x") end)
      end)`);
    expect(seen()).toEqual([['plain', 'create', 'kept']]);
  });

  it('runs hooks also where nobody listens, and shows them no id under generation 8', async () => {
    const bench = await open(8, false);
    await bench.run(`crap.hooks.register("before_broadcast", function(ctx) crap.log.info(ctx.operation .. " " .. tostring(ctx.id)) return ctx end)
      crap.collections.create("plain", { name = "x" })`);
    expect(bench.lines.map(({ text }) => text)).toContain('create nil');
    expect(told).toEqual([]);
  });
});
