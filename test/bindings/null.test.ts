/** crap.null: a value of its own that clears fields and stands for null in JSON, in both generations. */
import { afterEach, describe, expect, it } from 'vitest';
import { NULL } from '../../src/lua/value.js';
import { engines } from '../support/engines.js';
import { type Bench, Benches } from './support.js';

const FILES = {
  'hooks/notes.lua': `local M = {}
    function M.keep(ctx) ctx.data.seen = tostring(ctx.data.lead) return ctx end
    function M.clear() return crap.null end
    return M`,
};

const DEFINE = `
  crap.collections.define("notes", { fields = {
    { name = "title", type = "text", required = true },
    { name = "lead", type = "text" },
    { name = "seen", type = "text" },
    { name = "amount", type = "number" },
    { name = "due", type = "date" },
    { name = "done", type = "checkbox" },
    { name = "raw", type = "json" },
    { name = "tags", type = "text", has_many = true },
    { name = "box", type = "group", fields = { { name = "a", type = "text" }, { name = "b", type = "text" } } },
    { name = "items", type = "array", fields = { { name = "label", type = "text" } } },
    { name = "parts", type = "blocks", blocks = { { type = "quote", fields = { { name = "text", type = "text" } } } } },
    { name = "other", type = "relationship", relationship = { collection = "notes" } },
    { name = "others", type = "relationship", relationship = { collection = "notes", has_many = true } },
  }, hooks = { before_change = { "hooks.notes.keep" } } })
  crap.globals.define("site", { fields = { { name = "name", type = "text" } } })
  crap.jobs.define("j", { handler = "j.run" })`;

const NAMES = ['lead', 'amount', 'due', 'raw', 'tags', 'box', 'items', 'parts', 'other', 'others'];

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  async function open(generation: 8 | 10): Promise<Bench> {
    const bench = await benches.open(engine, { generation, files: FILES, config: { access: { default_deny: false } } });
    await bench.run(DEFINE);
    await bench.enter();
    return bench;
  }

  describe.each([8, 10] as const)('generation %i', (generation) => {
    it('is one value: true, equal to itself only, "null" as text, and cannot be changed', async () => {
      const bench = await open(generation);
      expect(await bench.value('return type(crap.null)')).toBe('userdata');
      expect(await bench.value('return crap.null')).toBe(NULL);
      expect(await bench.value('return (crap.null and "yes" or "no") .. tostring(crap.null)')).toBe('yesnull');
      expect(await bench.value('return crap.null == crap.null and rawequal(crap.null, crap.null)')).toBe(true);
      expect(await bench.value('return crap.null == nil or crap.null == false or crap.null == "null"')).toBe(false);
      expect(await bench.value('local t = { [crap.null] = 1 } return t[crap.null]')).toBe(1);
      expect(await bench.value('return getmetatable(crap.null)')).toBe(false);
      expect(await bench.failure('crap.null.x = 1')).toContain('attempt to index a userdata value');
      expect(await bench.failure('return "a" .. crap.null')).toContain('attempt to concatenate a userdata value');
    });

    it('is null in JSON texts', async () => {
      const bench = await open(generation);
      expect(await bench.value('return crap.json.encode(crap.null)')).toBe('null');
      expect(await bench.value('return crap.json.encode({ a = crap.null })')).toBe('{"a":null}');
      expect(await bench.value('return crap.util.json_encode({ 1, crap.null, 3, crap.null })')).toBe('[1,null,3,null]');
    });

    it('clears every kind of field that it is given for', async () => {
      const bench = await open(generation);
      const all = `{ title = "t", lead = "l", amount = 5, due = "2026-01-01", raw = { a = 1 }, tags = { "x" }, box = { a = "a", b = "b" },
        items = { { label = "i" } }, parts = { { _block_type = "quote", text = "q" } }, other = other.id, others = { other.id } }`;
      const clears = NAMES.map((name) => `${name} = crap.null`).join(', ');
      const chunk = `
        local other = crap.collections.create("notes", { title = "other" })
        local d = crap.collections.create("notes", ${all})
        local function shown()
          local doc, out = crap.collections.find_by_id("notes", d.id, { depth = 0 }), {}
          for _, name in ipairs({ ${NAMES.map((name) => `"${name}"`).join(', ')} }) do
            local v = doc[name]
            if v ~= nil and not (type(v) == "table" and next(v) == nil) then out[#out + 1] = name end
          end
          return table.concat(out, " ")
        end
        local before = shown()
        crap.collections.update("notes", d.id, { ${clears} })
        return before, shown()`;
      expect(await bench.run(chunk)).toEqual([NAMES.join(' '), '']);
      expect(await bench.value(`return crap.collections.create("notes", { title = "c", ${clears}, done = crap.null }).title`)).toBe('c');
    });

    it('clears one leaf of a group, one of a row, and a field of a global', async () => {
      const bench = await open(generation);
      const chunk = `
        local d = crap.collections.create("notes", { title = "t", box = { a = "a", b = "b" }, items = { { label = "i" } } })
        local u = crap.collections.update("notes", d.id, { box = { a = crap.null, b = "b" }, items = { { label = crap.null } } })
        crap.globals.update("site", { name = "n" })
        local g = crap.globals.update("site", { name = crap.null })
        return tostring(u.box.a), u.box.b, #u.items, tostring(u.items[1].label), tostring(g.name)`;
      expect(await bench.run(chunk)).toEqual(['nil', 'b', 1, 'nil', 'nil']);
    });

    it('is no value for a required field', async () => {
      const bench = await open(generation);
      const text = await bench.failure('crap.collections.create("notes", { title = crap.null })');
      expect(text).toContain('title is required');
    });

    it('is nil to hooks, which cannot take the clearing back by not seeing it', async () => {
      const bench = await open(generation);
      const chunk = `
        local d = crap.collections.create("notes", { title = "t", lead = "l" })
        local u = crap.collections.update("notes", d.id, { lead = crap.null })
        return d.seen, u.seen, tostring(u.lead)`;
      expect(await bench.run(chunk)).toEqual(['l', 'nil', 'nil']);
    });

    it('is no filter: a condition that compares with nothing would mean every document', async () => {
      const bench = await open(generation);
      const wheres = ['lead = crap.null', 'lead = { equals = crap.null }', 'lead = { ["in"] = { "a", crap.null } }'];
      for (const where of wheres) {
        expect(await bench.failure(`crap.collections.find("notes", { where = { ${where} } })`)).toContain(
          'filter value must be string, number, or boolean',
        );
      }
      expect(
        await bench.value('local _, e = pcall(crap.collections.count, "notes", { where = { lead = crap.null } }) return e.remedy'),
      ).toContain('not_exists');
    });

    it('goes into the data of a run as null', async () => {
      const bench = await open(generation);
      await bench.run('crap.jobs.queue("j", { a = crap.null, list = { 1, crap.null } })');
      bench.commit();
      expect(JSON.parse(bench.runs()[0]?.data ?? '')).toEqual({ a: null, list: [1, null] });
    });

    it('is refused where an argument has another type', async () => {
      const bench = await open(generation);
      expect(await bench.failure('crap.collections.create("notes", crap.null)')).toBe(
        'bad argument #2: error converting Lua userdata to table',
      );
    });
  });

  it('stands for null in decoded lists under generation 10, where generation 8 has a hole', async () => {
    const chunk = `local t = crap.json.decode('{"a":null,"list":[1,null,[null]]}')
      return t.a == nil, #t.list, tostring(t.list[2]), tostring(t.list[3][1])`;
    expect(await (await open(10)).run(chunk)).toEqual([true, 3, 'null', 'null']);
    expect(await (await open(8)).run(chunk)).toEqual([true, 3, 'nil', 'nil']);
  });

  it('reads back from json fields and survives the way through hooks under generation 10', async () => {
    const bench = await open(10);
    const chunk = `
      local d = crap.collections.create("notes", { title = "t", raw = { 1, crap.null, 3, deep = nil } })
      local r = crap.collections.find_by_id("notes", d.id).raw
      return #r, r[2] == crap.null, crap.json.encode(r)`;
    expect(await bench.run(chunk)).toEqual([3, true, '[1,null,3]']);
  });
});
