/** The types of documents against documents: what the running host gives back has the members and the kinds that its class says. */
import { afterEach, describe, expect, it } from 'vitest';
import { Float } from '../../src/domain/json.js';
import { LuaTable, type LuaValue } from '../../src/lua/value.js';
import { typesOf } from '../../src/project/types.js';
import { ANY, type Declaration, type ProjectTypes, type Type } from '../../src/project/types-model.js';
import { type Bench, Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';

const DEFINITIONS = `
  local f = crap.fields
  crap.collections.define("people", { auth = true, fields = {
    f.text({ name = "name" }), f.join({ name = "written", collection = "things", on = "owner" }) } })
  crap.collections.define("things", { versions = true, soft_delete = true, fields = {
    f.text({ name = "title", required = true, localized = true }),
    f.textarea({ name = "long" }), f.richtext({ name = "rich" }), f.email({ name = "mail" }), f.code({ name = "code" }),
    f.number({ name = "price" }), f.checkbox({ name = "end" }), f.checkbox({ name = "off" }), f.json({ name = "extra" }),
    f.select({ name = "state", options = { { value = "new" }, { value = "old" } } }),
    f.select({ name = "tags", has_many = true, options = { { value = "a" }, { value = "b" } } }),
    f.text({ name = "words", has_many = true }),
    f.radio({ name = "1st", options = { { value = "x" } } }),
    f.date({ name = "at", picker_appearance = "dayAndTime", timezone = true }),
    f.text({ name = "secret", hidden = true }),
    f.relationship({ name = "owner", relationship = { collection = "people" } }),
    f.relationship({ name = "either", relationship = { collection = { "people", "things" } } }),
    f.relationship({ name = "many", relationship = { collection = "people", has_many = true } }),
    f.group({ name = "seo", fields = { f.text({ name = "head" }), f.checkbox({ name = "index" }), f.number({ name = "rank" }),
      f.group({ name = "deep", fields = { f.text({ name = "leaf" }) } }) } }),
    f.row({ name = "r", fields = { f.text({ name = "in_row" }) } }),
    f.tabs({ name = "t", tabs = { { label = "One", fields = { f.text({ name = "in_tab" }) } } } }),
    f.array({ name = "lines", fields = { f.text({ name = "label", required = true }), f.number({ name = "n" }), f.checkbox({ name = "done" }),
      f.json({ name = "raw" }), f.select({ name = "kinds", has_many = true, options = { { value = "k" } } }),
      f.group({ name = "box", fields = { f.number({ name = "w" }), f.checkbox({ name = "c" }) } }) } }),
    f.blocks({ name = "content", blocks = {
      { type = "hero", fields = { f.text({ name = "text", required = true }), f.checkbox({ name = "big" }) } },
      { type = "shots", fields = { f.array({ name = "list", fields = { f.text({ name = "alt" }) } }) } } } }),
  } })
  crap.globals.define("site", { fields = { f.text({ name = "name" }), f.checkbox({ name = "open" }),
    f.array({ name = "links", fields = { f.text({ name = "url" }) } }) } })`;

const WRITES = `
  local c = crap.collections
  local who = c.create("people", { email = "a@example.com", name = "A", password = "long enough 1!" })
  local full = c.create("things", {
    title = "T", long = "l", rich = "<p>x</p>", mail = "m@example.com", code = "x()", price = 12.5, ["end"] = true, extra = { a = 1 },
    state = "new", tags = { "a" }, words = { "one", "two" }, ["1st"] = "x", at = "2026-01-02T03:04", at_tz = "Europe/Berlin", secret = "s",
    owner = who.id, either = "people/" .. who.id, many = { who.id }, seo = { head = "h", index = true, rank = 2, deep = { leaf = "q" } },
    in_row = "r", in_tab = "t",
    lines = { { label = "a", n = 2, done = true, raw = { 1, 2 }, kinds = { "k" }, box = { w = 1, c = true } }, { label = "b" } },
    content = { { _block_type = "hero", text = "x", big = true }, { _block_type = "shots", list = { { alt = "y" } } } },
  })
  local bare = c.create("things", { title = "only" })
  crap.globals.update("site", { name = "n", open = true, links = { { url = "u" } } })`;

const benches = new Benches();
afterEach(() => benches.dispose());

describe.each(engines)('$name', (engine) => {
  describe.each([8, 10] as const)('in generation %s', (generation) => {
    async function open(): Promise<{ bench: Bench; types: ProjectTypes; full: string; bare: string; who: string }> {
      const config = { locale: { locales: ['en', 'de'], default_locale: 'en' } };
      const bench = await benches.open(engine, { generation, config });
      await bench.run(DEFINITIONS);
      await bench.enter();
      const { options, registry } = bench.session;
      const types = typesOf({ dir: bench.dir, config: options.config, generation, registry });
      const [full, bare, who] = await bench.run(`${WRITES} return full.id, bare.id, who.id`);
      return { bench, types, full: String(full), bare: String(bare), who: String(who) };
    }

    it.each([
      ['a full document', 'crap.doc.Things', (id: Ids) => `return crap.collections.find_by_id("things", "${id.full}", { depth = 0 })`],
      ['a bare document', 'crap.doc.Things', (id: Ids) => `return crap.collections.find_by_id("things", "${id.bare}")`],
      ['a populated document', 'crap.doc.Things', (id: Ids) => `return crap.collections.find_by_id("things", "${id.full}", { depth = 2 })`],
      ['a document with joins', 'crap.doc.People', (id: Ids) => `return crap.collections.find_by_id("people", "${id.who}", { depth = 1 })`],
      ['a page of documents', 'crap.find_result.Things', () => 'return crap.collections.find("things", { depth = 1 })'],
      ['what create returns', 'crap.doc.Things', () => 'return crap.collections.create("things", { title = "new", ["end"] = false })'],
      ['what update returns', 'crap.doc.Things', (id: Ids) => `return crap.collections.update("things", "${id.full}", { price = 3 })`],
      ['what unpublish returns', 'crap.doc.Things', (id: Ids) => `return crap.collections.unpublish("things", "${id.bare}")`],
      [
        'a document in all locales',
        'crap.doc_locales.Things',
        (id: Ids) => `return crap.collections.find_by_id("things", "${id.full}", { locale = "all" })`,
      ],
      ['a global', 'crap.global_doc.Site', () => 'return crap.globals.get("site")'],
    ] as const)('describes %s', async (_what, name, chunk) => {
      const { bench, types, ...ids } = await open();
      const value = await bench.value(chunk(ids));
      expect(value).toBeInstanceOf(LuaTable);
      expect(faultsOf(value, { kind: 'named', name }, declarationsOf(types), 'doc')).toEqual([]);
    });

    it('describes the data of after_change hooks, flat keys included', async () => {
      const { bench, types, full } = await open();
      await bench.run(`seen = {} crap.hooks.register("after_change", function(ctx) seen = ctx.data end)
        crap.collections.update("things", "${full}", { price = 4 })`);
      const data = (await bench.value('return seen')) as LuaTable;
      const known = membersOf('crap.hook_data.Things', declarationsOf(types)).map(({ name }) => name);
      expect([...data.entries.keys()].filter((key) => key !== '_status' && !known.includes(String(key)))).toEqual([]);
    });

    it('names only filters and orders that find takes', async () => {
      const { bench, types } = await open();
      const where = membersOf('crap.where.Things', declarationsOf(types)).filter(({ name }) => name !== 'or');
      const order = declarationsOf(types).get('crap.order.Things') as Declaration & { kind: 'alias' };
      const names = order.type.kind === 'union' ? order.type.of.map((each) => (each.kind === 'literal' ? String(each.value) : '')) : [];
      expect(where.length).toBeGreaterThan(35);
      expect(names.length).toBeGreaterThan(40);
      const refused = await bench.value(`
        local out = {}
        for _, name in ipairs({ ${where.map(({ name }) => JSON.stringify(name)).join(', ')} }) do
          local ok, problem = pcall(crap.collections.find, "things", { where = { [name] = { equals = "1" } } })
          if not ok then out[#out + 1] = tostring(problem) end
        end
        for _, name in ipairs({ ${names.map((name) => JSON.stringify(name)).join(', ')} }) do
          local ok, problem = pcall(crap.collections.find, "things", { order_by = name })
          if not ok then out[#out + 1] = tostring(problem) end
        end
        return table.concat(out, "\\n")`);
      expect(
        String(refused)
          .split('\n')
          .filter((line) => /Invalid (field|sort)|path/.test(line)),
      ).toEqual([]);
    });

    it('leaves out nothing that find takes', async () => {
      const { bench, types } = await open();
      const text = await bench.failure('crap.collections.find("things", { where = { nonsense = 1 } })');
      const valid = /Valid fields: (.*)$/.exec(text)![1]!.split(', ');
      const where = membersOf('crap.where.Things', declarationsOf(types)).map(({ name }) => name);
      const covered = (name: string) =>
        where.includes(name) || (name.endsWith('.*') && where.some((each) => each.startsWith(name.slice(0, -1))));
      const system = ['_status', '_deleted_at', 'at_tz', 'secret'];
      expect(valid.filter((name) => !covered(name) && !system.includes(name))).toEqual([]);
    });
  });

  it('gives accessors the functions that they have', async () => {
    const bench = await benches.open(engine, { generation: 10 });
    await bench.run(DEFINITIONS);
    const { options, registry } = bench.session;
    const declarations = declarationsOf(typesOf({ dir: bench.dir, config: options.config, generation: 10, registry }));
    const keys = async (path: string) =>
      String(
        await bench.value(`local t = {} for k in pairs(${path}) do t[#t + 1] = k end table.sort(t) return table.concat(t, " ")`),
      ).split(' ');
    const told = (name: string) =>
      membersOf(name, declarations)
        .map((each) => each.name)
        .sort();
    expect(told('crap.collection.Things')).toEqual(await keys('crap.collections.things'));
    expect(told('crap.global.Site').filter((name) => !['unpublish', 'restore_version'].includes(name))).toEqual(
      (await keys('crap.globals.site')).filter((name) => !['unpublish', 'restore_version'].includes(name)),
    );
    expect(told('crap.Collections')).toEqual(['people', 'things']);
    // Where a collection keeps no versions and no trash, the calls are there and would fail.
    expect((await keys('crap.collections.people')).filter((name) => !told('crap.collection.People').includes(name))).toEqual([
      'list_versions',
      'restore_version',
      'undelete',
      'unpublish',
    ]);
  });
});

interface Ids {
  full: string;
  bare: string;
  who: string;
}

function declarationsOf(types: ProjectTypes): Map<string, Declaration> {
  const all = [...types.collections, ...types.globals, ...types.jobs].flatMap(({ declarations }) => declarations);
  const found = new Map([...all, ...types.additions].map((each) => [each.name, each]));
  if (types.generation === 8) found.set('generation 8', { kind: 'alias', name: 'generation 8', type: ANY });
  return found;
}

function membersOf(name: string, declarations: ReadonlyMap<string, Declaration>) {
  const found = declarations.get(name);
  if (found?.kind !== 'class') throw new Error(`no class ${name}`);
  const own = found.members;
  const inherited: typeof own = found.parents
    .filter((parent) => declarations.has(parent))
    .flatMap((parent) => membersOf(parent, declarations));
  return [...inherited.filter((each) => !own.some((mine) => mine.name === each.name)), ...own];
}

/** Where a value is not what a type says: a key that is not told, one that is missing, another kind. */
function faultsOf(value: LuaValue, type: Type, declarations: ReadonlyMap<string, Declaration>, path: string): string[] {
  const inside = (inner: LuaValue, of: Type, at: string) => faultsOf(inner, of, declarations, at);
  const wrong = [`${path}: ${JSON.stringify(value)} is not ${JSON.stringify(type)}`];
  switch (type.kind) {
    case 'literal':
      return value === type.value ? [] : wrong;
    case 'plain': {
      const isNumber = typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;
      const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
      const holds = {
        any: true,
        string: typeof value === 'string',
        number: isNumber,
        integer: isInteger,
        boolean: typeof value === 'boolean',
        table: value instanceof LuaTable,
        nil: value === undefined,
      };
      return holds[type.name] ? [] : wrong;
    }
    case 'list':
      if (!(value instanceof LuaTable) || value.length !== value.entries.size) return wrong;
      return [...value.entries].flatMap(([i, each]) => inside(each, type.of, `${path}[${i}]`));
    case 'map':
      return value instanceof LuaTable ? [...value.entries].flatMap(([key, each]) => inside(each, type.of, `${path}.${key}`)) : wrong;
    case 'union': {
      const tries = type.of.map((each) => inside(value, each, path));
      return tries.some((faults) => faults.length === 0) ? [] : tries.sort((a, b) => b[0]!.length - a[0]!.length)[0]!;
    }
    case 'function':
      return [];
    default: {
      if (type.kind === 'named' && type.name === 'crap.Status') return value === 'draft' || value === 'published' ? [] : wrong;
      if (type.kind === 'named' && type.name === 'crap.PaginationInfo') return [];
      if (!(value instanceof LuaTable)) return wrong;
      const members = type.kind === 'record' ? type.members : membersOf(type.name, declarations);
      const missing = members
        .filter((each) => !each.optional && value.get(each.name) === undefined)
        .map((each) => `${path}.${each.name} is missing`);
      const told = [...value.entries].flatMap(([key, each]) => {
        // Generation 8 shows hidden fields in documents that stand for references; nobody shall rely on it.
        if (key === 'secret' && path !== 'doc' && declarations.get('generation 8')) return [];
        const found = members.find((one) => one.name === key);
        return found ? inside(each, found.type, `${path}.${key}`) : [`${path}.${key} is not told`];
      });
      return [...missing, ...told];
    }
  }
}
