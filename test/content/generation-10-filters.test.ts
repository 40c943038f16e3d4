/** Filters, order and select where the generations oppose each other (Lua API 10.4, 10.5): each point under 10, and what 8 does instead. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';

const DEFINE = `
  local F, C = crap.fields, crap.collections
  C.define("notes", { fields = {
    F.text({ name = "title" }), F.textarea({ name = "body" }), F.number({ name = "num" }), F.checkbox({ name = "on" }), F.date({ name = "day" }),
    F.email({ name = "mail" }), F.text({ name = "words", has_many = true }), F.number({ name = "nums", has_many = true }),
    F.text({ name = "secret", hidden = true }), F.group({ name = "box", fields = { F.text({ name = "leaf" }) } }),
    F.array({ name = "rows", fields = { F.date({ name = "due" }), F.number({ name = "size" }), F.text({ name = "tags", has_many = true }) } }),
  } })
  C.define("guarded", { access = { read = "access.rules.some" }, fields = { F.text({ name = "title" }) } })
  C.define("empty", { access = { read = "access.rules.empty" }, fields = { F.text({ name = "title" }) } })`;
const RULES = {
  'access/rules.lua': `return { empty = function() return {} end,
    some = function() return { ["or"] = { { title = "a" }, { title = { ["in"] = { "b" } } } } } end }`,
};
const PRELUDE = `local C = crap.collections
  local function titles(query, slug)
    local ok, found = pcall(C.find, slug or "notes", query)
    if not ok then return "err: " .. found.message end
    local out = {}
    for i, doc in ipairs(found.documents) do out[i] = tostring(doc.title) end
    return table.concat(out, " ")
  end
  local function where(conditions) return titles({ where = conditions, order_by = "title" }) end `;

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  async function open(generation: 8 | 10, context = {}): Promise<Bench> {
    const bench = await benches.open(engine, { generation, files: RULES });
    await bench.run(DEFINE);
    await bench.enter(context);
    return bench;
  }
  /** The chunk's results under both generations. */
  async function both(setUp: string, chunk: string): Promise<{ eight: unknown[]; ten: unknown[] }> {
    const results: Partial<Record<8 | 10, unknown[]>> = {};
    for (const generation of [8, 10] as const) {
      const bench = await open(generation);
      await bench.run(`local C = crap.collections ${setUp}`);
      results[generation] = await bench.run(PRELUDE + chunk);
    }
    return { eight: results[8]!, ten: results[10]! };
  }

  it('a bare date covers its whole day, with every comparison, in rows too', async () => {
    const { eight, ten } = await both(
      `C.create("notes", { title = "before", day = "2024-05-05T23:59:59Z" })
       C.create("notes", { title = "early", day = "2024-05-06T00:00:00Z", rows = { { due = "2024-05-06T00:00:00Z" } } })
       C.create("notes", { title = "late", day = "2024-05-06T23:59:59Z" })
       C.create("notes", { title = "next", day = "2024-05-07T00:00:00Z" })
       C.create("notes", { title = "none" })`,
      `local D = "2024-05-06"
       return where({ day = D }), where({ day = { not_equals = D } }), where({ day = { greater_than = D } }), where({ day = { less_than = D } }),
         where({ day = { greater_than_or_equal = D } }), where({ day = { less_than_or_equal = D } }), where({ day = { ["in"] = { D, "2024-05-07T00:00:00Z" } } }),
         where({ day = { not_in = { D } } }), where({ ["rows.due"] = D }), where({ day = "2024-05-06T00:00:00Z" })`,
    );
    expect(ten).toEqual([
      'early late',
      'before next',
      'next',
      'before',
      'early late next',
      'before early late',
      'early late next',
      'before next',
      'early',
      'early',
    ]);
    // There it means noon.
    expect(eight.slice(0, 4)).toEqual(['', 'before early late next', 'late next', 'before early']);
  });

  it('created_at takes a day too', async () => {
    const { ten } = await both(
      'C.create("notes", { title = "a" })',
      'return where({ created_at = "2026-01-02" }), where({ created_at = { less_than = "2026-01-02" } }), where({ updated_at = "nonsense" })',
    );
    expect(ten).toEqual(['a', '', "err: Invalid value 'nonsense' for field 'updated_at': expected a date"]);
  });

  it.each([
    ['num', '"abc"', 'a number'],
    ['num', '{ greater_than = "abc" }', 'a number'],
    ['num', '{ ["in"] = { 1, "abc" } }', 'a number'],
    ['day', '"abc"', 'a date'],
    ['day', '"2024-13-01"', 'a date'],
    ['on', '"abc"', 'true or false'],
    ['nums', '"abc"', 'a number'],
    ['["rows.size"]', '"abc"', 'a number'],
  ])('a value that %s = %s cannot hold is an error, not a filter that finds nothing', async (name, value, wanted) => {
    const { eight, ten } = await both('C.create("notes", { title = "a", num = 1 })', `return where({ ${name} = ${value} })`);
    expect(ten[0]).toMatch(
      new RegExp(`^err: Invalid value '(abc|2024-13-01)' for field '${name.replace(/[["\]]/g, '')}': expected ${wanted}$`),
    );
    expect(eight[0]).not.toMatch(/^err/);
  });

  it('what a field can hold in any spelling is none', async () => {
    const { eight, ten } = await both(
      'C.create("notes", { title = "a", num = 1.5, on = true })',
      'return where({ num = "1.5" }), where({ num = 1.5 }), where({ on = "yes" }), where({ on = true }), where({ on = 1 }), where({ on = false })',
    );
    expect(ten).toEqual(['a', 'a', 'a', 'a', 'a', '']);
    expect(eight).toEqual(ten);
  });

  it('a backslash escapes in like', async () => {
    const { eight, ten } = await both(
      'C.create("notes", { title = "50%" }) C.create("notes", { title = "50a" }) C.create("notes", { title = "x\\\\y" })',
      'return where({ title = { like = "50\\\\%" } }), where({ title = { like = "50_" } }), where({ title = { like = "x\\\\\\\\y" } }), where({ title = { like = "x\\\\" } })',
    );
    expect(ten).toEqual(['50%', '50% 50a', 'x\\y', '']);
    expect(eight.slice(0, 3)).toEqual(['', '50% 50a', '']);
  });

  it('lists are compared element by element', async () => {
    const { eight, ten } = await both(
      `C.create("notes", { title = "ab", words = { "apple", "berry" }, nums = { 1, 20 }, rows = { { tags = { "x", "y" } } } })
       C.create("notes", { title = "c", words = { "cherry" }, nums = { 5 } })
       C.create("notes", { title = "none" })`,
      `return where({ words = "berry" }), where({ words = { not_equals = "berry" } }), where({ words = { ["in"] = { "apple", "cherry" } } }),
         where({ words = { not_in = { "apple" } } }), where({ words = { like = "ch%" } }), where({ words = { contains = "rr" } }),
         where({ nums = 20 }), where({ nums = { greater_than = 10 } }), where({ nums = { less_than = 3 } }),
         where({ words = { exists = true } }), where({ words = { not_exists = true } })`,
    );
    expect(ten).toEqual(['ab', 'c', 'ab c', 'c', 'c', 'ab c', 'ab', 'ab', 'ab', 'ab c', 'none']);
    expect(eight[0]).toBe('');
  });

  it('texts are compared in the form in which they are kept', async () => {
    const { ten } = await both(
      'C.create("notes", { title = "caf\\u{e9}", mail = "Ann@Example.COM" })',
      'return where({ title = "cafe\\u{301}" }), where({ mail = "ANN@example.com " }), where({ mail = { ["in"] = { "Ann@example.com" } } })',
    );
    expect(ten).toEqual(Array(3).fill('café'));
  });

  it('exists and not_exists accept only true', async () => {
    const { eight, ten } = await both(
      'C.create("notes", { title = "a", num = 1 }) C.create("notes", { title = "b" })',
      'return where({ num = { exists = true } }), where({ num = { exists = false } }), where({ num = { not_exists = true } }), where({ num = { not_exists = 1 } })',
    );
    expect(ten).toEqual([
      'a',
      "err: 'exists' accepts only true (field 'num'); write the other operator for the opposite",
      'b',
      "err: 'not_exists' accepts only true (field 'num'); write the other operator for the opposite",
    ]);
    expect(eight).toEqual(['a', 'b', 'b', 'b']);
  });

  it('hidden fields are neither filtered nor sorted on, by anybody', async () => {
    const { eight, ten } = await both(
      'C.create("notes", { title = "a", secret = "x" })',
      `return where({ secret = "x" }), titles({ order_by = "secret" }), (function()
         local ok, e = pcall(C.delete_many, "notes", { where = { secret = "x" } }) return ok or e.message end)(), C.count("notes")`,
    );
    const refusal = "Field 'secret' is hidden: it cannot be filtered or sorted on";
    expect(ten).toEqual([`err: ${refusal}`, `err: ${refusal}`, `Find docs for delete: ${refusal}`, 1]);
    expect(eight).toEqual(['a', 'a', true, 0]);
  });

  it('lists are not sorted on', async () => {
    const { eight, ten } = await both(
      'C.create("notes", { title = "a" })',
      'return titles({ order_by = "words" }), titles({ order_by = "-num" })',
    );
    expect(ten).toEqual(["err: Field 'words' holds lists: it cannot be sorted on", 'a']);
    expect(eight).toEqual(['a', 'a']);
  });

  it('_rank orders a search by how well documents match, in pages too', async () => {
    const { eight, ten } = await both(
      `C.create("notes", { title = "far", body = "a lighthouse among many other words that are about other things altogether and go on" })
       C.create("notes", { title = "near", body = "lighthouse lighthouse" })
       C.create("notes", { title = "other", body = "nothing" })`,
      `return titles({ search = "lighthouse", order_by = "_rank" }), titles({ search = "lighthouse", order_by = "-_rank" }),
         titles({ search = "lighthouse", order_by = "_rank", limit = 1, page = 2 }), titles({ search = "light", order_by = "_rank", where = { title = "far" } }),
         titles({ order_by = "_rank" })`,
    );
    expect(ten).toEqual([
      'near far',
      'far near',
      'far',
      'far',
      "err: order_by '_rank' needs a search in a collection that has searchable fields",
    ]);
    expect(eight[0]).toMatch(/^err: Invalid field '_rank'/);
  });

  it('_rank goes through pages with cursors', async () => {
    const bench = await benches.open(engine, {
      generation: 10,
      config: { pagination: { default_limit: 1, max_limit: 5, mode: 'cursor' } },
    });
    await bench.run(
      'crap.collections.define("notes", { fields = { crap.fields.text({ name = "title" }), crap.fields.textarea({ name = "body" }) } })',
    );
    await bench.enter();
    const [seen] = await bench.run(`local C = crap.collections
      for i = 1, 4 do C.create("notes", { title = "n" .. i, body = ("lighthouse "):rep(i) .. ("word "):rep(20) }) end
      local out, cursor = {}, nil
      repeat
        local page = C.find("notes", { search = "lighthouse", order_by = "_rank", after_cursor = cursor })
        out[#out + 1] = page.documents[1].title
        cursor = page.pagination.end_cursor
      until not page.pagination.has_next_page or #out > 9
      return table.concat(out, " ")`);
    expect(seen).toBe('n4 n3 n2 n1');
  });

  it('select names fields, or is refused', async () => {
    const { eight, ten } = await both(
      'C.create("notes", { title = "a", num = 1 })',
      `local function keys(select)
         local ok, found = pcall(C.find, "notes", { select = select })
         if not ok then return found.message end
         local out = {} for k in pairs(found.documents[1]) do out[#out + 1] = k end table.sort(out) return table.concat(out, " ")
       end
       local ok, e = pcall(C.find_by_id, "notes", "x", { select = { "titel" } })
       return keys({ "title", "box", "rows" }), keys({ "titel" }), ok or e.message`,
    );
    expect(ten[0]).toBe('box id rows title');
    expect(ten[1]).toMatch(
      /^Invalid field 'titel' in select \(did you mean 'title'\?\)\. Valid fields: body, box, box__leaf, created_at, /,
    );
    expect(ten[2]).toMatch(/^Invalid field 'titel' in select/);
    expect(eight.slice(1)).toEqual(['id', true]);
  });

  it('empty or-groups are refused in both', async () => {
    const { eight, ten } = await both(
      'C.create("notes", {})',
      'return where({ ["or"] = {} }), where({ ["or"] = { { title = "a" }, {} } })',
    );
    expect(ten).toEqual(Array(2).fill("err: 'or' needs a list of groups with at least one condition in each"));
    expect(eight).toEqual(ten);
  });

  it.each([
    [10, 'a b', ''],
    [8, expect.stringMatching(/^err: /), 'a'],
  ] as const)('constraint tables take or, an empty one denies: generation %i', async (generation, some, empty) => {
    const bench = await open(generation, { overrideAccessByDefault: false });
    await bench.run(
      `local C = crap.collections
      for _, title in ipairs({ "a", "b", "c" }) do C.create("guarded", { title = title }, { overrideAccess = true }) end
      C.create("empty", { title = "a" }, { overrideAccess = true })`.replaceAll(
        'overrideAccess',
        generation === 10 ? 'override_access' : 'overrideAccess',
      ),
    );
    const [found, none] = await bench.run(`${PRELUDE} return titles({ order_by = "title" }, "guarded"), titles({}, "empty")`);
    expect(found).toEqual(some);
    if (empty === '') expect(none).toMatch(/denied/);
    else expect(none).toBe(empty);
  });
});
