/** What results and errors show at a second look: pagination in both spellings, and where in the data a value without a JSON form stands. */
import { afterEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { type Bench, Benches } from './support.js';

const DEFINE = `
  crap.collections.define("notes", { versions = true, fields = { { name = "title", type = "text" }, { name = "raw", type = "json" } } })
  crap.globals.define("site", { versions = true, fields = { { name = "title", type = "text" } } })
  crap.jobs.define("j", { handler = "j.run" })`;
const KEYS = 'local names = {} for k in pairs(p) do names[#names + 1] = k end table.sort(names) return table.concat(names, " ")';

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  async function open(generation: 8 | 10, mode = 'page'): Promise<Bench> {
    const bench = await benches.open(engine, {
      generation,
      config: { access: { default_deny: false }, pagination: { default_limit: 2, max_limit: 10, mode } },
    });
    await bench.run(DEFINE);
    await bench.enter();
    await bench.run('for i = 1, 5 do crap.collections.create("notes", { title = "n" .. i }) end');
    return bench;
  }

  it.each([8, 10] as const)('pagination answers to both spellings and lists those of its generation (%i)', async (generation) => {
    const bench = await open(generation);
    const page = 'local p = crap.collections.find("notes", { page = 2 }).pagination ';
    const values = ['totalDocs', 'totalPages', 'hasNextPage', 'hasPrevPage', 'pageStart', 'prevPage', 'nextPage'];
    const snake = values.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    for (const names of [values, snake]) {
      expect(await bench.run(`${page} return ${names.map((name) => `p.${name}`).join(', ')}`)).toEqual([5, 3, true, true, 3, 1, 3]);
    }
    expect(await bench.value(page + KEYS)).toBe([...(generation === 8 ? values : snake), 'limit', 'page'].sort().join(' '));
    expect(await bench.run(`${page} return p.limit, p.page, p.nothing`)).toEqual([2, 2, undefined]);
    // A second name that is written stays one; a new key is an own one.
    const other = generation === 8 ? 'total_docs' : 'totalDocs';
    expect(await bench.run(`${page} p.${other} = 9 p.extra = 1 return p.${other}, rawget(p, "${other}"), rawget(p, "extra")`)).toEqual([
      9,
      undefined,
      1,
    ]);
    const json = JSON.parse(String(await bench.value(`${page} return crap.json.encode(p)`))) as object;
    expect(Object.keys(json).sort()).toEqual([...(generation === 8 ? values : snake), 'limit', 'page'].sort());
  });

  it.each([8, 10] as const)('so do cursors and versions (%i)', async (generation) => {
    const bench = await open(generation, 'cursor');
    expect(
      await bench.run(`local p = crap.collections.find("notes", { order_by = "title" }).pagination
        return p.endCursor == p.end_cursor and #p.end_cursor > 0, p.startCursor == p.start_cursor, p.hasNextPage and p.has_next_page`),
    ).toEqual([true, true, true]);
    expect(
      await bench.run(`local id = crap.collections.find("notes").documents[1].id
        local p = crap.collections.list_versions("notes", id).pagination return p.totalDocs, p.total_docs`),
    ).toEqual([1, 1]);
  });

  it.each([
    [
      'crap.collections.create("notes", { raw = { list = { 1, 0 / 0 } } })',
      'runtime error: create error: Invalid float value',
      'raw.list[2]',
    ],
    ['crap.collections.create("notes", { title = 1 / 0 })', 'runtime error: create error: Invalid float value', 'title'],
    ['crap.jobs.queue("j", { a = { b = 0 / 0 } })', 'runtime error: Invalid float value', 'a.b'],
    [
      'crap.json.encode({ { s = "\\xff" } })',
      'error converting Lua string to &str (invalid utf-8 sequence of 1 bytes from index 0)',
      '[1].s',
    ],
    ['crap.json.encode({ x = { [{}] = 1 } })', 'error converting Lua table to String (expected string or number)', 'x'],
  ])("the text is the reference's, the place is in the details: %s", async (call, text, at) => {
    const bench = await open(8);
    expect((await bench.failure(call)).replace('create error: ', '')).toBe(text.replace('create error: ', ''));
    expect(await bench.value(`local _, e = pcall(function() ${call} end) return e.details.at`)).toBe(at);
  });

  it('the outermost value has no place', async () => {
    const bench = await open(8);
    expect(await bench.value('local _, e = pcall(crap.json.encode, 0 / 0) return e.details.at')).toBeUndefined();
    const deep = 'local t = {} for _ = 1, 70 do t = { d = t } end local _, e = pcall(crap.json.encode, t) return';
    expect(await bench.value(`${deep} e.message`)).toBe('Table nesting exceeds maximum depth of 64');
    expect(String(await bench.value(`${deep} e.details.at`))).toMatch(/^d\.d\.d.*…$/);
  });
});
