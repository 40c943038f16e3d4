// What crap.collections costs beside the same SQL in bare better-sqlite3: find_by_id, create and find, called from Lua in one transaction.
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { nanoid } from 'nanoid';
import { openProject } from '../dist/operations/open-project.js';
import { interleaved } from './measure.mjs';
import { writeProject } from './project.mjs';
import { record, replay } from './recorder.mjs';

export const ENGINES = ['lua54', 'fengari'];
/** What may be lost to the bare driver, on lua54. */
export const LIMITS = { find_by_id: 4, create: 4, find_100: 5 };

const COLLECTION = `
local fields = {
  { name = "title", type = "text", required = true },
  { name = "slug", type = "text" },
  { name = "summary", type = "textarea" },
  { name = "author", type = "email" },
  { name = "state", type = "select", options = { { label = "New", value = "new" }, { label = "Old", value = "old" } } },
  { name = "published", type = "date" },
  { name = "views", type = "number" },
  { name = "rating", type = "number" },
  { name = "featured", type = "checkbox" },
  { name = "notes", type = "code" },
}
crap.collections.define("articles", { fields = fields })
crap.collections.define("hundred", { fields = fields })
`;

const PRELUDE = `
local C = crap.collections
local function article(i)
  return { title = "Article number " .. i, slug = "article-" .. i, summary = "What the article of number " .. i .. " is about, in a line",
    author = "author" .. i % 20 .. "@example.com", state = i % 2 == 0 and "new" or "old", published = "2026-01-02", views = i,
    rating = i / 7, featured = i % 3 == 0, notes = "local x = " .. i }
end
`;

const SEEDED = 1_000;

class Side {
  static async open(engine) {
    const side = new Side();
    side.folder = writeProject({
      'crap.toml': '[access]\ndefault_deny = false\n[pagination]\nmax_limit = 1000\n',
      'moonlighter.toml': `[lua]\nengine = "${engine}"\n`,
      'collections/articles.lua': COLLECTION,
    });
    side.opened = await openProject({ config: side.folder.dir, cwd: side.folder.dir, env: {} });
    side.executor = await side.opened.executor();
    side.ids = await side.run(`
      for i = 1, 100 do C.create("hundred", article(i)) end
      local ids = {}
      for i = 1, ${SEEDED} do ids[i] = C.create("articles", article(i)).id end
      IDS = ids
      return ids`);
    return side;
  }

  /** Executes a chunk in one transaction and commits; its first value. */
  run(chunk) {
    return this.executor.transaction(function* (session) {
      const [value] = yield* session.vm.execute(PRELUDE + chunk, '=bench');
      return value?.entries ? [...value.entries.values()] : value;
    });
  }

  async close() {
    await this.opened.close();
    this.folder.dispose();
  }
}

/**
 * @param {{ quick?: boolean }} options quick: fewer rounds, for a test
 * @returns {Promise<Record<string, { statements: string[], bare: number, lua54: number, fengari: number, ratio: number, fengariRatio: number, limit: number }>>}
 *   times are medians in microseconds
 */
export async function measureContent({ quick = false } = {}) {
  const sides = {};
  for (const engine of ENGINES) sides[engine] = await Side.open(engine);
  const { lua54 } = sides;
  const copy = join(lua54.folder.dir, 'bare.db');
  const source = new SqliteDatabase(lua54.opened.databasePath);
  source.exec(`VACUUM INTO '${copy}'`);
  source.close();
  const bare = new SqliteDatabase(copy);
  for (const pragma of [
    'journal_mode = WAL',
    'synchronous = NORMAL',
    'foreign_keys = ON',
    'cache_size = -16384',
    'mmap_size = 268435456',
  ]) {
    bare.pragma(pragma);
  }
  const results = {};
  try {
    for (const act of acts(lua54.ids)) results[act.name] = await measure(act, sides, bare, quick);
  } finally {
    bare.close();
    for (const side of Object.values(sides)) await side.close();
  }
  return results;
}

function acts(ids) {
  return [
    {
      name: 'find_by_id',
      operations: 500,
      one: `return C.find_by_id("articles", IDS[1]).title`,
      gives: 'Article number 1',
      bareGives: (row) => row.title,
      many: (n) => `for i = 1, ${n} do C.find_by_id("articles", IDS[i]) end`,
      recordedId: () => ids[0],
      id: (i) => ids[i],
    },
    {
      name: 'create',
      operations: 100,
      one: `return C.create("articles", article(1)).id`,
      many: (n) => `for i = 1, ${n} do C.create("articles", article(i)) end`,
      recordedId: (result) => result,
      id: () => nanoid(),
    },
    {
      name: 'find_100',
      operations: 20,
      one: `return #C.find("hundred", { limit = 100 }).documents`,
      gives: 100,
      bareGives: (rows) => rows.length,
      many: (n) => `for i = 1, ${n} do C.find("hundred", { limit = 100 }) end`,
      recordedId: () => undefined,
      id: () => '',
    },
  ];
}

async function measure(act, sides, bare, quick) {
  // The first call looks things up that later ones know.
  await sides.lua54.run(act.one);
  let result;
  const statements = await record(async () => {
    result = await sides.lua54.run(act.one);
  });
  // A measurement of something else (an empty table, a missing document) would look like a fast one.
  if (act.gives !== undefined && result !== act.gives) throw new Error(`${act.name} gave ${result}, not ${act.gives}`);
  const again = replay(bare, statements, act.recordedId(result));
  if (act.bareGives && act.bareGives(again(act.id(0))) !== act.gives) throw new Error(`${act.name}: the bare driver gave something else`);
  const n = act.operations;
  const contenders = {
    bare: bare.transaction(() => {
      for (let i = 0; i < n; i++) again(act.id(i));
    }),
    lua54: () => sides.lua54.run(act.many(n)),
    fengari: () => sides.fengari.run(act.many(n)),
  };
  const times = await interleaved(contenders, { rounds: quick ? 9 : 41, warmUp: quick ? 4 : 15, operations: n });
  return {
    statements: statements.map(({ sql }) => sql),
    bare: times.bare.median,
    lua54: times.lua54.median,
    fengari: times.fengari.median,
    ratio: times.lua54.median / times.bare.median,
    fengariRatio: times.fengari.median / times.bare.median,
    limit: LIMITS[act.name],
  };
}

export function printContent(results) {
  const lines = ['', 'What an operation costs beside the same statements in bare better-sqlite3 (medians, µs an operation)', ''];
  lines.push(row('', 'statements', 'bare', 'lua54', 'ratio', 'at most', 'fengari', 'ratio'));
  for (const [name, each] of Object.entries(results)) {
    lines.push(
      row(
        name,
        each.statements.length,
        each.bare.toFixed(1),
        each.lua54.toFixed(1),
        each.ratio.toFixed(2),
        each.limit,
        each.fengari.toFixed(1),
        each.fengariRatio.toFixed(2),
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}

function row(name, ...cells) {
  return `${name.padEnd(12)}${cells.map((cell) => String(cell).padStart(11)).join('')}`;
}
