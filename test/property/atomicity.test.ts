/** [ONCE] Whatever fails inside pcall leaves the database as it was: hooks, validators, constraints, references, transactions of their own. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { runSync } from '../../src/domain/op.js';
import type { Db } from '../../src/store/db.js';
import { type Bench, Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';
import { holdsAsync, TIMEOUT } from './check.js';
import { luaSource } from './compare.js';

const HOOKS = ['before_validate', 'before_change', 'after_change', 'before_delete', 'after_delete'] as const;

/** Every hook writes a document and queues a run before it may fail. */
const FILES = {
  'hooks/steps.lua': `
    local M = {}
    STEPS, FAIL_AT, FAIL_WITH = 0, 0, "boom"
    for _, name in ipairs({ ${[...HOOKS, 'field'].map((name) => `"${name}"`).join(', ')} }) do
      M[name] = function(value)
        STEPS = STEPS + 1
        crap.collections.create("log", { what = name }, { overrideAccess = true })
        crap.jobs.queue("note", { step = STEPS })
        if STEPS == FAIL_AT then error(FAIL_WITH) end
        -- What a field hook returns is the field's value from then on.
        if name == "field" then return value end
      end
    end
    M.check = function(value)
      STEPS = STEPS + 1
      crap.collections.create("log", { what = "check" }, { overrideAccess = true })
      if STEPS == FAIL_AT then error(FAIL_WITH) end
      if value == "bad" then return "is bad" end
    end
    return M`,
};

const steps = HOOKS.map((name) => `${name} = { "hooks.steps.${name}" }`).join(', ');
const DEFINE = `
  local rows = { name = "items", type = "array", fields = { { name = "label", type = "text", required = true } } }
  crap.collections.define("log", { fields = { { name = "what", type = "text" } } })
  crap.collections.define("authors", { soft_delete = true, hooks = { ${steps} }, fields = { { name = "name", type = "text", unique = true } } })
  crap.collections.define("posts", { versions = { drafts = true, max_versions = 2 }, hooks = { ${steps} }, fields = {
    { name = "title", type = "text", required = true, unique = true, validate = "hooks.steps.check", hooks = { before_change = { "hooks.steps.field" } } },
    { name = "text", type = "textarea" },
    { name = "author", type = "relationship", relationship = { collection = "authors" } },
    { name = "readers", type = "relationship", relationship = { collection = "authors", has_many = true } },
    rows,
  } })
  crap.globals.define("site", { hooks = { ${steps} }, fields = { { name = "title", type = "text", validate = "hooks.steps.check" }, rows } })
  crap.jobs.define("note", { handler = "jobs.note.run" })`;

interface Post {
  title: string | undefined;
  text: string | undefined;
  author: number | undefined;
  readers: number[];
  items: (string | undefined)[];
}

const some = <T>(arbitrary: fc.Arbitrary<T>, freq = 4) => fc.option(arbitrary, { nil: undefined, freq });
const title = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...'abcdefghijklmn') }, fc.constant('bad'));
/** Places in the list of authors; beyond its end stands an id that there is not. */
const place = fc.oneof({ weight: 8, arbitrary: fc.nat(3) }, fc.integer({ min: 4, max: 5 }));
const post: fc.Arbitrary<Post> = fc.record({
  title: some(title, 12),
  text: some(fc.constantFrom('one', 'two words', '')),
  author: some(place),
  readers: fc.uniqueArray(place, { maxLength: 2 }),
  items: fc.array(some(fc.constantFrom('x', 'y'), 10), { maxLength: 2 }),
});

type Act =
  | { kind: 'create' | 'update' | 'draft'; post: Post; at: number }
  | { kind: 'create_many'; posts: Post[] }
  | { kind: 'update_many'; post: Post; where: string }
  | { kind: 'delete' | 'unpublish' | 'restore' | 'trash' | 'undelete' | 'delete_author'; at: number }
  | { kind: 'delete_many' | 'delete_authors'; where: string }
  | { kind: 'author'; name: string }
  | { kind: 'global'; post: Post }
  | { kind: 'transaction'; posts: Post[]; fails: boolean };

const at = fc.nat(20);
const where = fc.constantFrom('', 'text = "one"', 'title = { not_equals = "a" }');
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('create' as const), post, at }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('update' as const, 'draft' as const), post, at }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('create_many' as const), posts: fc.array(post, { minLength: 1, maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('update_many' as const), post, where }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(...(['delete', 'unpublish', 'restore', 'restore', 'trash', 'undelete', 'delete_author'] as const)),
      at,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('delete_many' as const, 'delete_authors' as const), where }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('author' as const), name: fc.constantFrom('n0', 'n1', 'new') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('global' as const), post }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('transaction' as const),
      posts: fc.array(post, { minLength: 1, maxLength: 3 }),
      fails: fc.boolean(),
    }),
  },
);

const story = fc.array(
  fc.record({
    act,
    failAt: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 4, max: 14 })),
    error: fc.constantFrom('"boom"', '{ code = 7 }', 'nil'),
  }),
  { minLength: 4, maxLength: 10 },
);

const READY = `
  local C = crap.collections
  AUTHORS = {}
  for i = 0, 4 do AUTHORS[i] = C.create("authors", { name = "n" .. i }).id end
  for _, title in ipairs({ "x", "y", "z" }) do
    C.create("posts", { title = title, text = "one", author = AUTHORS[1], readers = { AUTHORS[2] }, items = { { label = "l" } } })
  end
  for _, doc in ipairs(C.find("posts").documents) do C.update("posts", doc.id, { text = "two words" }) end
  C.delete("authors", AUTHORS[4])
  function POST_AT(at)
    local all = C.find("posts", { order_by = "id", limit = 100, draft = true }).documents
    return #all > 0 and all[at % #all + 1].id or "none"
  end
  function AUTHOR_AT(at) return AUTHORS[at % 5] end`;

const postSource = (given: Post): string => {
  const author = (n: number) => `(AUTHORS[${n}] or "missing")`;
  const members = [
    given.title !== undefined && `title = ${luaSource(given.title)}`,
    given.text !== undefined && `text = ${luaSource(given.text)}`,
    given.author !== undefined && `author = ${author(given.author)}`,
    given.readers.length > 0 && `readers = { ${given.readers.map(author).join(', ')} }`,
    given.items.length > 0 && `items = { ${given.items.map((label) => `{ label = ${luaSource(label)} }`).join(', ')} }`,
  ];
  return `{ ${members.filter(Boolean).join(', ')} }`;
};

function callSource(given: Act): string {
  switch (given.kind) {
    case 'create':
      return `C.create("posts", ${postSource(given.post)})`;
    case 'update':
      return `C.update("posts", POST_AT(${given.at}), ${postSource(given.post)})`;
    case 'draft':
      return `C.update("posts", POST_AT(${given.at}), ${postSource(given.post)}, { draft = true })`;
    case 'create_many':
      return `C.create_many("posts", { ${given.posts.map(postSource).join(', ')} })`;
    case 'update_many':
      return `C.update_many("posts", { where = { ${given.where} } }, ${postSource(given.post)})`;
    case 'delete':
      return `C.delete("posts", POST_AT(${given.at}))`;
    case 'unpublish':
      return `C.unpublish("posts", POST_AT(${given.at}))`;
    case 'restore':
      return `local id = POST_AT(${given.at}) local versions = C.list_versions("posts", id).docs C.restore_version("posts", id, versions[#versions].id)`;
    case 'trash':
      return `C.delete("authors", AUTHOR_AT(${given.at}))`;
    case 'undelete':
      return `C.undelete("authors", AUTHOR_AT(${given.at}))`;
    case 'delete_author':
      return `C.delete("authors", AUTHOR_AT(${given.at}), { forceHardDelete = true })`;
    case 'delete_many':
      return `C.delete_many("posts", { where = { ${given.where} } })`;
    case 'delete_authors':
      return 'C.delete_many("authors", { where = { name = { not_equals = "n1" } } })';
    case 'author':
      return `C.create("authors", { name = "${given.name}" })`;
    case 'global':
      return `crap.globals.update("site", ${postSource(given.post)})`;
    case 'transaction':
      return `crap.transaction(function()
        ${given.posts.map((each) => `C.create("posts", ${postSource(each)})`).join('\n')}
        crap.jobs.queue("note", {})
        ${given.fails ? 'error("after all")' : ''}
      end)`;
    default:
      return '';
  }
}

/** Every row of every table. Full-text tables by what is in them: how FTS5 keeps it changes by itself. */
function dump(db: Db): Map<string, string[]> {
  const tables = runSync(db.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_fts_*_*' ORDER BY name"));
  return new Map(
    tables.map(({ name }) => {
      const rows = runSync(db.all(`SELECT * FROM "${String(name)}"`)).map((row) =>
        JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
      );
      return [String(name), rows.toSorted()];
    }),
  );
}

function changed(before: Map<string, string[]>, after: Map<string, string[]>): Record<string, { gone: string[]; come: string[] }> {
  const tables = new Set([...before.keys(), ...after.keys()]);
  const entries = [...tables].map((name) => {
    const [old, now] = [before.get(name) ?? [], after.get(name) ?? []];
    return [name, { gone: old.filter((row) => !now.includes(row)), come: now.filter((row) => !old.includes(row)) }] as const;
  });
  return Object.fromEntries(
    entries.filter(([name, { gone, come }]) => gone.length + come.length > 0 || before.get(name)?.length !== after.get(name)?.length),
  );
}

/** Kinds of calls, and how many of them must at least have failed and have succeeded. */
const KINDS = [
  [/^(create|update|draft)$/, 3, 3],
  [/_many$/, 3, 3],
  [/^(delete|unpublish|trash|undelete)/, 1, 3],
  [/^restore$/, 0, 1],
  [/^transaction$/, 3, 1],
] as const;

describe.each(engines)('on $name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  async function open(): Promise<{ bench: Bench; db: Db }> {
    const bench = await benches.open(engine, { files: FILES });
    await bench.run(DEFINE);
    await bench.enter();
    await bench.run(READY);
    return { bench, db: bench.session.requireDatabase().db };
  }

  it('[ONCE] what fails leaves nothing, and bulk operations all or nothing', { timeout: TIMEOUT }, async () => {
    const seen = new Map<string, { failed: number; done: number }>();
    await holdsAsync(story, engine.name === 'lua54' ? 40 : 10, async (acts) => {
      const { bench, db } = await open();
      try {
        for (const { act: given, failAt, error } of acts) {
          const before = dump(db);
          const call = callSource(given);
          const [ok, text] = await bench.run(`
            local C = crap.collections
            STEPS, FAIL_AT, FAIL_WITH = 0, ${failAt}, ${error}
            local ok, err = pcall(function() ${call} end)
            FAIL_AT = 0
            return ok, tostring(err)`);
          const counts = seen.get(given.kind) ?? { failed: 0, done: 0 };
          seen.set(given.kind, counts);
          if (ok === true) counts.done++;
          else {
            counts.failed++;
            expect(changed(before, dump(db)), `${call} failed with ${String(text)}`).toEqual({});
          }
        }
        runSync(db.run("INSERT INTO _fts_posts (_fts_posts) VALUES ('integrity-check')"));
        expect(runSync(db.all('PRAGMA foreign_key_check'))).toEqual([]);
      } finally {
        benches.dispose();
      }
    });
    if (engine.name !== 'lua54') return;
    // Otherwise nothing was shown of them.
    for (const [kinds, failed, done] of KINDS) {
      const counts = [...seen].filter(([kind]) => kinds.test(kind)).map(([, count]) => count);
      const sum = (name: 'failed' | 'done') => counts.reduce((total, count) => total + count[name], 0);
      expect(sum('failed'), `${kinds} failed`).toBeGreaterThanOrEqual(failed);
      expect(sum('done'), `${kinds} succeeded`).toBeGreaterThanOrEqual(done);
    }
  });
});
