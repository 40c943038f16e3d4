/** Field hooks on a real VM (Lua API 5.4), and what else project code inside an operation reaches (5.5, 5.6). */
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, Benches, type BenchOptions } from '../bindings/support.js';
import { engines } from '../support/engines.js';

const FIELDS = `
local M = {}
seen = {}
local function show(v) return v == nil and "nil" or tostring(v) end
function M.upper(value, ctx) return value and value:upper() end
function M.exclaim(value, ctx) return value and value .. "!" end
function M.note(value, ctx)
  seen[#seen + 1] = table.concat({ ctx.field_name, show(value), ctx.collection, ctx.operation, show(ctx.data.first), show(ctx.user and ctx.user.name), show(ctx.ui_locale) }, " ")
  ctx.data.first = "changed in place"
  return value
end
function M.makes_up() return "made up" end
function M.nothing() end
function M.mutates(value) if value then value[1] = "x" end end
function M.invalid() return 0 / 0 end
function M.gives_function() return print end
function M.fails() error("no") end
function M.in_rows(value) seen[#seen + 1] = "row" return value end
return M`;

const CODE = `
local C, M = crap.collections, {}
function M.only_admin(ctx) return ctx.user ~= nil and ctx.user.name == "admin" end
function M.write_other(ctx) C.create("guarded", { title = "nested" }) end
function M.write_over(ctx) C.create("guarded", { title = "nested" }, { overrideAccess = true }) end
function M.counts(value, ctx) total = C.count("plain") return true end
function M.again(ctx) depths = (depths or "") .. ctx.hook_depth C.update(ctx.collection, ctx.data.id, { title = ctx.data.title .. "+" }, { overrideAccess = true }) end
return M`;

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());
  const open = async (define: string, options: BenchOptions = {}, context = {}): Promise<Bench> => {
    const bench = await benches.open(engine, { files: { 'hooks/f.lua': FIELDS, 'hooks/c.lua': CODE }, ...options });
    await bench.run(define);
    await bench.enter(context);
    return bench;
  };
  const field = (name: string, hooks: string, more = '') => `{ name = "${name}", type = "text", hooks = { ${hooks} } ${more} }`;

  it('are told the key, the collection, the operation, all data as earlier fields left it, and the user; the data is theirs alone', async () => {
    const bench = await open(
      `crap.collections.define("pages", { fields = {
        ${field('first', 'before_validate = { "hooks.f.upper", "hooks.f.exclaim" }')},
        ${field('second', 'before_validate = { "hooks.f.note" }')},
        { name = "box", type = "group", fields = { ${field('leaf', 'before_change = { "hooks.f.note" }')} } },
        { name = "rows", type = "array", fields = { ${field('cell', 'before_validate = { "hooks.f.in_rows" }')} } },
      } })`,
      {},
      { user: { id: 'u', name: 'ann' }, uiLocale: 'de' },
    );
    expect(
      await bench.run(`
        local doc = crap.collections.create("pages", { first = "a", second = "b", box = { leaf = "l" }, rows = { { cell = "c" } } })
        return doc.first, table.concat(seen, "; "), doc.rows[1].cell`),
    ).toEqual(['A!', 'second b pages create A! ann de; box__leaf l pages create A! ann de', 'c']);
  });

  it('run for absent fields too, on create and update; nil leaves what is absent absent and empties what was given', async () => {
    const bench = await open(`crap.collections.define("pages", { fields = {
      ${field('noted', 'before_validate = { "hooks.f.note" }')}, ${field('made', 'before_change = { "hooks.f.makes_up" }')},
      ${field('gone', 'before_change = { "hooks.f.nothing" }')}, ${field('fn', 'before_change = { "hooks.f.gives_function" }')},
      { name = "data", type = "json", hooks = { before_change = { "hooks.f.mutates" } } },
    } })`);
    expect(
      await bench.run(`
        local C = crap.collections
        local doc = C.create("pages", { gone = "given", fn = "given", data = { "a" } })
        local made, gone, fn, data = doc.made, doc.gone, doc.fn, doc.data
        C.update("pages", doc.id, {})
        return made, gone, fn, data, table.concat(seen, "; ")`),
    ).toEqual(['made up', undefined, undefined, undefined, 'noted nil pages create nil nil nil; noted nil pages update nil nil nil']);
  });

  it('that return what has no JSON form fail the write; that raise in after_read are logged', async () => {
    const bench = await open(`crap.collections.define("pages", { fields = { ${field('bad', 'before_change = { "hooks.f.invalid" }')} } })
      crap.collections.define("read", { fields = { ${field('title', 'after_read = { "hooks.f.fails" }')} } })`);
    expect(await bench.failure('crap.collections.create("pages", {})')).toBe(
      "runtime error: create error: Field hook 'hooks.f.invalid' returned invalid value: runtime error: Invalid float value",
    );
    expect(
      await bench.run('crap.collections.create("read", { title = "t" }) return crap.collections.find("read").documents[1].title'),
    ).toEqual(['t']);
    expect(bench.lines.some(({ level, text }) => level === 'warn' && text.startsWith('after_read hook error for read: '))).toBe(true);
  });

  it('writes of hooks ask the rules again, for the same user, unless they override', async () => {
    const define = `
      crap.collections.define("guarded", { access = { create = "hooks.c.only_admin" }, fields = { { name = "title", type = "text" } } })
      crap.collections.define("outer", { hooks = { after_change = { "hooks.c.write_other" } }, fields = {} })
      crap.collections.define("over", { hooks = { after_change = { "hooks.c.write_over" } }, fields = {} })`;
    const job = await open(define);
    expect(await job.failure('crap.collections.create("outer", {})')).toBe(
      'runtime error: create error: runtime error: create error: Create access denied',
    );
    expect(
      await job.run('crap.collections.create("over", {}) return crap.collections.count("guarded"), crap.collections.count("outer")'),
    ).toEqual([1, 0]);
    const admin = await open(define, {}, { user: { id: 'a', name: 'admin' }, overrideAccessByDefault: false });
    expect(await admin.run('crap.collections.create("outer", {}) return crap.collections.count("guarded")')).toEqual([1]);
  });

  it('validators reach the database', async () => {
    const bench = await open(`crap.collections.define("plain", { fields = {} })
      crap.collections.define("checked", { fields = { { name = "title", type = "text", validate = "hooks.c.counts" } } })`);
    expect(
      await bench.run(
        'crap.collections.create("plain", {}) crap.collections.create("checked", { title = "t" }, { hooks = false }) return total',
      ),
    ).toEqual([1]);
  });

  it.each([
    [3, '123', 't+++'],
    [1, '1', 't+'],
    [0, undefined, 't'],
  ])('hooks.max_depth = %i ends nested writes with a warning; the last write still happens', async (max_depth, depths, title) => {
    const bench = await open(
      'crap.collections.define("pages", { hooks = { after_change = { "hooks.c.again" } }, fields = { { name = "title", type = "text" } } })',
      { config: { hooks: { max_depth } } },
    );
    expect(
      await bench.run(
        'local id = crap.collections.create("pages", { title = "t" }).id return depths, crap.collections.find_by_id("pages", id).title',
      ),
    ).toEqual([depths, title]);
    const warned = bench.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
    expect(warned).toEqual([
      `Hook depth ${max_depth} reached max ${max_depth}, skipping hooks for ${max_depth ? 'update' : 'create'} on pages`,
    ]);
  });
});
