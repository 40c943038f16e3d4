/** What every content operation has in common, as Lua sees it: options, prefixes, values that have no JSON form, what a caught error leaves. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, Benches, type BenchOptions } from '../bindings/support.js';
import { engines } from '../support/engines.js';

const DEFINE = `
  local C = crap.collections
  local fields = {
    { name = "title", type = "text", required = true }, { name = "n", type = "number" }, { name = "on", type = "checkbox" },
    { name = "box", type = "group", fields = { { name = "leaf", type = "text" } } },
    { name = "many", type = "relationship", relationship = { collection = "notes", has_many = true } },
    { name = "lines", type = "array", fields = { { name = "label", type = "text" } } },
  }
  C.define("notes", { fields = fields })
  C.define("bin", { soft_delete = true, versions = { drafts = true }, fields = fields })
  crap.globals.define("site", { fields = { { name = "title", type = "text" }, { name = "on", type = "checkbox" } } })`;

/** How each is called with a slug, data and options. */
const CALLS: Record<string, string> = {
  find: 'C.find(slug, query)',
  find_by_id: 'C.find_by_id(slug, "x", query)',
  count: 'C.count(slug, query)',
  create: 'C.create(slug, data, query)',
  update: 'C.update(slug, "x", data, query)',
  delete: 'C.delete(slug, "x", query)',
  undelete: 'C.undelete(slug, "x", query)',
  unpublish: 'C.unpublish(slug, "x", query)',
  validate: 'C.validate(slug, data, query)',
  create_many: 'C.create_many(slug, { data }, query)',
  update_many: 'C.update_many(slug, {}, data, query)',
  delete_many: 'C.delete_many(slug, query)',
  list_versions: 'C.list_versions(slug, "x", query)',
  restore_version: 'C.restore_version(slug, "x", "v", query)',
  ref_count: 'C.ref_count(slug, "x", query)',
};
const WITH_DATA = ['create', 'update', 'validate', 'create_many', 'update_many'];
const WITH_LOCALE = ['find', 'find_by_id', 'count', 'create', 'update', 'unpublish', 'validate', 'update_many', 'delete_many'];

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());
  const open = async (options: BenchOptions = {}): Promise<Bench> => {
    const bench = await benches.open(engine, options);
    await bench.run(DEFINE);
    await bench.enter();
    return bench;
  };
  const call = (name: string, given: { slug?: string; data?: string; query?: string }) =>
    `local C = crap.collections local slug, data, query = "${given.slug ?? 'bin'}", ${given.data ?? '{ title = "t" }'}, ${given.query ?? '{}'} return ${CALLS[name]}`;

  it('every call names an unknown collection, an unknown locale and data without a JSON form, without its prefix', async () => {
    const bench = await open({ config: { locale: { default_locale: 'en', locales: ['en', 'de'], fallback: true } } });
    for (const name of Object.keys(CALLS)) {
      expect(await bench.failure(call(name, { slug: 'nope' })), name).toBe("runtime error: Collection 'nope' not found");
    }
    for (const name of WITH_LOCALE) {
      expect(await bench.failure(call(name, { query: '{ locale = "xx" }' })), name).toBe(
        "runtime error: Invalid locale 'xx'. Available locales: en, de",
      );
    }
    for (const name of WITH_DATA) {
      expect(await bench.failure(call(name, { data: '{ n = 0 / 0 }' })), name).toBe('runtime error: Invalid float value');
      expect(await bench.failure(call(name, { data: '{ title = "\\xff" }' })), name).toMatch(/^error converting Lua string to &str \(/);
    }
    for (const [text, chunk] of [
      ["runtime error: Global 'nope' not found", 'crap.globals.get("nope")'],
      ["runtime error: Global 'nope' not found", 'crap.globals.update("nope", {})'],
      ["runtime error: Invalid locale 'xx'. Available locales: en, de", 'crap.globals.get("site", { locale = "xx" })'],
      ["runtime error: Invalid locale 'xx'. Available locales: en, de", 'crap.globals.update("site", {}, { locale = "xx" })'],
    ] as const) {
      expect(await bench.failure(chunk)).toBe(text);
    }
  });

  it('failures of a call carry its prefix where the reference has one', async () => {
    const bench = await open();
    for (const [chunk, text] of [
      ['C.create("notes", {})', 'create error: Validation failed: title: title is required'],
      ['C.update("notes", "x", { title = "t" })', 'update error: Document not found after update'],
      ['C.update("bin", "x", { title = "t" }, { draft = true })', 'update error: Document x not found in bin'],
      ['C.update("bin", "x", {}, { unpublish = true })', 'Document x not found in bin'],
      ['C.delete("notes", "x")', "delete error: Document 'x' not found in 'notes'"],
      ['C.delete("bin", "x")', "delete error: Document 'x' not found in 'bin' (or already deleted)"],
      ['C.undelete("bin", "x")', 'Document not found or not deleted'],
      ['C.undelete("notes", "x")', "Collection 'notes' does not have soft_delete enabled"],
      ['C.unpublish("bin", "x")', "unpublish error: Document 'x' not found in 'bin'"],
      ['C.unpublish("notes", "x")', "Collection 'notes' does not have versioning enabled"],
      ['C.create_many("notes", { {} })', 'Validation failed: title: title is required'],
      ['C.restore_version("bin", "x", "v")', "Version 'v' not found"],
      ['C.find("notes", { order_by = "nope" })', "Invalid field 'nope'. Valid fields: box__leaf, created_at, id, n, on, title, updated_at"],
    ] as const) {
      expect(await bench.failure(`local C = crap.collections ${chunk}`), chunk).toBe(`runtime error: ${text}`);
    }
    expect(await bench.failure('crap.globals.update("site", { title = 0 / 0 })')).toBe('runtime error: Invalid float value');
  });

  it('wrong types of arguments are conversion errors without a prefix', async () => {
    const bench = await open();
    for (const [chunk, text] of [
      ['C.find({})', 'bad argument #1: error converting Lua table to String (expected string or number)'],
      ['C.find("notes", "x")', 'bad argument #2: error converting Lua string to table'],
      ['C.find_by_id("notes")', 'bad argument #2: error converting Lua nil to String (expected string or number)'],
      ['C.create("notes")', 'bad argument #2: error converting Lua nil to table'],
      ['C.update_many("notes", {})', 'bad argument #3: error converting Lua nil to table'],
      [
        'C.find_by_id("notes", "\\xff")',
        'bad argument #2: error converting Lua string to String (invalid utf-8 sequence of 1 bytes from index 0)',
      ],
    ] as const) {
      expect(await bench.failure(`local C = crap.collections ${chunk}`), chunk).toBe(text);
    }
    expect(await bench.run('return crap.collections.find_by_id("notes", 5)')).toEqual([undefined]);
  });

  it('data and options are read raw: metatables play no part', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local base = { title = "from __index", n = 5 }
        local data = setmetatable({ title = "own" }, { __index = base, __len = function() return 9 end, __pairs = function() return next, base end })
        local doc = crap.collections.create("notes", data, setmetatable({}, { __index = { hooks = false, locale = "xx" } }))
        local query = setmetatable({}, { __index = { limit = 1, where = { title = "nobody" } } })
        return doc.title, doc.n, #crap.collections.find("notes", query).documents`),
    ).toEqual(['own', undefined, 1]);
  });

  it('booleans are read by truthiness, integers from text and fractions; what is no integer counts as absent', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local C = crap.collections
        C.create_many("notes", { { title = "a", n = 1 }, { title = "b", n = 2 }, { title = "c", n = 3 } })
        local function found(query) query.order_by = "n" local out = {} for _, d in ipairs(C.find("notes", query).documents) do out[#out + 1] = d.title end return table.concat(out) end
        local kept = C.create("bin", { title = "d" }, { draft = 0 })
        return found({ limit = 2.7 }), found({ limit = "2" }), found({ limit = 0 }), found({ limit = -5 }), found({ limit = {} }), found({ limit = 0 / 0 }),
          found({ limit = 1, page = "3" }), found({ limit = 1, offset = 1.9 }), found({ where = "x", search = {}, select = "title" }), C.count("bin"), kept._status`),
    ).toEqual(['ab', 'ab', 'a', 'a', 'abc', 'abc', 'c', 'b', 'abc', 0, 'draft']);
    expect(await bench.failure('crap.collections.count("notes", { overrideAccess = "false" })')).toBe(
      'runtime error: overrideAccess must be true or false, got string',
    );
  });

  it('a call that fails inside pcall leaves nothing: neither its row nor rows, versions, counts, runs or search entries', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local C = crap.collections
        local target = C.create("notes", { title = "target" })
        crap.hooks.register("after_change", function(ctx) if ctx.data.title:find("^bad") then error("refused") end end)
        crap.hooks.register("after_delete", function(ctx) if stop_delete then error("refused") end end)
        local ok = {}
        ok[1] = pcall(C.create, "notes", { title = "bad", many = { target.id }, lines = { { label = "x" } } })
        ok[2] = pcall(C.update, "notes", target.id, { title = "bad too", lines = { { label = "y" } } })
        ok[3] = pcall(C.create_many, "bin", { { title = "fine" }, { title = "bad" } })
        ok[4] = pcall(C.update_many, "notes", {}, { title = "bad three" })
        stop_delete = true
        ok[5] = pcall(C.delete, "notes", target.id)
        ok[6] = pcall(C.delete_many, "notes", {})
        ok[7] = pcall(C.create, "notes", { title = "points nowhere", many = { "nobody" } })
        local now = C.find_by_id("notes", target.id)
        return #ok, ok[1] or ok[2] or ok[3] or ok[4] or ok[5] or ok[6] or ok[7], now.title, #now.lines, C.count("notes"), C.count("bin", { draft = true }),
          C.ref_count("notes", target.id), C.count("notes", { search = "bad" }), C.count("notes", { search = "nowhere" })`),
    ).toEqual([7, false, 'target', 0, 1, 0, 0, 0, 0]);
    bench.commit();
  });

  it('an error that is raised again is the same value, and its text can be searched', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local ok, err = pcall(crap.collections.create, "notes", {})
        local again, same = pcall(error, err)
        return type(err), rawequal(err, same), err.code, getmetatable(err), tostring(err):find("title is required", 1, true) ~= nil, ("x" .. err):sub(1, 15)`),
    ).toEqual([expect.any(String), true, 'VALIDATION_FAILED', false, true, 'xruntime error:']);
  });

  it('globals ignore depth, select and an id in the data, and reset absent checkboxes', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local G = crap.globals
        G.update("site", { title = "t", on = true, id = "other" })
        local shown = G.get("site", { depth = 5, select = { "on" } })
        G.update("site", { title = "u" })
        return shown.id, shown.title, shown.on, G.get("site").on`),
    ).toEqual(['default', 't', 1, 0]);
  });
});
