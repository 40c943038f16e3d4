/** Calls from the host into project code: resolution, package.loaded, errors, held functions; and the later generation's accessors. */
import { afterEach, describe, expect, it } from 'vitest';
import { runAsync } from '../../src/domain/op.js';
import { engines } from '../support/engines.js';
import { type Bench, Benches } from './support.js';

const FILES = {
  'hooks/many.lua':
    'loads = (loads or 0) + 1 local M = {} function M.add(a, b) return a + b end function M.tbl() return { 1, f = print } end function M.fails() error("boom") end return M',
  'hooks/single.lua': 'return function(x) return "single " .. x end',
  'hooks/broken.lua': 'return {',
};

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());
  const call = (bench: Bench, ref: string, ...args: (number | string)[]) => runAsync(bench.session.lua.callRef(ref, args));

  it('calls a function in a module, or a module that is one, loading each once', async () => {
    const bench = await benches.open(engine, { files: FILES });
    expect(await call(bench, 'hooks.many.add', 1, 2)).toBe(3);
    expect(await call(bench, 'hooks.many.add', 3, 4)).toBe(7);
    expect(await call(bench, 'hooks.single', 'x')).toBe('single x');
    expect(await call(bench, 'hooks.single', 'y')).toBe('single y');
    expect(await bench.value('return loads')).toBe(1);
  });

  it('follows what a script does to package.loaded', async () => {
    const bench = await benches.open(engine, { files: FILES });
    await call(bench, 'hooks.many.add', 1, 2);
    await bench.run('package.loaded["hooks.many"].add = function(a, b) return a * b end');
    expect(await call(bench, 'hooks.many.add', 3, 4)).toBe(12);
    await bench.run('package.loaded["hooks.many"] = nil');
    expect(await call(bench, 'hooks.many.add', 3, 4)).toBe(7);
    expect(await bench.value('return loads')).toBe(2);
    await bench.run('package.loaded["hooks.many"].add = nil');
    await expect(call(bench, 'hooks.many.add')).rejects.toThrow("Function 'add' not found in module 'hooks.many'");
  });

  it('raises the texts of resolution', async () => {
    const bench = await benches.open(engine, { files: FILES });
    await expect(call(bench, 'nodots')).rejects.toThrow("Hook ref 'nodots' must be module.function format");
    await expect(call(bench, 'hooks.nowhere.f')).rejects.toThrow("Failed to require module 'hooks.nowhere'");
    await expect(call(bench, 'hooks.broken.f')).rejects.toThrow("Failed to require module 'hooks.broken'");
    await expect(call(bench, 'hooks.many.nope')).rejects.toThrow("Function 'nope' not found in module 'hooks.many'");
    await expect(call(bench, 'hooks.many.fails')).rejects.toThrow(/hooks\/many\.lua:1: boom/);
    await expect(call(bench, 'hooks.many.fails')).rejects.toThrow(/hooks\/many\.lua:1: boom/);
  });

  it('gives results with functions in them, without keeping those', async () => {
    const bench = await benches.open(engine, { files: FILES });
    for (let i = 0; i < 50; i++) await call(bench, 'hooks.many.tbl');
    const before = await bench.value('collectgarbage() return collectgarbage("count")');
    for (let i = 0; i < 5000; i++) await call(bench, 'hooks.many.tbl');
    const after = await bench.value('collectgarbage() return collectgarbage("count")');
    expect(Number(after) - Number(before)).toBeLessThan(20);
  });

  it('names files from the project folder on, without a traceback, under generation 10', async () => {
    const files = {
      'hooks/posts.lua':
        'local M = {}\nfunction M.change(ctx) if ctx.data.title == "nested" then error({ 1 }) end error("boom") end\nreturn M',
    };
    const define =
      'crap.collections.define("posts", { fields = { { name = "title", type = "text" } }, hooks = { before_change = { "hooks.posts.change" } } })';
    const chunk = 'local _, e = pcall(crap.collections.create, "posts", {}) return tostring(e), e.message';
    const bench = await benches.open(engine, { generation: 10, files });
    await bench.run(define);
    await bench.enter();
    expect(await bench.run(chunk)).toEqual([
      'runtime error: create error: runtime error: hooks/posts.lua:2: boom',
      'create error: runtime error: hooks/posts.lua:2: boom',
    ]);
    expect(await bench.run('return tostring(select(2, pcall(crap.json.decode, "{")))')).toEqual([expect.not.stringContaining('traceback')]);
    const earlier = await benches.open(engine, { files });
    await earlier.run(define);
    await earlier.enter();
    const [text] = await earlier.run(chunk);
    expect(text).toContain(`${earlier.dir}/hooks/posts.lua:2: boom\nstack traceback:`);
  });

  it('hands typing helpers back what they get, in both generations', async () => {
    for (const generation of [8, 10] as const) {
      const bench = await benches.open(engine, { generation });
      const chunk = `local f, out = function() end, {}
        for name, helper in pairs(crap.any) do if helper(f) == f and helper(5) == 5 then out[#out + 1] = name end end
        table.sort(out) return table.concat(out, " ")`;
      expect(await bench.value(chunk)).toBe(
        'access auth_strategy collection_hook display_condition field_hook job_handler route_handler row_label',
      );
    }
  });

  it.each([8, 10] as const)('has accessors for slugs, also where scripts of the later generation run under %i', async (generation) => {
    const define =
      'crap.collections.define("posts", { fields = { { name = "title", type = "text" } } }) crap.globals.define("settings", { fields = { { name = "theme", type = "text" } } })';
    const bench = await benches.open(engine, { generation });
    await bench.run(define);
    expect(
      await bench.run(
        'return type(crap.collections.posts), type(crap.collections.nope), type(crap.globals.settings), crap.collections.posts == crap.collections.posts',
      ),
    ).toEqual(['table', 'nil', 'table', true]);
    for (const name of ['hook', 'field_hook', 'read_hook', 'condition', 'access', 'auth_strategy', 'row_label']) {
      expect(
        await bench.value(
          `local f = function() end return crap.collections.posts.${name}(f) == f and crap.globals.settings.${name}(f) == f`,
        ),
      ).toBe(true);
    }
    await bench.enter();
    expect(
      await bench.run(
        'local id = crap.collections.posts.create({ title = "a" }).id return crap.collections.posts.find_by_id(id).title, crap.collections.posts.count(), crap.globals.settings.update({ theme = "dark" }).theme, crap.globals.settings.get().theme',
      ),
    ).toEqual(['a', 1, 'dark', 'dark']);
  });
});
