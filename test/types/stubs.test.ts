/** The editor stubs against the running API, both ways; and against their own grammar. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { FIELD_TYPES } from '../../src/content/schema.js';
import type { Binding, Engine } from '../../src/lua/vm.js';
import { stubParts, stubText } from '../../src/project/types-stubs.js';
import { Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';
import { walkEverything } from '../support/walk.js';
import { type Annotations, readAnnotations } from './annotations.js';

const folder = new URL('../../lua-stdlib/types/', import.meta.url);
const files = readdirSync(folder).sort();
const generations = [8, 10] as const;

/** Every function below `crap`. */
const WALK = (generation: 8 | 10) => `${walkEverything(generation)}
  local out = {}
  local function visit(path, value)
    if type(value) == "function" then out[#out + 1] = path return end
    if type(value) ~= "table" then return end
    for name, inner in each(path, value) do visit(path .. "." .. tostring(name), inner) end
  end
  visit("crap", crap)
  table.sort(out)
  return table.concat(out, "\\n")`;

/** Every value below `crap` that is neither function nor table. */
const CONSTANTS = (generation: 8 | 10) => `${walkEverything(generation)}
  local out = {}
  local function visit(path, value)
    if type(value) == "table" then
      for name, inner in each(path, value) do visit(path .. "." .. tostring(name), inner) end
    elseif type(value) ~= "function" then out[#out + 1] = path end
  end
  visit("crap", crap)
  table.sort(out)
  return table.concat(out, "\\n")`;

/** Class, and a call with a key that the class cannot know: the error lists those that the host knows. */
const OPTION_TABLES: readonly (readonly [string, string])[] = [
  ['crap.JobDefinition', 'crap.jobs.define("x", { handler = "a.b", nonsense_ = 1 })'],
  ['crap.QueueOptions', 'crap.jobs.queue("job", {}, { nonsense_ = 1 })'],
  ['crap.UniqueKey', 'crap.jobs.queue("job", {}, { unique = { key = "x", nonsense_ = 1 } })'],
  ['crap.RateLimit', 'crap.jobs.define("x", { handler = "a.b", rate_limit = { nonsense_ = 1, limit = 1, per = 1 } })'],
  ['crap.BackoffCurve', 'crap.jobs.define("x", { handler = "a.b", backoff = { nonsense_ = 1 } })'],
  ['crap.Retention', 'crap.jobs.define("x", { handler = "a.b", retention = { nonsense_ = 1 } })'],
  ['crap.DstPolicy', 'crap.jobs.define("x", { handler = "a.b", schedule = "@daily", dst = { nonsense_ = 1 } })'],
  ['every call on documents', 'crap.collections.find("posts", { nonsense_ = 1 })'],
  ['crap.CollectionDefinition', 'crap.collections.define("x", { nonsense_ = 1 })'],
  ['crap.GlobalDefinition', 'crap.globals.define("x", { nonsense_ = 1 })'],
  ['crap.Labels', 'crap.collections.define("x", { labels = { nonsense_ = 1 } })'],
  ['crap.CollectionHooks', 'crap.collections.define("x", { hooks = { nonsense_ = {} } })'],
  ['crap.CollectionAccess', 'crap.collections.define("x", { access = { nonsense_ = "a.b" } })'],
  ['crap.AuthOptions', 'crap.collections.define("x", { auth = { nonsense_ = 1 } })'],
  ['crap.AuthStrategy', 'crap.collections.define("x", { auth = { strategies = { { nonsense_ = 1 } } } })'],
  ['crap.UploadOptions', 'crap.collections.define("x", { upload = { nonsense_ = 1 } })'],
  ['crap.LiveOptions', 'crap.collections.define("x", { live = { nonsense_ = 1 } })'],
  ['crap.VersionsOptions', 'crap.collections.define("x", { versions = { nonsense_ = 1 } })'],
  ['crap.Index', 'crap.collections.define("x", { indexes = { { nonsense_ = 1 } } })'],
  ['crap.McpOptions', 'crap.collections.define("x", { mcp = { nonsense_ = 1 } })'],
  ['every field', 'crap.collections.define("x", { fields = { { name = "x", nonsense_ = 1 } } })'],
  ['crap.FieldHooks', 'crap.collections.define("x", { fields = { { name = "x", hooks = { nonsense_ = {} } } } })'],
  ['crap.FieldAccess', 'crap.collections.define("x", { fields = { { name = "x", access = { nonsense_ = "a.b" } } } })'],
  ['crap.SelectOption', 'crap.collections.define("x", { fields = { { name = "x", options = { { nonsense_ = 1 } } } } })'],
  [
    'crap.RelationshipTarget',
    'crap.collections.define("x", { fields = { { name = "x", type = "relationship", relationship = { nonsense_ = 1, collection = "x" } } } })',
  ],
  [
    'crap.BlockDefinition',
    'crap.collections.define("x", { fields = { { name = "x", type = "blocks", blocks = { { type = "b", nonsense_ = 1 } } } } })',
  ],
  [
    'crap.TabDefinition',
    'crap.collections.define("x", { fields = { { name = "x", type = "tabs", tabs = { { label = "b", nonsense_ = 1 } } } } })',
  ],
];

/** Where the host has one list of keys for what the stubs tell apart. */
const OPTION_CLASSES: Record<string, readonly string[]> = {
  'every call on documents': ['crap.FindQuery', 'crap.UpdateOptions', 'crap.DeleteOptions', 'crap.ValidateOptions'],
  'every field': FIELD_TYPES.map((type) => `crap.${type[0]!.toUpperCase()}${type.slice(1)}Field`),
};

function membersOf(stubs: Annotations, name: string): string[] {
  const found = stubs.classes.filter((entry) => entry.name === name);
  expect(found, name).not.toEqual([]);
  const inherited = found.flatMap(({ parents }) => parents.flatMap((parent) => membersOf(stubs, parent)));
  return [
    ...new Set([...inherited, ...found.flatMap(({ members }) => members.map((member) => member.name.replace(/^\["(.*)"\]$/, '$1')))]),
  ];
}

const benches = new Benches();
afterEach(() => benches.dispose());

it('every part belongs to some generation', () => {
  expect([...stubParts(10)].sort()).toEqual(files);
  expect(stubParts(8).filter((name) => !stubParts(10).includes(name))).toEqual([]);
});

it.each(files)('%s follows the grammar', (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  expect(text.startsWith('---@meta')).toBe(true);
  expect(readAnnotations(text).faults).toEqual([]);
});

describe.each(generations)('stubs of generation %s', (generation) => {
  const stubs = readAnnotations(stubText(generation));

  it('are one file that follows the grammar', () => {
    expect(stubs.faults).toEqual([]);
    expect(stubText(generation).match(/---@meta/g)).toHaveLength(1);
  });

  it('name no type that they do not define, and define none twice', () => {
    const names = [...stubs.classes.map(({ name }) => name), ...stubs.aliases.keys()];
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    const known = new Set(names);
    expect(stubs.used.filter(({ name }) => !known.has(name))).toEqual([]);
  });

  it('define no type, but those that users annotate with, that nothing uses', () => {
    const forUsers = /^crap\.(Error|Validator|Migration|ValidateContext|\w+Context|\w+Rule|Json)$/;
    const holders =
      /^crap$|^crap\.(Collections|CollectionConfig|Globals|GlobalConfig|Fields|Any|Jobs|JsonApi|Util|Log|Config|Env|Locale|Email|Http|Crypto|Auth|Access|Hooks|Schema|Richtext|Pages|TemplateData|Tx|Null)$/;
    const used = new Set(stubs.used.map(({ name }) => name));
    const names = [...stubs.classes.map(({ name }) => name), ...stubs.aliases.keys()];
    expect(names.filter((name) => !used.has(name) && !forUsers.test(name) && !holders.test(name))).toEqual([]);
  });

  it('describe no function twice', () => {
    const names = stubs.functions.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  describe.each(engines)('on $name', (engine) => {
    const open = () => benches.open(engine, { generation });

    it('hold every function of the running API, and no other', async () => {
      const { value } = await open();
      expect(stubs.functions.map(({ name }) => name).sort()).toEqual(String(await value(WALK(generation))).split('\n'));
    });

    it('hold every constant of the running API', async () => {
      const { value } = await open();
      const constants = String(await value(CONSTANTS(generation)))
        .split('\n')
        .filter(Boolean);
      const fields = stubs.classes.find(({ name }) => name === 'crap')!.members.map(({ name }) => `crap.${name}`);
      expect(fields.filter((name) => name !== 'crap.null')).toEqual(constants.filter((name) => name !== 'crap.null'));
    });

    it('are Lua that leaves nothing behind but tables', async () => {
      const bench = await open();
      await bench.run(`do local crap = {} ${stubText(generation).replace(/^crap = \{\}$/m, '')} end`);
    });

    it.each(OPTION_TABLES.filter(([, chunk]) => generation === 10 || chunk.startsWith('crap.jobs')))(
      'know the keys of %s',
      async (name, chunk) => {
        const bench = await open();
        await bench.run(
          `crap.collections.define("posts", { fields = {} }) crap.globals.define("site", {}) crap.jobs.define("job", { handler = "a.b" })`,
        );
        if (!chunk.includes('define')) await bench.enter();
        const text = await bench.failure(chunk);
        const [, keys] = /Valid keys: ([a-z0-9_, ]+?)(?:;|$)/.exec(text) ?? [];
        expect(keys, text).toBeDefined();
        // One list of keys serves every call; a call's own class holds those that mean something to it.
        const told = OPTION_CLASSES[name]?.flatMap((part) => membersOf(stubs, part)) ?? membersOf(stubs, name);
        const spelled = [...new Set(told)].filter((key) => !/[A-Z]/.test(key));
        expect(spelled.sort()).toEqual(keys!.split(', ').sort());
      },
    );

    it('have the parameters of the bindings, and of the functions written in Lua', async () => {
      const bindings = new Map<string, readonly string[]>();
      await benches.open(recording(engine, bindings), { generation });
      expect(bindings.size).toBeGreaterThan(60);
      const told = new Map(stubs.functions.map(({ name, params }) => [name, params]));
      const different = [...bindings].flatMap(([name, types]) => {
        const params = told.get(name) ?? [];
        const same =
          params.length === types.length && params.every(({ optional }, i) => types[i] === 'any' || optional === types[i]!.endsWith('?'));
        return same ? [] : [`${name}(${types.join(', ')})`];
      });
      expect(different).toEqual([]);
      const inLua = luaFunctions();
      expect(inLua.size).toBeGreaterThan(20);
      const otherwise = [...inLua].filter(
        ([name, params]) =>
          told.has(name) &&
          told
            .get(name)!
            .map((param) => param.name)
            .join() !== params.join(),
      );
      expect(otherwise).toEqual([]);
    });
  });
});

/** The engine, with the parameter types of every binding below `crap` noted as it is registered. */
function recording(engine: Engine, into: Map<string, readonly string[]>): Engine {
  return {
    ...engine,
    load: () => engine.load(),
    create(options) {
      const vm = engine.create(options);
      const register = vm.register.bind(vm);
      vm.register = (path, bindings) => {
        for (const [name, binding] of Object.entries(bindings)) {
          if (path.startsWith('crap') && typeof binding === 'object' && binding !== null && 'params' in binding)
            into.set(`${path}.${name}`, (binding as Binding).params);
        }
        register(path, bindings);
      };
      return vm;
    },
  };
}

/** Functions that lua-stdlib/crap puts into the table, with the names of their parameters. */
function luaFunctions(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const sources = new URL('../../lua-stdlib/crap/', import.meta.url);
  for (const file of readdirSync(sources)) {
    for (const [, name, params] of readFileSync(new URL(file, sources), 'utf8').matchAll(
      /^function ((?:crap|util|hooks)\.[\w.]+)\(([^)]*)\)/gm,
    )) {
      found.set(name!.replace(/^(?!crap)/, 'crap.'), params!.split(', ').filter(Boolean));
    }
  }
  return found;
}
