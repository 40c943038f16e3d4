import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LogLine } from '../../src/domain/run.js';
import { createDocument } from '../../src/operations/create-document.js';
import { evalChunk } from '../../src/operations/eval-chunk.js';
import { findDocuments } from '../../src/operations/find-documents.js';
import { listCollections } from '../../src/operations/list-collections.js';
import { type OpenedProject, openProject } from '../../src/operations/open-project.js';
import { runOnce } from '../../src/operations/run-once.js';
import { createProject, type ProjectFolder } from '../support/project.js';

let project: ProjectFolder;
let opened: OpenedProject;
beforeAll(async () => {
  project = await createProject({
    'collections/notes.lua': `crap.collections.define("notes", {
      fields = { crap.fields.text({ name = "title", required = true }) },
      access = { read = "access.notes.read", create = "access.notes.create" },
    })`,
    'access/notes.lua': `return {
      read = function(ctx) return ctx.user ~= nil end,
      create = function(ctx) return ctx.user ~= nil and ctx.user.role == "editor" end,
    }`,
    'collections/users.lua': `crap.collections.define("users", {
      auth = true,
      fields = { crap.fields.text({ name = "role" }) },
      hooks = { before_change = { "hooks.who" } },
    })`,
    'hooks/who.lua': `return function(ctx)
      ctx.data.role = ctx.data.role or (ctx.user and ctx.user.email or "nobody")
      return ctx
    end`,
    'jobs/a.lua': `crap.jobs.define("count", { handler = "jobs.a.count" })
      crap.jobs.define("write", { handler = "jobs.a.write" })
      crap.jobs.define("write_each", { handler = "jobs.a.write", transaction = false })
      crap.jobs.define("throws", { handler = "jobs.a.throws" })
      crap.jobs.define("guarded", { handler = "jobs.a.count", access = "access.notes.create" })
      return {
        count = function(ctx) crap.log.info("counting") return { n = crap.collections.count("notes"), data = ctx.data } end,
        write = function() crap.collections.create("notes", { title = "by a job" }) return true end,
        throws = function() error({ why = "closed", code = 7 }) end,
      }`,
  });
  opened = await openProject({ config: project.dir, cwd: '/', env: {} });
});
afterAll(async () => {
  await opened.close();
  await project.dispose();
});

const evaluate = (source: string, more = {}) => evalChunk(opened, { source, chunkName: '=eval', ...more });

it('eval has full access without a user, and theirs with one', async () => {
  const count = async () => Number((await evaluate('return crap.collections.count("notes")'))[0]);
  const before = await count();
  await evaluate('crap.collections.create("notes", { title = "one" })');
  expect(await count()).toBe(before + 1);
  await expect(evaluate('crap.collections.create("notes", { title = "two" })', { user: { id: 'u', role: 'reader' } })).rejects.toThrow(
    /access denied/,
  );
  await evaluate('crap.collections.create("notes", { title = "two" })', { user: { id: 'u', role: 'editor' } });
  expect(await evaluate('return crap.collections.count("notes", { overrideAccess = true })', { user: { id: 'u' } })).toEqual([before + 2]);
});

it('the user of a command is asked as any user is', async () => {
  const request = { slug: 'notes', data: { title: 'three' } };
  await expect(createDocument(opened, { ...request, user: { id: 'u', role: 'reader' } })).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  const made = await createDocument(opened, { ...request, user: { id: 'u', role: 'editor' } });
  expect(made).toMatchObject({ title: 'three' });
  const found = await findDocuments(opened, { slug: 'notes', query: { where: { title: 'three' } }, user: { id: 'u' } });
  expect(found).toMatchObject({ documents: [{ title: 'three' }] });
});

it('the user may be named by collection and id', async () => {
  const [made] = await evaluate('return crap.collections.create("users", { email = "e@x.org", role = "editor" }).id');
  const user = `users/${made}`;
  expect(await evaluate('local me = crap.auth.user() return me.email, me.role', { user })).toEqual(['e@x.org', 'editor']);
  await expect(createDocument(opened, { slug: 'notes', data: { title: 'named' }, user })).resolves.toMatchObject({ title: 'named' });
  const report = await runOnce(opened, { slug: 'count', user });
  expect(report).toMatchObject({ outcome: 'completed' });
  await expect(evaluate('return 1', { user: 'users/nobody' })).rejects.toMatchObject({ code: 'DOCUMENT_NOT_FOUND' });
  await expect(evaluate('return 1', { user: 'userz/x' })).rejects.toMatchObject({
    code: 'COLLECTION_NOT_FOUND',
    remedy: "did you mean 'users'?",
  });
  await expect(evaluate('return 1', { user: 'notes/x' })).rejects.toMatchObject({
    code: 'NO_AUTH_COLLECTION',
    remedy: expect.stringContaining('users stand in users'),
  });
});

it('hooks see the user of the command, and none without one', async () => {
  const create = (email: string) => `return crap.collections.create("users", { email = "${email}" }, { overrideAccess = true }).role`;
  expect(await evaluate(create('a@x.org'), { user: { id: 'u', email: 'me@x.org' }, rollback: true })).toEqual(['me@x.org']);
  expect(await evaluate(create('a@x.org'), { rollback: true })).toEqual(['nobody']);
});

it('a user is asked by the rules of jobs that they queue, nobody is not', async () => {
  const queue = 'return crap.jobs.queue("guarded", {}) ~= nil';
  expect(await evaluate(queue, { rollback: true })).toEqual([true]);
  expect(await evaluate(queue, { user: { id: 'u', role: 'editor' }, rollback: true })).toEqual([true]);
  await expect(evaluate(queue, { user: { id: 'u', role: 'reader' } })).rejects.toThrow('Trigger access denied');
});

it('a run with a user is asked by the rules, also about what a call does not override', async () => {
  const user = { id: 'u', role: 'reader' };
  expect(await runOnce(opened, { slug: 'write', user })).toMatchObject({
    outcome: 'failed',
    error: { message: expect.stringContaining('access denied') },
  });
  expect(await runOnce(opened, { slug: 'write', user: { ...user, role: 'editor' }, rollback: true })).toMatchObject({
    outcome: 'completed',
  });
});

it('tables come with their keys in order, whatever order Lua has them in', async () => {
  const [value] = await evaluate('return { zeta = 1, alpha = { q = 1, b = { 3, { y = 1, c = 2 } } }, kk = 2, b10 = 1, b9 = 2, mid = 3 }');
  expect(JSON.stringify(value)).toBe('{"alpha":{"b":[3,{"c":2,"y":1}],"q":1},"b10":1,"b9":2,"kk":2,"mid":3,"zeta":1}');
});

it('an error that is a table is shown as JSON, not as an address', async () => {
  const report = await runOnce(opened, { slug: 'throws' });
  expect(report).toMatchObject({ outcome: 'failed', error: { message: 'runtime error: {"code":7,"why":"closed"}' } });
});

it('a dry run of a job whose calls are transactions of their own undoes them all the same', async () => {
  // It was rolled back at its end, when each call had committed.
  const documents = async () => (await listCollections(opened)).find(({ slug }) => slug === 'notes')!.documents;
  const before = await documents();
  expect(await runOnce(opened, { slug: 'write_each', rollback: true })).toMatchObject({ outcome: 'completed', result: true });
  expect(await documents()).toBe(before);
  expect(await runOnce(opened, { slug: 'write_each' })).toMatchObject({ outcome: 'completed' });
  expect(await documents()).toBe(before + 1);
});

it('a foreground run gives result and log lines, and stores no row', async () => {
  const lines: LogLine[] = [];
  const report = await runOnce(opened, { slug: 'count', data: '{"a":[]}', log: (line) => lines.push(line) });
  expect(report).toMatchObject({ outcome: 'completed', result: { n: expect.any(Number) } });
  expect(lines.map((line) => line.text)).toEqual(['counting']);
  expect(await opened.read((db) => opened.store.listRuns(db, { limit: 10 }))).toEqual([]);
});

it('a dry run undoes what it wrote', async () => {
  const documents = async () => (await listCollections(opened)).find(({ slug }) => slug === 'notes')!.documents;
  const before = await documents();
  expect(await runOnce(opened, { slug: 'write', rollback: true })).toMatchObject({ outcome: 'completed', result: true });
  expect(await documents()).toBe(before);
  expect(await runOnce(opened, { slug: 'write' })).toMatchObject({ outcome: 'completed' });
  expect(await documents()).toBe(before + 1);
});

it('a failed chunk leaves nothing and does not spoil the next', async () => {
  const [before] = await evaluate('return crap.collections.count("notes")');
  await expect(evaluate('crap.collections.create("notes", { title = "x" }) error({ code = 7 })')).rejects.toThrow();
  await expect(evaluate('return crap.collections.create("notes", {})')).rejects.toThrow(/required/);
  expect(await evaluate('return crap.collections.count("notes")')).toEqual([before]);
});
