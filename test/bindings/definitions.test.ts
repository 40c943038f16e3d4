/** define of collections, globals and jobs; config and schema; and the CRUD functions as scripts call them. */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runAsync } from '../../src/domain/op.js';
import { engines } from '../support/engines.js';
import { type Bench, Benches } from './support.js';

const POSTS =
  'crap.collections.define("posts", {\n  fields = { crap.fields.text({ name = "title", required = true }), { name = "score", type = "number" } },\n})';

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  /** As definition files are executed: the path is the chunk name, without `@`. */
  const load = (bench: Bench, file: string, source: string) => {
    bench.session.loadingFile = file;
    return runAsync(bench.session.vm.execute(source, join(bench.dir, file)));
  };

  it('records where a definition stands', async () => {
    const bench = await benches.open(engine);
    await load(bench, 'collections/posts.lua', `-- first line\n${POSTS}`);
    await load(bench, 'globals/settings.lua', '\n\ncrap.globals.define("settings", { fields = {} })');
    await load(bench, 'jobs/x.lua', '\ncrap.jobs.define("x", { handler = "jobs.x.run" })');
    const { collections, globals, jobs } = bench.session.registry;
    expect(collections.get('posts')).toMatchObject({ slug: 'posts', file: 'collections/posts.lua' });
    expect(globals.get('settings')).toMatchObject({ slug: 'settings', file: 'globals/settings.lua', line: 3 });
    expect(jobs.get('x')).toMatchObject({ slug: 'x', handler: { ref: 'jobs.x.run' }, file: 'jobs/x.lua', line: 2 });
  });

  it('records it for a module that init.lua requires', async () => {
    const bench = await benches.open(engine, { files: { 'plugins/a_plugin.lua': '\ncrap.jobs.define("x", { handler = "jobs.x.run" })' } });
    await load(bench, 'init.lua', 'require("plugins.a_plugin")');
    expect(bench.session.registry.jobs.get('x')).toMatchObject({ file: 'plugins/a_plugin.lua', line: 2 });
  });

  it('refuses wrong arguments and what does not parse', async () => {
    const bench = await benches.open(engine);
    expect(await bench.failure('crap.collections.define()')).toBe(
      'bad argument #1: error converting Lua nil to String (expected string or number)',
    );
    expect(await bench.failure('crap.collections.define("x")')).toBe('bad argument #2: error converting Lua nil to table');
    expect(await bench.failure('crap.jobs.define("x", "y")')).toBe('bad argument #2: error converting Lua string to table');
    expect(await bench.failure('crap.collections.define("x", { fields = { { type = "text" } } })')).toBe(
      "runtime error: Failed to parse collection 'x': Field missing 'name'",
    );
    expect(await bench.failure('crap.globals.define("x", { fields = { { type = "text" } } })')).toBe(
      "runtime error: Failed to parse global 'x': Field missing 'name'",
    );
    expect(await bench.failure('crap.jobs.define("x", {})')).toBe(
      "runtime error: Failed to parse job 'x': Job 'x' missing required 'handler' field",
    );
    expect(bench.session.registry.jobs.size).toBe(0);
  });

  // The stack of the host ran over, and the file was refused with that for a reason.
  it('refuses a table that contains itself, and says where; one that is used twice is fine', async () => {
    const bench = await benches.open(engine);
    await bench.run(`section = { type = "section", fields = { { name = "title" } } }
      section.fields[2] = { name = "children", type = "blocks", blocks = { section } }
      shared = { { name = "x" } }`);
    const problem =
      "'fields[1].blocks[1].fields[2].blocks[1]' is a table that contains itself; write the nesting out to the depth that is needed, with a function that returns a new table for each level";
    const fields = 'fields = { { name = "c", type = "blocks", blocks = { section } } }';
    expect(await bench.failure(`crap.collections.define("x", { ${fields} })`)).toBe(
      `runtime error: Failed to parse collection 'x': ${problem}`,
    );
    expect(await bench.failure(`crap.globals.define("x", { ${fields} })`)).toBe(`runtime error: Failed to parse global 'x': ${problem}`);
    await bench.run(
      'crap.collections.define("y", { fields = { { name = "a", type = "group", fields = shared }, { name = "b", type = "array", fields = shared } } })',
    );
    expect(bench.session.registry.collections.get('y')?.fields).toHaveLength(2);
  });

  it('keeps { ref, options } of strategies through config.get and define again', async () => {
    const bench = await benches.open(engine, { generation: 10 });
    const chunk = `
      crap.collections.define("people", { fields = {}, auth = { strategies = {
        { name = "plain", authenticate = "auth.plain" }, { name = "key", authenticate = { ref = "auth.key", options = { header = "x-key" } } } } } })
      for _ = 1, 2 do crap.collections.define("people", crap.collections.config.get("people")) end
      local s = crap.collections.config.get("people").auth.strategies
      return #s, s[1].authenticate, s[2].name, s[2].authenticate.ref, s[2].authenticate.options.header`;
    expect(await bench.run(chunk)).toEqual([2, 'auth.plain', 'key', 'auth.key', 'x-key']);
  });

  it('refuses every definition once the project runs under generation 10, known slugs too', async () => {
    const bench = await benches.open(engine, { generation: 10 });
    await bench.run(`${POSTS} crap.globals.define("g", { fields = {} }) crap.jobs.define("j", { handler = "jobs.j.run" })`);
    await bench.run('crap.jobs.define("j", { handler = "jobs.j.run", retries = 1 })');
    bench.session.phase = 'running';
    for (const [kind, slugs, config] of [
      ['collection', ['posts', 'late'], '{ fields = {} }'],
      ['global', ['g', 'late'], '{ fields = {} }'],
      ['job', ['j', 'late'], '{ handler = "x.y" }'],
    ] as const) {
      for (const slug of slugs) {
        expect(await bench.failure(`crap.${kind}s.define("${slug}", ${config})`)).toBe(
          `runtime error: crap.${kind}s.define must be called from a definition file or init.lua. To change a registered ${kind}, edit the file and restart the process.`,
        );
      }
    }
    expect(bench.session.registry.jobs.get('j')?.handler.ref).toBe('jobs.j.run');
  });

  it('refuses new slugs once the project runs, and replaces known ones', async () => {
    const bench = await benches.open(engine);
    await bench.run(`${POSTS} crap.globals.define("g", { fields = {} }) crap.jobs.define("j", { handler = "jobs.j.run" })`);
    bench.session.phase = 'running';
    expect(await bench.failure('crap.collections.define("late", { fields = {} })')).toBe(
      'runtime error: crap.collections.define must be called from a definition file or init.lua for a NEW collection — runtime registration does not create the table or admin routes. Re-defining an already-registered collection is allowed.',
    );
    expect(await bench.failure('crap.globals.define("late", { fields = {} })')).toBe(
      'runtime error: crap.globals.define must be called from a definition file or init.lua for a NEW global — runtime registration does not create the row or admin routes. Re-defining an already-registered global is allowed.',
    );
    expect(await bench.failure('crap.jobs.define("late", { handler = "jobs.late.run" })')).toBe(
      'runtime error: crap.jobs.define must be called from a definition file or init.lua for a NEW job — runtime registration does not enroll the scheduler or queue worker. Re-defining an already-registered job is allowed.',
    );
    await bench.run(
      'crap.jobs.define("j", { handler = "jobs.j.run", retries = 7 }) crap.collections.define("posts", { labels = { singular = "Post" }, fields = {} })',
    );
    expect(bench.session.registry.jobs.get('j')?.retries).toBe(7);
    expect(await bench.value('return crap.schema.get_collection("posts").labels.singular')).toBe('Post');
  });

  it('refuses one job slug in two files, and lets one file run twice', async () => {
    const bench = await benches.open(engine);
    const job = 'crap.jobs.define("x", { handler = "jobs.x.run" })';
    await load(bench, 'jobs/a.lua', job);
    await load(bench, 'jobs/a.lua', job);
    await load(bench, 'jobs/b.lua', `${job} crap.jobs.define("y", {}) loaded = true`);
    // Both are noted with their place, and the file goes on.
    expect(bench.session.refused.map(({ error, file }) => [error.message, file])).toEqual([
      ["Job 'x' is defined in jobs/a.lua and again in jobs/b.lua", 'jobs/b.lua'],
      [expect.stringMatching(/^Failed to parse job 'y': Job 'y' missing required 'handler' field/), 'jobs/b.lua'],
    ]);
    expect(await bench.run('return loaded')).toEqual([true]);
  });

  it('reads definitions back', async () => {
    const bench = await benches.open(engine);
    await bench.run(POSTS);
    expect(
      await bench.run(
        'local c = crap.collections.config return c.get("nope"), c.get("posts").fields[1].name, c.list().posts.fields[2].type, crap.globals.config.get("nope"), next(crap.globals.config.list())',
      ),
    ).toEqual([undefined, 'title', 'number', undefined, undefined]);
    expect(
      await bench.run(
        'local s = crap.schema return s.get_collection("posts").slug, s.get_collection("nope"), s.get_global("posts"), s.list_collections()[1].slug, #s.list_globals()',
      ),
    ).toEqual(['posts', undefined, undefined, 'posts', 0]);
    await bench.run(
      'local d = crap.collections.config.get("posts") d.fields[#d.fields + 1] = { name = "more", type = "text" } crap.collections.define("posts", d)',
    );
    expect(bench.session.registry.collections.get('posts')?.fields.map((field) => field.name)).toEqual(['title', 'score', 'more']);
  });

  it('creates, reads, updates, counts and deletes', async () => {
    const bench = await benches.open(engine);
    await bench.run(POSTS);
    await bench.enter();
    const results = await bench.run(`
      local c = crap.collections
      local doc = c.create("posts", { title = "one", score = 2 })
      local found = c.find("posts", { where = { title = "one" } })
      local changed = c.update("posts", doc.id, { title = "two" })
      return #doc.id, doc.score, #found.documents, found.pagination.totalDocs, changed.title, c.find_by_id("posts", doc.id).title,
        c.find_by_id("posts", "none"), c.count("posts"), c.delete("posts", doc.id), c.count("posts")`);
    expect(results.map((value) => (typeof value === 'object' && value ? Number(value) : value))).toEqual([
      21,
      2,
      1,
      1,
      'two',
      'two',
      undefined,
      1,
      true,
      0,
    ]);
  });

  it('needs a database context for them', async () => {
    const bench = await benches.open(engine);
    await bench.run(POSTS);
    const text =
      'runtime error: crap.collections CRUD functions are only available inside hooks with transaction context (before_change, before_delete, etc.)';
    for (const call of [
      'find("posts")',
      'find_by_id("posts", "x")',
      'count("posts")',
      'create("posts", {})',
      'update("posts", "x", {})',
      'delete("posts", "x")',
    ]) {
      expect(await bench.failure(`crap.collections.${call}`)).toBe(text);
    }
    expect(await bench.failure('crap.globals.get("g")')).toBe(text);
    await bench.enter();
    expect(await bench.value('return crap.collections.count("posts")')).toBe(0);
    bench.commit();
    expect(await bench.failure('crap.collections.count("posts")')).toBe(text);
  });

  it('says what the access rules say', async () => {
    const rules =
      'local M = {} function M.yes() return true end function M.no() return false end function M.mine(ctx) return { owner = ctx.user.id, level = { greater_than_or_equal = 1, less_than_or_equal = 9.5 }, flag = true, tag = { ["in"] = { "a", 1 } }, x = { exists = true } } end function M.raises() error("rule raised") end return M';
    const bench = await benches.open(engine, { files: { 'access/rules.lua': rules }, config: { access: { default_deny: true } } });
    await bench.run(`crap.collections.define("guarded", { access = { read = "access.rules.yes", create = "access.rules.no", update = "access.rules.mine", delete = "access.rules.raises" },
      fields = { { name = "secret", type = "text", access = { read = "access.rules.no", create = "access.rules.raises" } }, { name = "box", type = "group", fields = { { name = "leaf", type = "text", access = { read = "access.rules.no" } } } } } })
      crap.collections.define("open", { fields = {} }) crap.globals.define("vault", { access = { update = "access.rules.yes" }, fields = {} })`);
    await bench.enter({ user: { id: 'u1' }, overrideAccessByDefault: false });
    const check = (slug: string, operation: string) =>
      bench.value(`local a = crap.access.check("${slug}", "${operation}") return type(a) == "table" and crap.json.encode(a) or a`);
    expect(await check('guarded', 'read')).toBe('allowed');
    expect(await check('guarded', 'create')).toBe('denied');
    expect(await check('open', 'read')).toBe('denied');
    expect(await check('vault', 'update')).toBe('allowed');
    const constraints = {
      owner: 'u1',
      level: { greater_than_or_equal: '1', less_than_or_equal: '9.5' },
      flag: '1',
      tag: { in: ['a', '1'] },
      x: { exists: true },
    };
    expect(JSON.parse((await check('guarded', 'update')) as string)).toEqual(constraints);
    expect(JSON.parse((await check('guarded', 'trash')) as string)).toEqual(constraints);
    expect(await bench.failure('crap.access.check("guarded", "nonsense")')).toBe("runtime error: Unknown operation 'nonsense'");
    expect(await bench.failure('crap.access.check("vault", "create")')).toBe(
      "runtime error: Operation 'create' not valid for global 'vault'",
    );
    expect(await bench.failure('crap.access.check("nope", "read")')).toBe("runtime error: Collection or global 'nope' not found");
    expect(await bench.failure('crap.access.check("guarded", "delete")')).toMatch(
      /^runtime error: access check error: runtime error: .*access\/rules\.lua:1: rule raised$/,
    );
    expect(await bench.value('return table.concat(crap.access.field_read_denied("guarded"), " ")')).toBe('secret box__leaf');
    expect(await bench.value('return table.concat(crap.access.field_write_denied("guarded", "create"), " ")')).toBe('secret');
    expect(await bench.failure('crap.access.field_write_denied("guarded", "delete")')).toBe(
      "runtime error: field_write_denied operation must be 'create' or 'update', got 'delete'",
    );
    expect(await bench.value('return crap.auth.user().id')).toBe('u1');
  });

  // A constraint that nothing meets was handed out as its opposite, and one that every read refuses as if it could be used.
  it('hands out constraints that mean what a read makes of them', async () => {
    const rules = 'local M = {} function M.rule() return answer end return M';
    const bench = await benches.open(engine, { files: { 'access/rules.lua': rules } });
    await bench.run('crap.collections.define("guarded", { access = { read = "access.rules.rule" }, fields = { { name = "x" } } })');
    await bench.enter({ overrideAccessByDefault: false });
    const check = (answer: string) =>
      bench.value(
        `answer = ${answer} local a = crap.access.check("guarded", "read") return type(a) == "table" and crap.json.encode(a) or a`,
      );
    const failure = (answer: string) => bench.failure(`(function() answer = ${answer} crap.access.check("guarded", "read") end)()`);
    expect(await check('{ x = { exists = false } }')).toBe('{"x":{"not_exists":true}}');
    expect(await check('{ x = { not_exists = false } }')).toBe('{"x":{"exists":true}}');
    expect(await check('{ x = print }')).toBe('denied');
    expect(await failure('{ x = { equals = { 1 } } }')).toBe(
      'runtime error: access check error: runtime error: filter value must be string, number, or boolean',
    );
    expect(await failure('{ x = { bad = 1 } }')).toBe("runtime error: access check error: runtime error: unknown filter operator 'bad'");
  });
});
