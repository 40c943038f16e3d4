/** Access constraints of the later generation: which operators and columns they take, and rules that read a field of the user without a value. */
import { afterEach, describe, expect, it } from 'vitest';
import { Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';

const RULES = `
  local M = {}
  function M.given(ctx) return constraint end
  function M.team(ctx) return { team = ctx.user.team, level = { not_equals = 9 } } end
  function M.region(ctx) return { team = ctx.user.profile.region } end
  function M.walks(ctx)
    for name in pairs(ctx.user) do if name == "never" then return false end end
    return { team = rawget(ctx.user, "team") or "none" }
  end
  function M.unknown(ctx) return { team = ctx.user.nickname or "red" } end
  function M.all(ctx) return ctx.user.team == nil or true end
  function M.none(ctx) return ctx.user.team ~= nil end
  return M`;
const DEFINE = `
  local F, C = crap.fields, crap.collections
  C.define("people", { auth = true, fields = { F.text({ name = "team" }), F.group({ name = "profile", fields = { F.text({ name = "region" }) } }) } })
  for _, rule in ipairs({ "given", "team", "region", "walks", "unknown", "all", "none" }) do
    C.define(rule, { access = { read = "access.r." .. rule, update = "access.r." .. rule }, fields = {
      F.text({ name = "team" }), F.number({ name = "level" }), F.text({ name = "name", localized = true }), F.text({ name = "tags", has_many = true }),
      F.group({ name = "box", fields = { F.text({ name = "leaf" }) } }), F.array({ name = "lines", fields = { F.text({ name = "label" }) } }) } })
  end`;
const FILL = `
  for _, rule in ipairs({ "given", "team", "region", "walks", "unknown", "all", "none" }) do
    for i, team in ipairs({ "red", "blue" }) do
      crap.collections.create(rule, { team = team, level = i, box = { leaf = team } }, { override_access = true })
    end
  end`;

describe.each(engines)('on $name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  async function open(generation: 8 | 10, user?: object) {
    const config = { locale: { default_locale: 'en', locales: ['en', 'de'], fallback: true } };
    const bench = await benches.open(engine, { generation, config, files: { 'access/r.lua': RULES } });
    await bench.run(DEFINE);
    await bench.enter({ overrideAccessByDefault: false, ...(user && { user: user as never }) });
    await bench.run(FILL);
    const count = (slug: string) =>
      bench.value(
        `local ok, e = pcall(crap.collections.count, "${slug}", {}) return ok and e or (tostring(e):gsub("\\nstack traceback.*$", ""))`,
      );
    const given = async (constraint: string) => {
      await bench.run(`constraint = ${constraint}`);
      return await count('given');
    };
    return { ...bench, count, given };
  }

  describe('constraints', () => {
    const LIMITED = [
      [
        '{ level = { greater_than = 1 } }',
        "with 'greater_than' on 'level' — access filters take only equals, not_equals, in, not_in, exists, not_exists.",
      ],
      [
        '{ team = { like = "r%" } }',
        "with 'like' on 'team' — access filters take only equals, not_equals, in, not_in, exists, not_exists.",
      ],
      [
        '{ ["or"] = { { team = { contains = "e" } } } }',
        "with 'contains' on 'team' — access filters take only equals, not_equals, in, not_in, exists, not_exists.",
      ],
      ['{ name = "x" }', "on 'name', a localized field — access filters take only columns that are not localized."],
      ['{ ["lines.label"] = "x" }', "on 'lines.label', a path into rows — access filters take only columns that are not localized."],
    ] as const;

    it.each(LIMITED)('%s is refused by generation 10, and taken by 8 but for `or`', async (constraint, words) => {
      const later = await open(10);
      expect(await later.given(constraint)).toBe(`runtime error: Access hook for 'given' returned a filter ${words}`);
      const first = 'crap.collections.find("given", { override_access = true }).documents[1].id';
      expect(await later.failure(`crap.collections.update("given", ${first}, { level = 5 })`)).toContain(words);
      expect(await later.failure('crap.collections.update_many("given", {}, { level = 5 })')).toContain(words);
      expect(await later.failure('crap.access.check("given", "read")')).toBe(
        `runtime error: access check error: Access hook for 'given' returned a filter ${words}`,
      );
      if (constraint.includes('"or"')) return;
      expect(await (await open(8)).given(constraint)).toSatisfy((n) => Number(n) >= 0);
    });

    it.each([
      ['{ team = "red" }', 1],
      ['{ team = { not_equals = "red" } }', 1],
      ['{ level = { ["in"] = { 1, 2, 3 } } }', 2],
      ['{ level = { not_in = { 1 } } }', 1],
      ['{ team = { exists = true } }', 2],
      ['{ tags = { not_exists = true } }', 2],
      ['{ box__leaf = "blue" }', 1],
      ['{ ["or"] = { { team = "red" }, { level = 2 } } }', 2],
      ['{ id = { exists = true } }', 2],
    ])('%s shows %d under generation 10', async (constraint, shown) => {
      expect(await (await open(10)).given(constraint)).toBe(shown);
    });
  });

  describe('a rule that read a field of the user without a value', () => {
    const bare = { id: 'u', profile: {} };
    const full = { id: 'u', team: 'red', profile: { region: 'blue' } };

    it('denies under generation 10 when it returns a constraint, and says so', async () => {
      const later = await open(10, bare);
      for (const rule of ['team', 'region']) {
        expect(await later.count(rule)).toBe('runtime error: Read access denied');
        // Called before, the rule is found by another way.
        expect(await later.count(rule)).toBe('runtime error: Read access denied');
        expect(await later.value(`return crap.access.check("${rule}", "read")`)).toBe('denied');
      }
      expect(later.lines.filter(({ level }) => level === 'warn')[0]?.text).toBe(
        "Access function 'access.r.team' read a field of the user that has no value and returned a filter, which may lack a condition: denying access",
      );
      // Without the check one field would have been left: everybody's documents.
      const earlier = await open(8, bare);
      expect(await earlier.count('team')).toBe(2);
      expect(await earlier.count('region')).toBe(2);
    });

    it('says what it says when the field has a value, and where it answers yes or no', async () => {
      const { count } = await open(10, full);
      expect([await count('team'), await count('region')]).toEqual([1, 1]);
      const later = await open(10, bare);
      expect([await later.count('all'), await later.count('none')]).toEqual([2, 'runtime error: Read access denied']);
    });

    it('is one that asks for the field by its name, a field of users', async () => {
      const { count } = await open(10, bare);
      expect([await count('walks'), await count('unknown')]).toEqual([0, 1]);
    });

    it('counts what a user given as a table names as null', async () => {
      const { count } = await open(10, { id: 'u', team: 'red', nickname: null });
      expect(await count('unknown')).toBe('runtime error: Read access denied');
    });
  });
});
