import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type CheckedProject, checkProject } from '../../src/project/check-project.js';
import { createProject, type ProjectFolder } from '../support/project.js';

const folders: ProjectFolder[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => folder.dispose()));
});

async function check(
  files: Record<string, string>,
  options: Parameters<typeof checkProject>[2] = {},
): Promise<CheckedProject & { dir: string }> {
  const folder = await createProject(files);
  folders.push(folder);
  return checkProject(folder.dir, {}, options);
}

const places = (project: CheckedProject) => project.problems.map(({ file, line, code }) => [file, line, code]);
const job = (slug: string, more = '') =>
  `crap.jobs.define("${slug}", { handler = "jobs.${slug}.run"${more} })\nreturn { run = function() end }\n`;
const posts = `crap.collections.define("posts", {
  fields = { crap.fields.text({ name = "title", required = true }) },
  hooks = { before_change = { "hooks.posts.slug" } },
  access = { read = "access.open" },
})
`;

describe('a sound project', () => {
  const files = {
    'crap.toml': '[access]\ndefault_deny = false\n[hooks]\non_init = ["hooks.start"]\n',
    'collections/posts.lua': posts,
    'globals/site.lua': 'crap.globals.define("site", { fields = { crap.fields.text({ name = "name" }) } })',
    'hooks/posts.lua': 'return { slug = function(ctx) return ctx end }',
    'hooks/start.lua': 'return function() end',
    'access/open.lua': 'return function() return true end',
    'jobs/digest.lua': job('digest', ', schedule = "0 8 * * 1"'),
    'jobs/notes.txt': 'not Lua',
    'jobs/nested/inner.lua': 'error("not executed")',
    'init.lua': 'require("plugins.more")',
    'plugins/more.lua': 'crap.jobs.define("extra", { handler = "jobs.digest.run" })',
  };

  it('has no problems, and everything that it defines', async () => {
    const project = await check(files);
    expect(project.problems).toEqual([]);
    expect([...project.registry.collections.keys()]).toEqual(['posts']);
    expect([...project.registry.globals.keys()]).toEqual(['site']);
    expect([...project.registry.jobs.keys()]).toEqual(['digest', 'extra']);
    expect(project.registry.jobs.get('digest')).toMatchObject({ schedule: '0 8 * * 1', file: 'jobs/digest.lua', line: 1 });
    expect(project.registry.jobs.get('extra')).toMatchObject({ file: 'plugins/more.lua', line: 1 });
    expect(project.generation).toBe(8);
  });

  it('can be sent between threads', async () => {
    const project = await check(files);
    expect(structuredClone(project)).toEqual(project);
  });

  it('needs no file at all', async () => {
    const { problems, registry } = await check({ 'crap.toml': '' });
    expect(problems).toEqual([]);
    expect(registry.jobs.size).toBe(0);
  });

  it('executes files in the order of the reference, by the bytes of their names', async () => {
    const lines: string[] = [];
    const say = (name: string) => `crap.log.info("${name}")`;
    const project = await check(
      {
        'init.lua': say('init'),
        'jobs/b.lua': say('b'),
        'jobs/Z.lua': say('Z'),
        'jobs/.h.lua': say('hidden'),
        'jobs/a.LUA': say('not this'),
        'globals/g.lua': say('g'),
        'collections/c.lua': say('c'),
      },
      { log: (line) => lines.push(line.text.replace(/^\[lua:init\] /, '')) },
    );
    expect(project.problems).toEqual([]);
    expect(lines.map((line) => line.split(' ').at(-1))).toEqual(['c', 'g', 'hidden', 'Z', 'b', 'init']);
  });

  it('executes files as chunks that are no modules; under generation 10 their results are', async () => {
    const files = {
      'jobs/counted.lua':
        'times = (times or 0) + 1\ncrap.jobs.define("counted", { handler = "jobs.counted.run" })\nreturn { run = function() end }',
      'init.lua': 'local m = require("jobs.counted")\ncrap.log.info(times .. " " .. type(m.run))',
    };
    const seen: string[] = [];
    const log = { log: (line: { text: string }) => void seen.push(line.text) };
    expect((await check(files, log)).problems).toEqual([]);
    expect((await check({ ...files, 'moonlighter.toml': '[compat]\ngeneration = 10' }, log)).problems).toEqual([]);
    expect(seen.map((text) => text.slice(-10))).toEqual(['2 function', '1 function']);
  });
});

describe('a broken project [BOUNDARY]', () => {
  it('has all its problems listed together, with file and line', async () => {
    const project = await check({
      'crap.toml': '[jobs]\npoll_intervall = 1\n',
      'collections/bad-value.lua': '\ncrap.collections.define("bad", {\n  fields = { { name = "x", required = 1 } },\n})\n',
      'globals/broken.lua': 'local x = = 1\n',
      'jobs/a.lua': '\n\nerror("in def")\n',
      'jobs/b.lua': 'crap.jobs.define("b", {\n  handler = "jobs.b.run",\n  schedule = "60 * * * *",\n  retrys = 2,\n})\n',
      'jobs/c.lua': job('c'),
      'init.lua': 'local function deep() crap.nothing.at_all() end\ndeep()\n',
    });
    expect(places(project)).toEqual([
      ['crap.toml', 2, 'CONFIG_UNKNOWN_KEY'],
      ['collections/bad-value.lua', 2, expect.any(String)],
      ['globals/broken.lua', 1, 'LUA_SYNTAX'],
      ['jobs/a.lua', 3, 'DEFINITION_FAILED'],
      ['jobs/b.lua', 1, 'JOB_INVALID'],
      ['jobs/b.lua', 1, 'JOB_UNKNOWN_KEY'],
      ['init.lua', 1, 'DEFINITION_FAILED'],
    ]);
    expect(project.problems.every(({ remedy, severity }) => remedy && severity === 'error')).toBe(true);
    expect([...project.registry.jobs.keys()]).toEqual(['c']);
    const messages = project.problems.map(({ message }) => message.replaceAll(project.dir, '/p'));
    expect(messages[2]).toMatch(
      /^Failed to execute \/p\/globals\/broken\.lua: syntax error: \[string "\/p\/globals\/broken\.lua"\]:1: unexpected symbol near '='/,
    );
    expect(messages[3]).toBe('Failed to execute /p/jobs/a.lua: runtime error: [string "/p/jobs/a.lua"]:3: in def');
    expect(messages[4]).toBe(
      `Failed to parse job 'b': Job 'b' has invalid cron expression '60 * * * *': minute: expected a number from 0 to 59, found "60"`,
    );
    expect(messages[6]).toMatch(/^Failed to execute init\.lua: runtime error: .*attempt to index a nil value \(field 'nothing'\)$/);
  });

  it('is told where operations may be called when a file calls one while it is loaded', async () => {
    const project = await check({
      'collections/a.lua': 'crap.collections.define("a", { fields = {} })\nlocal all = crap.collections.find("a")\n',
      'init.lua': 'local ok = pcall(crap.globals.get, "none")\nassert(not ok)\n',
    });
    expect(places(project)).toEqual([['collections/a.lua', 2, 'NO_DATABASE_CONTEXT']]);
    expect(project.problems[0]!.message).toContain('crap.collections CRUD functions are only available inside hooks');
    expect(project.problems[0]!.remedy).toContain('call it from a job handler');
    expect(project.registry.collections.has('a')).toBe(true);
  });

  it('warns of a hook that is registered for an event which never comes', async () => {
    const project = await check({ 'init.lua': '\ncrap.hooks.register("before_chnge", function() end)' });
    expect(project.problems).toEqual([
      expect.objectContaining({
        severity: 'warning',
        code: 'UNKNOWN_EVENT',
        file: 'init.lua',
        line: 2,
        remedy: expect.stringContaining('before_change'),
      }),
    ]);
  });

  it('has several refused definitions of one file listed, and what the file raises after them', async () => {
    // Regression: the first refused definition ended its file, so the others came to light one check at a time.
    const project = await check({
      'jobs/many.lua':
        'crap.jobs.define("a", { handler = 5, retries = "x" })\n\ncrap.jobs.define("b", { handler = "jobs.many.run", schedule = "61 * * * *" })\ncrap.jobs.define("c", { handler = "jobs.many.run" })\nerror("at the end")',
      'collections/two.lua':
        'crap.collections.define("Bad Slug", {})\ncrap.collections.define("fine", { fields = { { name = "x", type = "wrong" } } })',
    });
    const found = places(project).filter(([file]) => file === 'jobs/many.lua' || file === 'collections/two.lua');
    expect(new Set(found.map(([file, line]) => `${file}:${line}`))).toEqual(
      new Set(['collections/two.lua:1', 'collections/two.lua:2', 'jobs/many.lua:1', 'jobs/many.lua:3', 'jobs/many.lua:5']),
    );
  });

  it('names references that lead nowhere, at their definition, and modules that are broken, at their fault', async () => {
    const project = await check({
      'crap.toml': '[access]\ndefault_deny = false\n\n[hooks]\non_init = ["hooks.nowhere"]\n',
      'collections/posts.lua': posts,
      'hooks/posts.lua': 'return { slugs = function() end }',
      'access/open.lua': 'local x = 1\nlocal y = x.y.z\nreturn function() return true end',
      'jobs/a.lua': 'crap.jobs.define("a", {\n  handler = "nodots",\n  access = "access.jobs.admin",\n})',
    });
    expect(project.problems.map(({ file, line, message }) => [file, line, message.replaceAll(project.dir, '/p')])).toEqual([
      [
        'collections/posts.lua',
        1,
        "collection 'posts': before_change: 'hooks.posts.slug' — Function 'slug' not found in module 'hooks.posts' (did you mean 'slugs'?)",
      ],
      [
        'access/open.lua',
        2,
        expect.stringMatching(/^collection 'posts': access\.read: 'access\.open' — .*attempt to index a number value \(local 'x'\)/),
      ],
      ['jobs/a.lua', 1, "job 'a': handler: 'nodots' — Hook ref 'nodots' must be module.function format"],
      ['jobs/a.lua', 1, "job 'a': access: 'access.jobs.admin' — Failed to require module 'access.jobs'"],
      ['crap.toml', 5, "crap.toml: hooks.on_init: 'hooks.nowhere' — Failed to require module 'hooks'"],
    ]);
  });

  it('resolves every function that a definition names: errors under generation 10, warnings where the reference asks for none', async () => {
    const users = `crap.collections.define("users", {
      auth = { mfa_when = "a.when", strategies = { { name = "key", authenticate = "a.key" } } },
      live = { mode = "full", filter = "a.live" },
      fields = { crap.fields.text({ name = "x", validate = "a.validate", required_when = "a.required" }) },
    })`;
    const found = async (generation: 8 | 10) => {
      const project = await check({ 'moonlighter.toml': `[compat]\ngeneration = ${generation}\n`, 'collections/users.lua': users });
      const unresolved = project.problems.filter(({ code }) => code === 'REFERENCE_UNRESOLVED');
      return unresolved.map(({ severity, field }) => `${severity} ${field}`).sort();
    };
    expect(await found(10)).toEqual([
      'error auth.mfa_when',
      'error live.filter',
      'error required_when',
      'error validate',
      'warning auth.strategies',
    ]);
    const eight = await found(8);
    expect(eight).toContain('warning validate');
    expect(eight.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  it('Regression: says of a module that is there what it returns, instead of that it cannot be required', async () => {
    const project = await check({
      'collections/a.lua':
        'crap.collections.define("a", { fields = {}, hooks = { before_change = { "hooks.many", "hooks.one.run", "hooks.folder", "hooks.five.run" } } })',
      'hooks/many.lua': 'return { run = function() end }',
      'hooks/one.lua': 'return function() end',
      'hooks/folder/init.lua': 'return {}',
      'hooks/five.lua': 'return 5',
    });
    const source = "collection 'a': before_change:";
    expect(project.problems.map(({ message, remedy }) => [message, remedy])).toEqual([
      [
        `${source} 'hooks.many' — Failed to require module 'hooks': module 'hooks.many' returns a table, expected a function`,
        "name one of its functions ('hooks.many.<function>'), or return a function from hooks/many.lua",
      ],
      [
        `${source} 'hooks.one.run' — Failed to require module 'hooks.one': module 'hooks.one' returns a function, expected a table of functions`,
        "name 'hooks.one' alone, or return a table of functions from hooks/one.lua",
      ],
      [
        `${source} 'hooks.folder' — Failed to require module 'hooks': module 'hooks.folder' returns a table, expected a function`,
        "name one of its functions ('hooks.folder.<function>'), or return a function from hooks/folder/init.lua",
      ],
      [
        `${source} 'hooks.five.run' — Failed to require module 'hooks.five': module 'hooks.five' returns an integer, expected a table of functions`,
        'return a table of functions from hooks/five.lua',
      ],
    ]);
  });

  it.each(['lua54', 'fengari'])(
    'Regression: names modules that require each other at once, not after half a minute (%s)',
    async (engine) => {
      const project = await check({
        'moonlighter.toml': `[lua]\nengine = "${engine}"\n`,
        'init.lua': '\nrequire("m.a")',
        'm/a.lua': 'local b = require("m.b")\nreturn { b = b }',
        'm/b.lua': 'return { a = require("m.a") }',
      });
      expect(project.problems).toHaveLength(1);
      const [problem] = project.problems;
      expect(problem?.message).toContain("C stack overflow: a module is required again before it is loaded: 'm.a', 'm.b'");
      expect(problem?.file).toMatch(/^m\/[ab]\.lua$/);
    },
  );

  it('Regression: places mistakes of migrations where they are, also at the end of the file', async () => {
    const project = await check({
      'migrations/20260101000000_a.lua': 'x',
      'migrations/20260102000000_b.lua': 'local M = {}\nfunction M.up()\n',
      'migrations/20260103000000_c.lua': 'return {}\nend\ndo',
      'migrations/20260104000000_d.lua': 'error("not executed")\nlocal a = ...',
    });
    expect(project.problems.map(({ file, line, message }) => [file, line, message.replace(/^.*: /, '')])).toEqual([
      ['migrations/20260101000000_a.lua', 1, 'syntax error near <eof>'],
      ['migrations/20260102000000_b.lua', expect.any(Number), expect.stringContaining("'end' expected")],
      ['migrations/20260103000000_c.lua', 2, "<eof> expected near 'end'"],
    ]);
  });

  it('may not define a slug in two files, but may define it again from the same file, and collections again from init.lua', async () => {
    const twice = await check({
      'jobs/a.lua': 'crap.jobs.define("same", { handler = "jobs.a.run" })\nreturn { run = function() end }',
      'jobs/b.lua': '\ncrap.jobs.define("same", { handler = "jobs.a.run" })',
      'collections/a.lua': 'crap.collections.define("same", { fields = {} })',
      'collections/b.lua': '\ncrap.collections.define("same", { fields = {} })',
    });
    expect(places(twice)).toEqual([
      ['collections/b.lua', 2, 'DUPLICATE_SLUG'],
      ['jobs/b.lua', 2, 'DUPLICATE_SLUG'],
    ]);
    for (const { message } of twice.problems) expect(message).toMatch(/a\.lua and again in (jobs|collections)\/b\.lua/);
    const again = await check({
      'jobs/a.lua': job('a'),
      'collections/a.lua': 'crap.collections.define("a", { fields = {} })\ncrap.collections.define("a", { fields = {} })',
      'init.lua': 'local c = crap.collections.config.get("a")\ncrap.collections.define("a", c)\nrequire("jobs.a")',
    });
    expect(again.problems).toEqual([]);
  });

  it.each([
    ['a loop', 'while true do end'],
    ['a loop in pcall', 'while true do pcall(function() while true do end end) end'],
    ['a long wait', 'crap.sleep(1000)'],
    ['a comparator that loops', 'table.sort({1, 2, 3}, function() while true do end end)'],
  ])('does not hang on %s', async (_what, source) => {
    const project = await check({ 'jobs/a.lua': `local x = 1\n${source}\n`, 'jobs/b.lua': job('b') }, { limitMs: 300 });
    expect(project.problems).toMatchObject([
      { code: 'LOAD_UNFINISHED', file: 'jobs/a.lua', message: expect.stringMatching(/^jobs\/a\.lua did not finish loading/) },
    ]);
  });

  it('does not hang on a module that loops', async () => {
    const project = await check(
      { 'jobs/a.lua': 'crap.jobs.define("a", { handler = "hooks.loop.run" })', 'hooks/loop.lua': 'while true do end' },
      { limitMs: 300 },
    );
    expect(project.problems).toMatchObject([{ code: 'LOAD_UNFINISHED' }]);
  });

  it('keeps what is readable where a file is not text', async () => {
    const project = await check({ 'jobs/a.lua': 'return "\u0000"', 'jobs/b.lua': '\u001bLua', 'jobs/c.lua': job('c') });
    expect(project.problems).toMatchObject([{ file: 'jobs/b.lua', severity: 'error' }]);
    expect(project.registry.jobs.has('c')).toBe(true);
  });

  it('lists the warnings of a definition beside its errors, each with a remedy', async () => {
    const project = await check({
      'collections/posts.lua': 'crap.collections.define("posts", {\n  fields = { { name = "a", requird = true }, { type = "row" } } })',
    });
    expect(project.problems.map(({ severity, field, remedy }) => [severity, field, remedy])).toEqual([
      ['error', 'fields[2]', "correct fields[2] in the definition of collection 'posts'"],
      ['warning', 'fields[1].requird', "write 'required' instead of 'requird'"],
    ]);
  });

  it('says what to do about bytes that are no text, and about a link to nowhere', async () => {
    const folder = await createProject({});
    folders.push(folder);
    await mkdir(join(folder.dir, 'jobs'));
    await writeFile(join(folder.dir, 'jobs/bytes.lua'), Buffer.from([0xff, 0xfe, 0x00]));
    await symlink('nowhere.lua', join(folder.dir, 'jobs/link.lua'));
    const { problems } = await checkProject(folder.dir, {});
    expect(problems.map(({ code, file, remedy }) => [code, file, remedy])).toEqual([
      ['PROJECT_UNREADABLE', 'jobs/bytes.lua', 'save it as UTF-8'],
      ['PROJECT_UNREADABLE', 'jobs/link.lua', 'mend the link, or remove it'],
    ]);
    expect(problems[0]!.message).toContain('stream did not contain valid UTF-8');
  });
});

describe('what may surprise', () => {
  it('is a warning', async () => {
    const project = await check({
      'crap.toml': '[jobs.queues.mail]\nconcurrency = 1\n[jobs.queues.other]\nretries = 1\n',
      'jobs/a.lua': job('a', ', schedule = "0 0 13 * 5", queue = "mail"'),
      'jobs/b.lua': job('b', ', concurrency = 0'),
    });
    expect(project.problems.map(({ severity, code, file, line }) => [severity, code, file, line])).toEqual([
      ['warning', 'SCHEDULE_EITHER_DAY', 'jobs/a.lua', 1],
      ['warning', 'JOB_NEVER_RUNS', 'jobs/b.lua', 1],
      ['warning', 'QUEUE_UNUSED', 'crap.toml', 3],
    ]);
  });
});

describe('recorded projects', () => {
  it('the project of the golden probes loads', async () => {
    const { fileURLToPath } = await import('node:url');
    const dir = fileURLToPath(new URL('../../fixtures/golden/project', import.meta.url));
    const project = await checkProject(dir, {});
    expect(project.problems.filter(({ severity, code }) => severity === 'error' && code.startsWith('CONFIG'))).toEqual([]);
    expect(project.registry.jobs.size).toBeGreaterThan(10);
    expect(project.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
