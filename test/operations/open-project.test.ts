import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it } from 'vitest';
import { ProjectError, UsageError } from '../../src/domain/errors.js';
import { listJobs } from '../../src/operations/list-jobs.js';
import { schemaStatus } from '../../src/operations/migrate-schema.js';
import { type OpenedProject, openProject } from '../../src/operations/open-project.js';
import { otherProgram } from '../../src/operations/other-program.js';
import { createProject, type ProjectFolder } from '../support/project.js';

const FILES = {
  'collections/notes.lua': 'crap.collections.define("notes", { fields = { crap.fields.text({ name = "title" }) } })\n',
  'jobs/a.lua': 'crap.jobs.define("a", { handler = "jobs.a.run" })\nreturn { run = function() end }\n',
};

let project: ProjectFolder;
const opened: OpenedProject[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await project.dispose();
});

async function open(): Promise<OpenedProject> {
  const one = await openProject({ config: project.dir, cwd: '/', env: {} });
  opened.push(one);
  return one;
}

it('makes the database with all tables at the first opening', async () => {
  project = await createProject(FILES);
  const one = await open();
  expect(one.databasePath).toBe(join(project.dir, 'data/crap.db'));
  expect(await schemaStatus(one)).toMatchObject({ systemTables: 'current', projectTables: 'current' });
  const tables = await one.read((db) => db.all("SELECT name FROM sqlite_master WHERE type = 'table'"));
  expect(tables.map((row) => row['name'])).toEqual(expect.arrayContaining(['notes', '_crap_jobs', '_ml_meta']));
});

it('takes no lock when nothing changed', async () => {
  project = await createProject({ ...FILES, 'crap.toml': '[database]\nbusy_timeout = 50\n' });
  await open();
  const other = new Database(join(project.dir, 'data/crap.db'));
  other.exec('BEGIN IMMEDIATE');
  try {
    expect((await listJobs(await open())).map((job) => job.slug)).toEqual(['a']);
    await project.write({ 'collections/more.lua': 'crap.collections.define("more", { fields = {} })\n' });
    await expect(open()).rejects.toMatchObject({ code: 'WRITE_LOCK_BUSY' });
  } finally {
    other.close();
  }
  expect((await open()).project.registry.collections.has('more')).toBe(true);
});

it('adds what a database of crap-cms lacks and keeps its rows', async () => {
  project = await createProject({ ...FILES, 'data/.keep': '' });
  const path = join(project.dir, 'data/crap.db');
  const theirs = new Database(path);
  theirs.exec(`CREATE TABLE _crap_jobs (id TEXT PRIMARY KEY, slug TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'pending', queue TEXT NOT NULL DEFAULT 'default',
    data TEXT DEFAULT '{}', result TEXT, error TEXT, attempt INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER NOT NULL DEFAULT 1, scheduled_by TEXT,
    created_at TEXT DEFAULT (datetime('now')), started_at TEXT, completed_at TEXT, heartbeat_at TEXT, retry_after TEXT);
    INSERT INTO _crap_jobs (id, slug, data) VALUES ('theirs', 'a', '{"from":"crap-cms"}');
    CREATE TABLE notes (id TEXT PRIMARY KEY, created_at TEXT DEFAULT (datetime('now')), updated_at TEXT DEFAULT (datetime('now')));
    INSERT INTO notes (id) VALUES ('n1');`);
  theirs.close();
  const one = await open();
  const run = await one.read((db) => one.store.findRun(db, 'theirs'));
  expect(run).toMatchObject({ slug: 'a', status: 'pending', data: '{"from":"crap-cms"}', attempt: 0 });
  const notes = await one.read((db) => db.all('SELECT id, title FROM notes'));
  expect(notes).toEqual([{ id: 'n1', title: null }]);
});

it('refuses a broken project with every problem', async () => {
  project = await createProject({ ...FILES, 'jobs/b.lua': 'crap.jobs.define("b", {})\n', 'jobs/c.lua': 'oops(\n' });
  const error = await open().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ProjectError);
  const files = (error as ProjectError).problems.filter((problem) => problem.severity === 'error').map((problem) => problem.file);
  expect(files.sort()).toEqual(['jobs/b.lua', 'jobs/c.lua']);
});

it('refuses a folder that is no project', async () => {
  project = await createProject({});
  await expect(openProject({ config: join(project.dir, 'none'), cwd: '/', env: {} })).rejects.toBeInstanceOf(UsageError);
});

it('counts the hosts that answer, and notices a live crap-cms by its pid file', async () => {
  project = await createProject(FILES);
  const one = await open();
  expect(await one.hostIsRunning()).toBe(false);
  expect(await one.wake()).toBe(0);
  const record = { pid: 1, hostname: 'h', startedAt: 1, seenAt: 1, version: '0' };
  await one.write('test', (db) => one.store.registerHost(db, { ...record, id: 'gone', socket: join(project.dir, 'no-socket') }));
  expect(await one.hostIsRunning()).toBe(false);

  expect(otherProgram(project.dir)).toEqual([]);
  await project.write({ 'data/crap.pid': `${process.pid}\n`, 'data/crap-worker.pid': 'not a number' });
  expect(otherProgram(project.dir)).toEqual([process.pid]);
});
