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
    'jobs/a.lua': `crap.jobs.define("count", { handler = "jobs.a.count" })
      crap.jobs.define("write", { handler = "jobs.a.write" })
      return {
        count = function(ctx) crap.log.info("counting") return { n = crap.collections.count("notes"), data = ctx.data } end,
        write = function() crap.collections.create("notes", { title = "by a job" }) return true end,
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

it('a foreground run gives result and log lines, and stores no row', async () => {
  const lines: LogLine[] = [];
  const report = await runOnce(opened, { slug: 'count', data: '{"a":[]}', log: (line) => lines.push(line) });
  expect(report).toMatchObject({ outcome: 'completed', result: { n: expect.any(Number) } });
  expect(lines.map((line) => line.text)).toEqual(['counting']);
  expect(await opened.read((db) => opened.store.listRuns(db, { limit: 10 }))).toEqual([]);
});

it('a dry run undoes what it wrote', async () => {
  const documents = async () => (await listCollections(opened))[0]!.documents;
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
