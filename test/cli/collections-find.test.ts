/** `collections find` and `get` with what people ask for: filters as they type them, locales, drafts, the trash, references. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whereOption } from '../../src/cli/where-option.js';
import type { JsonObject } from '../../src/domain/json.js';
import { failJson, runCli, runJson } from '../support/cli.js';
import { createProject, type ProjectFolder } from '../support/project.js';

const FILES = {
  'crap.toml': '[access]\ndefault_deny = false\n[locale]\ndefault_locale = "en"\nlocales = ["en", "de"]\n',
  'collections/posts.lua': `local F = crap.fields
crap.collections.define("authors", { fields = { F.text({ name = "name" }) } })
crap.collections.define("posts", { versions = true, soft_delete = true, fields = {
  F.text({ name = "title", localized = true }), F.number({ name = "views" }), F.checkbox({ name = "hot" }),
  F.relationship({ name = "author", relationship = { collection = "authors" } }) } })`,
};
/** Under generation 8 an update without a checkbox clears it, under 10 one in another locale may not name it. */
const FILL = (generation: 8 | 10) => `
  local C = crap.collections
  local ann = C.create("authors", { name = "Ann" }).id
  for i, title in ipairs({ "One", "Two", "Three" }) do
    local id = C.create("posts", { title = title, views = i, hot = i == 2, author = ann }).id
    C.update("posts", id, { title = "de " .. title${generation === 8 ? ', hot = i == 2' : ''} }, { locale = "de" })
  end
  C.create("posts", { title = "Sketch" }, { draft = true })
  C.delete("posts", C.create("posts", { title = "Gone", views = 9 }).id)`;

describe.each([8, 10] as const)('under generation %d', (generation) => {
  let project: ProjectFolder;
  beforeAll(async () => {
    project = await createProject({ ...FILES, 'moonlighter.toml': `[compat]\ngeneration = ${generation}\n` });
    await runJson(['-C', project.dir, 'eval', FILL(generation)]);
  });
  afterAll(() => project.dispose());

  const find = async (...args: string[]) => {
    const found = await runJson<{ documents: { title: unknown; author?: unknown; id: string; views?: number }[] }>([
      ...['-C', project.dir, 'collections', 'find', 'posts'],
      ...args,
    ]);
    return [...found.documents].sort((a, b) => Number(a.views ?? 0) - Number(b.views ?? 0));
  };
  const titles = async (...args: string[]) => (await find(...args)).map(({ title }) => title);
  const fails = (...args: string[]) => failJson(['-C', project.dir, 'collections', ...args]);

  it('takes comparisons, JSON, and both', async () => {
    expect(await titles('-w', 'title=Two')).toEqual(['Two']);
    expect(await titles('-w', 'views>=2', '-w', 'views<3')).toEqual(['Two']);
    expect(await titles('-w', 'hot=true')).toEqual(['Two']);
    expect(await titles('-w', 'hot != true')).toEqual(['One', 'Three']);
    expect(await titles('-w', 'title~hre', '-w', '{"views": {"in": [1, 3]}}')).toEqual(['Three']);
    expect(await titles('--where', '{"or": [{"views": 1}, {"views": 2}]}', '-w', 'title!=One')).toEqual(['Two']);
    expect(await titles('--search', 'Three')).toEqual(['Three']);
  });

  it('takes a locale, all of them, and says which there are', async () => {
    expect(await titles('--locale', 'de')).toEqual(['de One', 'de Two', 'de Three']);
    expect((await titles('--locale', 'all', '-w', 'views=1'))[0]).toEqual({ en: 'One', de: 'de One' });
    expect(await fails('find', 'posts', '--locale', 'fr')).toMatchObject({
      exit: 2,
      code: 'LOCALE_INVALID',
      remedy: 'give one of en, de, or all',
    });
  });

  it('shows drafts and the trash when asked', async () => {
    expect(await titles()).toEqual(['One', 'Two', 'Three']);
    expect(await titles('--draft')).toEqual(['Sketch', 'One', 'Two', 'Three']);
    expect(await titles('--trash')).toEqual(['Gone']);
    expect(await fails('find', 'authors', '--trash')).toMatchObject({ exit: 2, code: 'NO_TRASH' });
    expect(await fails('find', 'authors', '--draft')).toMatchObject({ exit: 2, code: 'NO_DRAFTS' });
  });

  it('populates references, and tells how many documents there are', async () => {
    expect((await find('--depth', '1', '-w', 'views=1'))[0]?.author).toMatchObject({ name: 'Ann' });
    expect((await find('--depth', '0', '-w', 'views=1'))[0]?.author).toBeTypeOf('string');
    expect(await fails('find', 'posts', '--depth', '11')).toMatchObject({ exit: 2, code: 'INVALID_OPTION' });
    expect((await runCli(['-C', project.dir, 'collections', 'find', 'posts', '-l', '2'])).stdout).toMatch(/\n2 documents of 3\n$/);
  });

  it('get takes the same where it means something', async () => {
    const [one] = await find('-w', 'views=1');
    const get = (...args: string[]) => runJson<JsonObject>(['-C', project.dir, 'collections', 'get', 'posts', one!.id, ...args]);
    expect(await get('--locale', 'de')).toMatchObject({ title: 'de One' });
    expect(await get('--depth', '1')).toMatchObject({ author: { name: 'Ann' } });
    expect(Object.keys(await get('--select', 'title')).sort()).not.toContain('views');
    const [sketch] = await find('--draft', '-w', 'title=Sketch');
    const draft = ['-C', project.dir, 'collections', 'get', 'posts', sketch!.id, '--draft'];
    expect(await runJson(draft)).toMatchObject({ title: 'Sketch' });
  });
});

describe('--where', () => {
  const where = (...texts: string[]) => texts.reduce<JsonObject | undefined>((before, text) => whereOption(text, before), undefined);

  it('collects what must hold', () => {
    expect(where('a=1', 'b.c~x y ', 'd <= 3', 'e=')).toEqual({
      a: { equals: '1' },
      'b.c': { contains: 'x y ' },
      d: { less_than_or_equal: '3' },
      e: { equals: '' },
    });
    expect(where('a=true', 'b=false')).toEqual({ a: { equals: true }, b: { equals: false } });
    expect(where('a=b=c')).toEqual({ a: { equals: 'b=c' } });
    expect(where('{"a": 1}', 'a<5')).toEqual({ a: { equals: expect.anything(), less_than: '5' } });
  });

  it.each([
    [['status'], /expected a filter as JSON, or a comparison/],
    [['=x'], /expected a filter as JSON, or a comparison/],
    [['a=1', 'a=2'], /expected 'equals' once for 'a' \(for one of several values: \{"a": \{"in": \[…\]\}\}\)/],
    [['{"or": [{"a": 1}]}', '{"or": [{"b": 1}]}'], /only one 'or'/],
    [['{"a": '], /Invalid JSON filter/],
  ])('%j is wrong usage', (texts, message) => {
    expect(() => where(...texts)).toThrow(message);
  });
});
