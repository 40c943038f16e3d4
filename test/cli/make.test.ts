/** `moonlighter make` and `init`: what they write passes `check` without a warning and runs, in both generations. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunView } from '../../src/operations/run-view.js';
import { failJson, runCli, runJson } from '../support/cli.js';
import { createProject, type ProjectFolder } from '../support/project.js';

let project: ProjectFolder;
afterEach(() => project.dispose());

const make = <T>(...args: string[]) => runJson<T>(['-C', project.dir, 'make', ...args]);
const fail = (...args: string[]) => failJson(['-C', project.dir, 'make', ...args]);
const read = (name: string) => readFileSync(join(project.dir, name), 'utf8');
const evaluate = async (chunk: string, ...more: string[]) =>
  (await runJson<{ value: unknown }>(['-C', project.dir, 'eval', chunk, ...more])).value;

describe.each([8, 10])('in generation %i', (generation) => {
  const open = async () => {
    project = await createProject({ 'moonlighter.toml': `[compat]\ngeneration = ${generation}\n` });
  };

  it('one of every kind: check has nothing to say, and they work together', async () => {
    await open();
    await make('collection', 'users', '--auth');
    await make('collection', 'media', '--upload', '--no-timestamps');
    await make(
      'collection',
      'posts',
      '--versions',
      '-F',
      'title:text:required,state:select,author:relationship:users,tags:array,parts:blocks',
    );
    await make('global', 'settings');
    await make('job', 'tidy', '-s', '0 3 * * *');
    await make('hook', 'stamp', '-c', 'posts');
    await make('hook', 'slugify', '-t', 'field', '-l', 'before_validate');
    await make('hook', 'polite', '-t', 'validate');
    await make('hook', 'members', '-t', 'access', '-l', 'create');
    await make('migration', 'seed');
    await make('migration', 'more');
    expect(await runJson(['-C', project.dir, 'check'])).toMatchObject({
      ok: true,
      problems: [],
      counts: { collections: 3, globals: 1, jobs: 1 },
    });
    writeFileSync(
      join(project.dir, 'init.lua'),
      `local posts = crap.collections.config.get("posts")
      posts.hooks = { before_change = { "hooks.posts.stamp" } }
      posts.access = { read = "access.members" }
      posts.fields[1].hooks = { before_validate = { "hooks.slugify" } }
      posts.fields[1].validate = "hooks.polite"
      crap.collections.define("posts", posts)`,
    );
    expect(await runJson(['-C', project.dir, 'check'])).toMatchObject({ ok: true, problems: [] });
    expect((await runJson<{ applied: string[] }>(['-C', project.dir, 'migrate', 'up'])).applied).toHaveLength(2);
    expect(await evaluate('return crap.collections.create("posts", { title = "Hello" }).title')).toBe('Hello');
    expect(await evaluate('crap.globals.update("settings", { title = "Site" }) return crap.globals.get("settings").title')).toBe('Site');
    expect(await evaluate('return crap.collections.count("posts")', '--user', '{"id": "u"}')).toBe(1);
    expect(await runJson(['-C', project.dir, 'run', 'tidy'])).toMatchObject({ outcome: 'completed', result: null });
    expect((await runJson<{ rolled_back: string[] }>(['-C', project.dir, 'migrate', 'down', '--steps', '2'])).rolled_back).toHaveLength(2);
  });

  it('every field type', async () => {
    await open();
    const types =
      'text,number,textarea,richtext,select,radio,checkbox,date,email,json,code,relationship:all,upload:all,array,group,blocks,row,collapsible,tabs';
    const fields = types.split(',').map((type, i) => `f${i}:${type}`);
    await make('collection', 'all', '-F', fields.join(','));
    await make('global', 'everything', '--fields', fields.join(','));
    expect(await runJson(['-C', project.dir, 'check'])).toMatchObject({ ok: true, problems: [] });
    expect(await evaluate('return crap.collections.create("all", { f0 = "x" }).f0')).toBe('x');
  });
});

it('options of fields stand in the definition', async () => {
  project = await createProject({});
  const made = await make(
    'collection',
    'categories',
    '-F',
    'name:text:required:unique, note : textarea:localized,friends:relationship:categories:has_many',
  );
  expect(made).toEqual({ slug: 'categories', path: join(project.dir, 'collections/categories.lua') });
  expect(read('collections/categories.lua')).toBe(`crap.collections.define("categories", {
  labels = { singular = "Category", plural = "Categories" },
  fields = {
    crap.fields.text({ name = "name", required = true, unique = true }),
    crap.fields.textarea({ name = "note", localized = true }),
    crap.fields.relationship({ name = "friends", relationship = { collection = "categories", has_many = true } }),
  },
})
`);
});

it('make hook says how it is referred to', async () => {
  project = await createProject({});
  expect(await make('hook', 'slugify', '-c', 'posts', '-l', 'before_validate')).toEqual({
    name: 'slugify',
    path: join(project.dir, 'hooks/posts/slugify.lua'),
    ref: 'hooks.posts.slugify',
    usage: 'hooks = { before_validate = { "hooks.posts.slugify" } }',
  });
  const text = await runCli(['-C', project.dir, 'make', 'hook', 'own', '-t', 'access']);
  expect(text.stdout).toBe(`Created ${join(project.dir, 'access/own.lua')}\nHook ref:    access.own\n`);
  expect(text.stderr).toContain('access = { read = "access.own" }');
});

it('migrations are named by the instant, each by its own', async () => {
  project = await createProject({});
  const before = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  for (const name of ['seed', 'more', 'seed']) await make('migration', name);
  const names = readdirSync(join(project.dir, 'migrations'));
  expect(names.map((name) => name.replace(/^\d{14}_/, ''))).toEqual(['seed.lua', 'more.lua', 'seed.lua']);
  expect(new Set(names.map((name) => name.slice(0, 14))).size).toBe(3);
  expect(names[0]! >= before).toBe(true);
});

it.each([
  [['hook', '../x'], 'INVALID_SLUG', "try 'x'"],
  [['collection', 'x', '-F', 'title:txt'], 'INVALID_OPTION', 'name:type'],
  [['hook', 'x', '-t', 'fild'], 'USAGE', null],
  [['job', 'x', '-t', '0'], 'INVALID_OPTION', null],
  [['job'], 'USAGE', null],
])('make %j is wrong usage', async (args, code, remedy) => {
  project = await createProject({});
  const error = await fail(...args);
  expect(error).toMatchObject({ exit: 2, code });
  if (remedy !== null) expect(error.remedy).toContain(remedy);
  expect(readdirSync(project.dir)).toEqual(['crap.toml']);
});

it('names that the generation reserves are refused', async () => {
  project = await createProject({ 'moonlighter.toml': '[compat]\ngeneration = 10\n' });
  expect(await fail('job', 'many_things')).toMatchObject({ exit: 2, code: 'INVALID_SLUG' });
});

it('Regression: -F given again adds fields, and an own email of an auth collection is refused where check would refuse it', async () => {
  project = await createProject({ 'moonlighter.toml': '[compat]\ngeneration = 10\n' });
  expect(await fail('collection', 'members', '--auth', '-F', 'email:text', '-F', 'name:text')).toMatchObject({
    exit: 2,
    code: 'INVALID_OPTION',
    message: expect.stringContaining("'email' of an auth collection must be of type email and unique"),
  });
  await make('collection', 'members', '--auth', '-F', 'email:email:unique', '-F', 'name:text');
  expect(read('collections/members.lua')).toMatch(/name = "email".*name = "name"/s);
  expect(await runJson(['-C', project.dir, 'check'])).toMatchObject({ ok: true, problems: [] });
});

it('outside of a project nothing is made', async () => {
  project = await createProject({});
  const cwd = join(project.dir, '..');
  expect(await failJson(['make', 'job', 'x'], { cwd })).toMatchObject({ exit: 2, code: 'PROJECT_NOT_FOUND' });
});

it('init makes what make makes, and it runs without a warning', async () => {
  project = await createProject({});
  const target = join(project.dir, 'fresh');
  mkdirSync(target);
  await runJson(['init', target]);
  expect(await runJson(['-C', target, 'check'])).toMatchObject({ ok: true, problems: [] });
  await runJson(['-C', target, 'collections', 'create', 'messages', '-d', '{"text": "hello"}']);
  expect((await runCli(['-C', target, 'work', '--drain'])).code).toBe(0);
  expect(await runJson<RunView[]>(['-C', target, 'jobs', 'status'])).toMatchObject([{ status: 'completed', result: { length: 5 } }]);
  expect(existsSync(join(target, 'hooks/messages/measure.lua'))).toBe(true);
});
