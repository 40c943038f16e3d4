import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunView } from '../../src/operations/run-view.js';
import { failJson, runCli, runJson } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

let project: ProjectFolder;
let dir: string;
beforeAll(async () => {
  project = await notesProject();
  dir = project.dir;
});
afterAll(() => project.dispose());
beforeEach(async () => {
  await runJson([
    '-C',
    dir,
    'eval',
    'for _, d in ipairs(crap.collections.find("notes", { limit = 1000 }).documents) do crap.collections.delete("notes", d.id) end',
  ]);
});

const json = <T>(...args: string[]) => runJson<T>(['-C', dir, ...args]);
const text = (...args: string[]) => runCli(['-C', dir, ...args]);

describe('jobs', () => {
  it('list shows every job with its schedule, queue and newest runs', async () => {
    const jobs = await json<{ slug: string; schedule: string | null; timezone: string | null; file: string; line: number }[]>(
      'jobs',
      'list',
    );
    expect(jobs.map((job) => job.slug)).toEqual(['broken', 'echo', 'weekly']);
    expect(jobs[2]).toMatchObject({
      schedule: '0 8 * * 1',
      timezone: 'UTC',
      queue: 'default',
      retries: 0,
      timeout: 60,
      file: 'jobs/echo.lua',
      line: 10,
    });
    const { stdout } = await text('jobs', 'list');
    expect(stdout.split('\n')[0]).toMatch(/^Job +Schedule +Queue +Recent Runs$/);
    expect(stdout).toMatch(/^broken +- +slow +/m);
  });

  it('trigger stores the data as given and shows the run', async () => {
    const queued = await json<{ id: string; due_at: string }>('jobs', 'trigger', 'echo', '-d', '{"n": 1.0, "big": 9007199254740993}');
    expect(queued.id).toMatch(/^[A-Za-z0-9_-]{21}$/);
    const { stdout } = await runCli(['--json', '-C', dir, 'jobs', 'status', '--id', queued.id]);
    expect(stdout).toContain('"data":{"n":1.0,"big":9007199254740993}');
    expect(JSON.parse(stdout)).toMatchObject({
      slug: 'echo',
      status: 'pending',
      attempt: 0,
      max_attempts: 1,
      scheduled_by: 'cli',
      result: null,
    });
  });

  it('trigger tells that nobody runs it yet', async () => {
    const { code, stdout, stderr } = await text('jobs', 'trigger', 'echo');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Queued job 'echo' \(run [\w-]{21}\)\n$/);
    expect(stderr).toContain('The job will be picked up by the scheduler when the server is running.');
  });

  it('trigger takes priority, delay and a unique key', async () => {
    const first = await json<{ id: string; duplicate: boolean; due_at: string }>(
      'jobs',
      'trigger',
      'weekly',
      '-p',
      '5',
      '--delay',
      '2h',
      '--unique',
      'k',
    );
    expect(first.duplicate).toBe(false);
    expect(Date.parse(first.due_at) - Date.now()).toBeGreaterThan(7_100_000);
    const again = await json<{ id: string; duplicate: boolean }>('jobs', 'trigger', 'weekly', '--unique', 'k');
    expect(again).toMatchObject({ id: first.id, duplicate: true });
    expect(await json<RunView>('jobs', 'status', '--id', first.id)).toMatchObject({ priority: 5, unique_key: 'k', due_at: first.due_at });
    expect(await failJson(['-C', dir, 'jobs', 'trigger', 'echo', '--delay', '1m', '--run-at', '2030-01-01'])).toMatchObject({ exit: 2 });
  });

  it('status filters, and shows one run in the lines of the reference', async () => {
    const { id } = await json<{ id: string }>('jobs', 'trigger', 'broken');
    const slow = await json<RunView[]>('jobs', 'status', '-q', 'slow', '--status', 'pending');
    expect(slow.map((run) => run.id)).toContain(id);
    expect(slow.every((run) => run.queue === 'slow' && run.status === 'pending')).toBe(true);
    expect(await json<RunView[]>('jobs', 'status', '-s', 'broken', '-l', '1')).toHaveLength(1);
    const { stdout } = await text('jobs', 'status', '--id', id);
    expect(stdout).toMatch(new RegExp(`^ID: +${id}\nJob: +broken\nStatus: +pending\nQueue: +slow\nAttempt: +0/1\nScheduled: +cli\n`));
    const listed = await text('jobs', 'status', '-s', 'broken');
    expect(listed.stdout).toMatch(/^ID +Job +Status +Attempt +Error +Created\n/);
    expect(await failJson(['-C', dir, 'jobs', 'status', '--status', 'done'])).toMatchObject({ exit: 2, code: 'INVALID_OPTION' });
  });
});

describe('schedules', () => {
  it('list and next show the due instants', async () => {
    const [weekly] = await json<{ slug: string; next: string }[]>('schedules', 'list');
    const { next } = await json<{ next: string[] }>('schedules', 'next', 'weekly', '-n', '3');
    expect(next).toHaveLength(3);
    expect(weekly).toMatchObject({ slug: 'weekly', next: next[0] });
    for (const at of next) {
      const date = new Date(at);
      expect([date.getUTCDay(), date.getUTCHours(), date.getUTCMinutes()]).toEqual([1, 8, 0]);
    }
    expect(Date.parse(next[1]!) - Date.parse(next[0]!)).toBe(7 * 86_400_000);
  });

  it('a job without a schedule has no next instant', async () => {
    expect(await failJson(['-C', dir, 'schedules', 'next', 'echo'])).toMatchObject({ exit: 3, code: 'SCHEDULE_NONE' });
  });
});

describe('run', () => {
  it('executes now and prints the result; lines of the script are talk', async () => {
    const { code, stdout, stderr } = await text('run', 'echo', '-d', '{"a":[1,2.5]}');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ got: { a: [1, 2.5] } });
    expect(stderr).toContain('echoing');
    expect(await json('run', 'weekly')).toEqual({ slug: 'weekly', outcome: 'completed', result: 0 });
  });

  it('a handler that fails exits 1 with its error', async () => {
    const error = await failJson(['-C', dir, 'run', 'broken']);
    expect(error.exit).toBe(1);
    expect(error.message).toContain('no luck today');
    expect(error.details).toMatchObject({ slug: 'broken', outcome: 'failed' });
    const { code, stderr } = await text('run', 'broken');
    expect(code).toBe(1);
    expect(stderr).toContain('jobs/echo.lua:6: no luck today');
  });
});

describe('eval', () => {
  it('prints the value of return in its own form', async () => {
    expect((await text('eval', 'return "plain text"')).stdout).toBe('plain text\n');
    expect((await text('eval', 'return 2^53, 7 // 2, nil, true')).stdout).toBe('9007199254740992.0\n3\nnil\ntrue\n');
    expect(JSON.parse((await text('eval', 'return { a = { 1, 2 } }')).stdout)).toEqual({ a: [1, 2] });
    expect((await text('eval', 'local x = 1')).stdout).toBe('');
    expect(await json('eval', 'local x = 1')).toEqual({ value: null });
    expect(await json('eval', 'return 1, 2')).toEqual({ value: 1, values: [1, 2] });
  });

  it('reads a file and standard input', async () => {
    await project.write({ 'chunk.lua': 'return 6 * 7\n' });
    expect(await runJson(['-C', dir, 'eval', '--file', join(dir, 'chunk.lua')])).toEqual({ value: 42 });
    expect(await runJson(['-C', dir, 'eval', '-'], { stdin: 'return "from stdin"' })).toEqual({ value: 'from stdin' });
    expect(await failJson(['-C', dir, 'eval', '--file', join(dir, 'none.lua')])).toMatchObject({ exit: 3, code: 'FILE_MISSING' });
    expect(await failJson(['-C', dir, 'eval'])).toMatchObject({ exit: 2 });
  });

  it('commits, or undoes with --rollback', async () => {
    const create = 'crap.collections.create("notes", { title = "x" }); return crap.collections.count("notes")';
    expect(await json('eval', '--rollback', create)).toEqual({ value: 1 });
    expect(await json('eval', 'return crap.collections.count("notes")')).toEqual({ value: 0 });
    expect(await json('eval', create)).toEqual({ value: 1 });
    expect(await json('eval', 'return crap.collections.count("notes")')).toEqual({ value: 1 });
  });
});

describe('collections', () => {
  it('create, get, find, update and delete one document, with its hooks', async () => {
    const before = (await json<RunView[]>('jobs', 'status', '-s', 'echo', '-l', '-1')).length;
    const created = await json<{ id: string; title: string }>('collections', 'create', 'notes', '-d', '{"title": "One", "stars": 4}');
    expect(created).toMatchObject({ title: 'One', stars: 4 });
    expect(await json<RunView[]>('jobs', 'status', '-s', 'echo', '-l', '-1')).toHaveLength(before + 1);
    expect(await json('collections', 'get', 'notes', created.id)).toMatchObject({ id: created.id, title: 'One' });
    expect(await json('collections', 'update', 'notes', created.id, '-d', '{"stars": 5}')).toMatchObject({ title: 'One', stars: 5 });
    const found = await json<{ documents: { id: string }[] }>('collections', 'find', 'notes', '-w', '{"stars": {"greater_than": 4}}');
    expect(found.documents.map((document) => document.id)).toEqual([created.id]);
    const table = await text('collections', 'find', 'notes');
    expect(table.stdout).toMatch(/^id +.*title/);
    expect(table.stdout).toContain('1 document of 1');
    expect(await json('collections', 'list')).toEqual([{ slug: 'notes', fields: 2, documents: 1, file: 'collections/notes.lua' }]);
    expect(await json('collections', 'delete', 'notes', created.id)).toEqual({ id: created.id, deleted: true });
    for (const args of [['get'], ['delete']]) {
      expect(await failJson(['-C', dir, 'collections', ...args, 'notes', created.id])).toMatchObject({
        exit: 3,
        code: 'DOCUMENT_NOT_FOUND',
      });
    }
    expect(await failJson(['-C', dir, 'collections', 'update', 'notes', created.id, '-d', '{}'])).toMatchObject({ exit: 3 });
  });

  it('a document that does not validate is refused with the field', async () => {
    const error = await failJson(['-C', dir, 'collections', 'create', 'notes', '-d', '{"stars": 1}']);
    expect(error.exit).toBe(1);
    expect(error.message).toContain('title');
    expect(error.message).toContain('required');
    expect(await failJson(['-C', dir, 'collections', 'create', 'notes', '-d', '[1]'])).toMatchObject({ exit: 2, code: 'INVALID_JSON' });
  });
});

describe('check and migrate', () => {
  it('check says what there is', async () => {
    expect(await json('check')).toMatchObject({ ok: true, generation: 8, problems: [], counts: { collections: 1, globals: 0, jobs: 3 } });
    const { code, stdout } = await text('check');
    expect(code).toBe(0);
    expect(stdout).toContain('The project can be used: 1 collection, 0 globals, 3 jobs');
  });

  it('a field that is added later is added to its table by the next command', async () => {
    const other = await notesProject();
    try {
      const missing = await failJson(['-C', other.dir, 'migrate', 'status']);
      expect(missing).toMatchObject({ exit: 5, code: 'DATABASE_MISSING' });
      const made = await runJson<{ created: string[] }>(['-C', other.dir, 'migrate']);
      expect(made.created.join(' ')).toContain('notes');
      expect(await runJson(['-C', other.dir, 'migrate', 'status'])).toMatchObject({ system_tables: 'current', project_tables: 'current' });
      await other.write({
        'collections/tags.lua': 'crap.collections.define("tags", { fields = { crap.fields.text({ name = "name" }) } })\n',
      });
      expect(await runJson(['-C', other.dir, 'migrate', 'status'])).toMatchObject({ system_tables: 'current', project_tables: 'outdated' });
      await runJson(['-C', other.dir, 'collections', 'create', 'tags', '-d', '{"name": "new"}']);
      expect(await runJson(['-C', other.dir, 'migrate', 'status'])).toMatchObject({ project_tables: 'current' });
      expect((await runCli(['-C', other.dir, 'migrate'])).stdout).toBe('The database is up to date.\n');
    } finally {
      await other.dispose();
    }
  });
});

describe('init and make', () => {
  it('init makes a project that checks and runs at once', async () => {
    const target = join(dir, 'fresh');
    const made = await runJson<{ dir: string; files: string[] }>(['init', target]);
    expect(made.dir).toBe(target);
    for (const file of made.files) expect(existsSync(file)).toBe(true);
    expect(await runJson(['-C', target, 'check'])).toMatchObject({ ok: true, problems: [] });
    await runJson(['-C', target, 'collections', 'create', 'messages', '-d', '{"text": "hello"}']);
    expect((await runCli(['-C', target, 'work', '--drain'])).code).toBe(0);
    expect(await runJson<RunView[]>(['-C', target, 'jobs', 'status'])).toMatchObject([{ status: 'completed', result: { length: 5 } }]);
    expect(await failJson(['init', target])).toMatchObject({ exit: 4, code: 'PROJECT_EXISTS' });
  });

  it('init makes the project in the folder that -C names', async () => {
    const cwd = join(dir, 'elsewhere');
    mkdirSync(cwd);
    expect(await runJson(['-C', '../named', 'init'], { cwd })).toMatchObject({ dir: join(dir, 'named') });
    expect(await runJson(['-C', '../named', 'init', 'within'], { cwd })).toMatchObject({ dir: join(dir, 'named/within') });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('make job writes a definition that checks', async () => {
    const other = await notesProject();
    try {
      const made = await runJson(['-C', other.dir, 'make', 'job', 'send_mail', '-s', '0 8 * * 1', '-r', '2', '-t', '30', '-q', 'a "b"']);
      const path = join(other.dir, 'jobs/send_mail.lua');
      expect(made).toEqual({ slug: 'send_mail', path, handler: 'jobs.send_mail.run' });
      expect(readFileSync(path, 'utf8')).toContain('labels = { singular = "Send Mail" }');
      const jobs = await runJson<{ slug: string }[]>(['-C', other.dir, 'jobs', 'list']);
      expect(jobs.find((job) => job.slug === 'send_mail')).toMatchObject({
        schedule: '0 8 * * 1',
        retries: 2,
        timeout: 30,
        queue: 'a "b"',
      });
      expect(await failJson(['-C', other.dir, 'make', 'job', 'send_mail'])).toMatchObject({ exit: 4, code: 'FILE_EXISTS' });
      await runJson(['-C', other.dir, 'make', 'job', 'send_mail', '--force']);
      expect(await failJson(['-C', other.dir, 'make', 'job', 'Send-Mail'])).toMatchObject({ exit: 2, code: 'INVALID_SLUG' });
      expect(await failJson(['-C', other.dir, 'make', 'job', 'x', '-s', '99 * * * *'])).toMatchObject({ exit: 2 });
      expect(existsSync(join(other.dir, 'jobs/x.lua'))).toBe(false);
    } finally {
      await other.dispose();
    }
  });
});

it('the project is found from a folder within it, and by CRAP_CONFIG_DIR', async () => {
  const within = await runJson<{ dir: string }>(['check'], { cwd: join(dir, 'jobs') });
  const named = await runJson<{ dir: string }>(['check'], { cwd: '/', env: { CRAP_CONFIG_DIR: dir } });
  expect([within.dir, named.dir]).toEqual([dir, dir]);
});

it('global options may stand behind the command', async () => {
  const { code, stdout } = await runCli(['check', '--json', '-C', dir]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true });
});
