/** Documents of any collection, created from Lua on each engine, read the same there and in another process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { parseJson } from '../../src/domain/json-text.js';
import type { LuaTable } from '../../src/lua/value.js';
import { openProject } from '../../src/operations/open-project.js';
import { runCli } from '../support/cli.js';
import { createProject, type ProjectFolder } from '../support/project.js';
import { runs, SEED, TIMEOUT } from './check.js';
import { differences, luaSource } from './compare.js';
import { type Collection, collection, MEDIA, TARGETS } from './fields.js';
import { ModelDocument, type Rules } from './model.js';
import { dataOf, NEIGHBOURS } from './stage.js';
import { type Values, valuesOf } from './values.js';

interface Sample {
  collection: Collection;
  flat: boolean;
  documents: Values[];
}

interface Made {
  slug: string;
  id: string;
  model: ModelDocument;
}

let folder: ProjectFolder | undefined;
afterEach(async () => {
  await folder?.dispose();
  folder = undefined;
});

const samples = (strict: boolean): Sample[] =>
  fc.sample(
    collection.chain((given) =>
      fc.record({
        collection: fc.constant(given),
        flat: fc.boolean(),
        documents: fc.array(valuesOf(given, strict), { minLength: 2, maxLength: 5 }),
      }),
    ),
    { numRuns: runs(12), seed: SEED },
  );

function projectFiles(all: readonly Sample[], engine: string, rules: Rules): Record<string, string> {
  const define = (slug: string, config: object) => `crap.collections.define("${slug}", ${luaSource(config as never)})\n`;
  const neighbours = Object.entries(NEIGHBOURS).map(([slug, config]) => define(slug, config));
  return {
    'crap.toml': `[access]\ndefault_deny = false\n[locale]\nlocales = ${JSON.stringify(rules.locales)}\n`,
    'moonlighter.toml': `[lua]\nengine = "${engine}"\n[compat]\ngeneration = ${rules.generation}\n`,
    'collections/all.lua': [...neighbours, ...all.map((sample, i) => define(`c${i}`, sample.collection))].join(''),
  };
}

const CREATE = `
local out = {}
local function try(slug, data)
  local ok, doc = pcall(crap.collections.create, slug, data)
  if ok then out[#out + 1] = { id = doc.id, made = doc, found = crap.collections.find_by_id(slug, doc.id, { depth = 0 }) }
  else out[#out + 1] = { refused = tostring(doc) } end
end
`;

const READ = `
local out = {}
local function read(slug, id)
  out[#out + 1] = { by_id = crap.collections.find_by_id(slug, id, { depth = 0 }),
    found = crap.collections.find(slug, { where = { id = id }, depth = 0 }).documents }
end
`;

describe.each(['lua54', 'fengari'])('on %s', (engine) => {
  it.each<[string, Rules]>([
    ['generation 8', { generation: 8, locales: [], fallback: true }],
    ['generation 10 with locales', { generation: 10, locales: ['en', 'de'], fallback: true }],
  ])('documents read back in another process (%s)', { timeout: TIMEOUT }, async (_, rules) => {
    const hint = `MOONLIGHTER_PROPERTY_SEED=${SEED}`;
    const all = samples(rules.generation === 10);
    folder = await createProject(projectFiles(all, engine, rules));
    const made: Made[] = [];
    const opened = await openProject({ config: folder.dir, cwd: folder.dir, env: {} });
    try {
      await opened.write('test', function* (db) {
        for (const id of TARGETS) {
          yield* db.run('INSERT INTO targets (id) VALUES (?)', [id]);
          yield* db.run('INSERT INTO others (id) VALUES (?)', [id]);
        }
        for (const id of MEDIA) yield* db.run("INSERT INTO media (id, filename) VALUES (?, 'a.png')", [id]);
      });
      const wanted = all.flatMap(({ collection: given, flat, documents }, i) =>
        documents.map((values) => ({ slug: `c${i}`, data: dataOf(given, values, flat), model: new ModelDocument(given, rules, values) })),
      );
      const calls = wanted.map(({ slug, data }) => `try("${slug}", ${luaSource(data)})`).join('\n');
      const executor = await opened.executor();
      const [list] = await executor.transaction(({ vm }) => vm.execute(`${CREATE}${calls}\nreturn out`, '=create'));
      for (const [i, { slug, model }] of wanted.entries()) {
        const answer = (list as LuaTable).get(i + 1) as LuaTable;
        const id = answer.get('id');
        if (typeof id !== 'string') continue;
        made.push({ slug, id, model });
        expect(differences(answer.get('made'), model.read(undefined)), `create in ${slug}, ${hint}`).toEqual([]);
        expect(differences(answer.get('found'), model.read(undefined)), `find_by_id in ${slug}, ${hint}`).toEqual([]);
      }
      expect(made.length / wanted.length, hint).toBeGreaterThan(0.5);
    } finally {
      await opened.close();
    }

    const file = join(folder.dir, 'read.lua');
    writeFileSync(file, `${READ}${made.map(({ slug, id }) => `read("${slug}", "${id}")`).join('\n')}\nreturn out`);
    const read = await runCli(['--json', '-C', folder.dir, 'eval', '--file', file]);
    expect(read.code, `${read.stdout}${read.stderr}`).toBe(0);
    const { value } = parseJson(read.stdout) as { value: { by_id: object; found: object[] }[] };
    expect(value.length).toBe(made.length);
    for (const [i, { slug, id, model }] of made.entries()) {
      const expected = model.read(undefined);
      expect(differences(value[i]!.by_id, expected), `find_by_id of ${id} in ${slug}, ${hint}`).toEqual([]);
      expect(differences(value[i]!.found, [expected]), `find of ${id} in ${slug}, ${hint}`).toEqual([]);
    }
  });
});
