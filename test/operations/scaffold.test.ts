import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { initProject } from '../../src/operations/init-project.js';
import { makeCollection, makeGlobal } from '../../src/operations/make-collection.js';
import { parseFields } from '../../src/operations/make-fields.js';
import { makeHook } from '../../src/operations/make-hook.js';
import { makeJob } from '../../src/operations/make-job.js';
import { makeMigration } from '../../src/operations/make-migration.js';
import { requireSlug } from '../../src/operations/scaffold.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ml-o-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('a new job leaves defaults out and quotes what it is given', () => {
  const { path } = makeJob({ dir, slug: 'send_digest', schedule: '0 8 * * 1', queue: 'a "b" \\ c', retries: 0, timeout: 60 });
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(
    '  handler = "jobs.send_digest.run",\n  schedule = "0 8 * * 1",\n  queue = "a \\"b\\" \\\\ c",\n  labels = { singular = "Send Digest" },\n',
  );
  expect(text).not.toMatch(/retries|timeout/);
});

it.each([
  ['', 'Slug cannot be empty'],
  ['a-b', "Invalid slug 'a-b' — use lowercase letters, digits, and underscores only"],
  ['_a', 'Slug cannot start with underscore'],
  ['../x', "Invalid slug '../x' — use lowercase letters, digits, and underscores only"],
])('the slug %j is refused in the words of the reference', (slug, message) => {
  expect(() => makeJob({ dir, slug })).toThrow(message);
});

it('nothing is overwritten unasked', () => {
  const { path } = makeJob({ dir, slug: 'a' });
  writeFileSync(path, '-- mine\n');
  expect(() => makeJob({ dir, slug: 'a' })).toThrow(`File '${path}' already exists — use --force to overwrite`);
  expect(readFileSync(path, 'utf8')).toBe('-- mine\n');
  makeJob({ dir, slug: 'a', force: true });
  expect(readFileSync(path, 'utf8')).toContain('crap.jobs.define("a"');
  initProject('sub', dir);
  expect(() => initProject('sub', dir)).toThrow(/there is a project/);
});

it.each([
  ['job', () => makeJob({ dir, slug: 'x' }), 'jobs/x.lua'],
  ['collection', () => makeCollection({ dir, slug: 'x' }), 'collections/x.lua'],
  ['global', () => makeGlobal({ dir, slug: 'x' }), 'globals/x.lua'],
  ['hook', () => makeHook({ dir, name: 'x' }), 'hooks/x.lua'],
])('make %s overwrites nothing without force', (_, make, file) => {
  expect(make().path).toBe(join(dir, file));
  writeFileSync(join(dir, file), '-- mine\n');
  expect(make).toThrow('already exists');
  expect(readFileSync(join(dir, file), 'utf8')).toBe('-- mine\n');
});

it('a migration takes the next second where another has this one, and overwrites its own only with force', () => {
  const at = Date.UTC(2026, 11, 31, 23, 59, 59);
  const name = (path: string) => path.slice(join(dir, 'migrations/').length);
  expect(name(makeMigration({ dir, name: 'a', at }).path)).toBe('20261231235959_a.lua');
  expect(name(makeMigration({ dir, name: 'a', at }).path)).toBe('20270101000000_a.lua');
  expect(name(makeMigration({ dir, name: 'b', at }).path)).toBe('20270101000001_b.lua');
  expect(name(makeMigration({ dir, name: 'a', at, force: true }).path)).toBe('20261231235959_a.lua');
});

it.each([
  ['Send-Mail', 'send_mail'],
  ['blogPosts', 'blog_posts'],
  ['_site', 'site'],
  ['seed posts', 'seed_posts'],
  ['../x', 'x'],
])('for the name %j another one is suggested', (slug, suggestion) => {
  expect(() => requireSlug(slug)).toThrow(expect.objectContaining({ code: 'INVALID_SLUG', remedy: `try '${suggestion}'` }));
});

it('nothing is suggested where nothing is left', () => {
  for (const slug of ['', '---', '_'])
    expect(() => requireSlug(slug)).toThrow(expect.objectContaining({ code: 'INVALID_SLUG', remedy: undefined }));
  expect(() => requireSlug('many_things', 10)).toThrow(/reserved/);
});

it.each([
  ['title:txt', "'txt' of title is no field type (did you mean 'text'?)"],
  ['title:text:requird', "'requird' of title is no option of fields (did you mean 'required'?)"],
  ['a:text,a:number', "the field 'a' stands there twice"],
  ['a__b:text', "'a__b' is no name of a field"],
  ['id:text', "'id' is no name of a field: columns of the host's are called so"],
  ['created_at:date', "'created_at' is no name of a field: columns of the host's"],
  ['a:text,', "'' is no name of a field"],
  ['a:relationship', 'which collection does it refer to?'],
  ['a:relationship:users:media', "'media' of a is no option"],
  ['a:join', 'a join needs its collection'],
])('the fields %j are refused', (text, message) => {
  expect(() => parseFields(text)).toThrow(message);
  expect(() => parseFields(text)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', remedy: expect.stringContaining('name:type') }),
  );
});

it('Regression: what generation 10 refuses is not made there: reserved names, slugs that hide functions', () => {
  for (const name of ['parent_id', 'x_tz', 'x_lang']) {
    expect(parseFields(`${name}:text`)).toHaveLength(1);
    expect(() => parseFields(`${name}:text`, 10)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  }
  const hides = (namespace: string, slug: string) =>
    expect.objectContaining({ code: 'INVALID_SLUG', message: `Slug '${slug}' would hide crap.${namespace}.${slug} — choose another` });
  expect(() => makeCollection({ dir, slug: 'find', generation: 10 })).toThrow(hides('collections', 'find'));
  expect(() => makeGlobal({ dir, slug: 'get', generation: 10 })).toThrow(hides('globals', 'get'));
  expect(existsSync(join(dir, 'collections/find.lua'))).toBe(false);
  expect(makeCollection({ dir, slug: 'find', generation: 8 }).slug).toBe('find');
});

it('a position that this kind of function does not have is refused', () => {
  expect(() => makeHook({ dir, name: 'x', event: 'before_chnge' })).toThrow("(did you mean 'before_change'?)");
  expect(() => makeHook({ dir, name: 'x', type: 'field', event: 'after_delete' })).toThrow(/'after_delete' is none of field functions/);
  expect(() => makeHook({ dir, name: 'x', type: 'access', event: 'before_change' })).toThrow(
    expect.objectContaining({ remedy: 'one of read, create, update, delete' }),
  );
  expect(existsSync(join(dir, 'hooks'))).toBe(false);
});
