/** What a user or a bad day can hand to the command: each a clear message, the documented exit code, nothing lost. */
import { chmodSync, closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it } from 'vitest';
import type { Problem } from '../../src/domain/errors.js';
import { failJson, runCli, runJson } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

let project: ProjectFolder | undefined;
afterEach(async () => {
  await project?.dispose();
  project = undefined;
});

async function open(files: Record<string, string> = {}): Promise<string> {
  project = await notesProject(files);
  return project.dir;
}

async function problemsOf(dir: string): Promise<Problem[]> {
  const { code, stdout } = await runCli(['--json', '-C', dir, 'check']);
  expect(code).toBe(2);
  const report = JSON.parse(stdout) as { ok: boolean; problems: Problem[] };
  expect(report.ok).toBe(false);
  return report.problems.filter((problem) => problem.severity === 'error');
}

/** Runs of the project, read by a command that works again. */
const runsOf = (dir: string) => runJson<{ status: string }[]>(['-C', dir, 'jobs', 'status']);

it('[BOUNDARY] broken TOML is named with file and line, and no command starts over it', async () => {
  const dir = await open({ 'crap.toml': '[jobs]\nmax_concurrent = 10\npoll_interval = \n' });
  const [problem] = await problemsOf(dir);
  expect(problem).toMatchObject({ file: 'crap.toml', line: 3 });
  for (const args of [['jobs', 'list'], ['work', '--drain'], ['serve'], ['eval', 'return 1']]) {
    expect(await failJson(['-C', dir, ...args])).toMatchObject({ exit: 2, code: 'PROJECT_INVALID' });
  }
});

it('[BOUNDARY] every problem of a project is reported together, with file and line', async () => {
  const dir = await open({
    'collections/broken.lua': 'crap.collections.define("broken", {\n  fields = {\n',
    'collections/odd.lua': 'crap.collections.define("odd", {\n  fields = { { type = "text" } },\n})\n',
    'jobs/cron.lua': 'crap.jobs.define("cron", { handler = "jobs.echo.run", schedule = "61 * * * *" })\n',
    'jobs/gone.lua': 'crap.jobs.define("gone", { handler = "jobs.nowhere.run" })\n',
    'jobs/typo.lua': 'crap.jobs.define("typo", { handler = "jobs.echo.run", retires = 3 })\n',
  });
  const problems = await problemsOf(dir);
  const at = (file: string) => problems.filter((problem) => problem.file === file);
  expect(at('collections/broken.lua')).toHaveLength(1);
  expect(at('collections/odd.lua')).toHaveLength(1);
  expect(at('collections/odd.lua')[0]!.message).toContain('missing');
  expect(at('jobs/cron.lua')[0]).toMatchObject({ line: 1 });
  expect(at('jobs/cron.lua')[0]!.message).toContain('61');
  expect(at('jobs/gone.lua')[0]!.message).toContain('jobs.nowhere.run');
  expect(at('jobs/typo.lua')[0]!.message).toContain('retires');
  expect(`${at('jobs/typo.lua')[0]!.message} ${at('jobs/typo.lua')[0]!.remedy}`).toContain("'retries'");
  for (const { file, line } of problems) expect({ file, line: typeof line }).toEqual({ file, line: 'number' });

  const text = await runCli(['-C', dir, 'check']);
  expect(text.code).toBe(2);
  for (const { file } of problems) expect(text.stdout).toContain(file);
  expect(text.stdout).toContain('The project cannot be used');
});

it('[BOUNDARY] runs are shown, cancelled, retried and purged while a file of the project is broken', async () => {
  const dir = await open();
  const { id } = await runJson<{ id: string }>(['-C', dir, 'jobs', 'trigger', 'echo']);
  await project!.write({ 'jobs/cron.lua': 'crap.jobs.define("cron", {' });
  expect(await failJson(['-C', dir, 'jobs', 'trigger', 'echo'])).toMatchObject({ exit: 2, code: 'PROJECT_INVALID' });
  // Where 2 means a warning, what cannot be checked is unhealthy.
  expect(await failJson(['-C', dir, 'jobs', 'healthcheck'])).toMatchObject({ exit: 1, code: 'PROJECT_INVALID' });

  expect(await runsOf(dir)).toMatchObject([{ id, status: 'pending' }]);
  expect(await runJson(['-C', dir, 'jobs', 'logs', id])).toEqual([]);
  expect(await runJson(['-C', dir, 'jobs', 'cancel', '--id', id])).toEqual({ id, outcome: 'cancelled' });
  expect(await runJson(['-C', dir, 'jobs', 'retry', '--id', id])).toEqual({ retried: 1 });
  expect(await runJson(['-C', dir, 'jobs', 'cancel'])).toEqual({ cancelled: 1 });
  expect(await runJson(['-C', dir, 'jobs', 'purge', '--older-than', '0'])).toEqual({ purged: 1 });
  expect(await runJson(['-C', dir, 'jobs', 'pause'])).toEqual([]);
  expect(await runJson(['-C', dir, 'schedules', 'history'])).toEqual([]);
});

it('[BOUNDARY] the text form says which field a problem is at, where its message does not', async () => {
  const dir = await open({
    'collections/odd.lua': 'crap.collections.define("odd", { fields = { { name = "x" }, { type = "row" }, { type = "tabs" } } })\n',
  });
  const { stdout } = await runCli(['-C', dir, 'check']);
  expect(stdout).toContain("Field missing 'name' (at fields[2])\n");
  expect(stdout).toContain("Field missing 'name' (at fields[3])\n");
});

it('[BOUNDARY] data that is no JSON is refused with its reason, and nothing is queued', async () => {
  const dir = await open();
  const error = await failJson(['-C', dir, 'jobs', 'trigger', 'echo', '--data', '{']);
  expect(error).toMatchObject({
    exit: 2,
    code: 'INVALID_JSON',
    message: 'Invalid JSON data: EOF while parsing an object at line 1 column 1',
  });
  const text = await runCli(['-C', dir, 'run', 'echo', '--data', '[1,]']);
  expect(text.code).toBe(2);
  expect(text.stderr).toContain('Invalid JSON data: trailing comma at line 1 column 4');
  expect(await runsOf(dir)).toEqual([]);
});

it.each([
  ['--sort', 'nope', 'FIELD_INVALID'],
  ['--where', '{"nope": 1}', 'FIELD_INVALID'],
  ['--where', '{"stars": {"above": 1}}', 'FILTER_OPERATOR'],
] as const)('[BOUNDARY] collections find %s %s is wrong usage', async (option, value, code) => {
  const dir = await open();
  expect(await failJson(['-C', dir, 'collections', 'find', 'notes', option, value])).toMatchObject({ exit: 2, code });
});

it('[BOUNDARY] an empty unique key is refused as in crap.jobs.queue, and nothing is queued', async () => {
  const dir = await open();
  const error = await failJson(['-C', dir, 'jobs', 'trigger', 'echo', '--unique', '']);
  expect(error).toMatchObject({ exit: 2, code: 'INVALID_OPTION', message: 'unique key must be non-empty (or omit the option)' });
  expect(await runsOf(dir)).toEqual([]);
});

it('[BOUNDARY] an unknown slug is not found, with the nearest name', async () => {
  const dir = await open();
  for (const args of [
    ['jobs', 'trigger', 'ecko'],
    ['run', 'ecko'],
    ['schedules', 'next', 'ecko'],
  ]) {
    const error = await failJson(['-C', dir, ...args]);
    expect(error).toMatchObject({ exit: 3, code: 'JOB_NOT_DEFINED', message: "Job 'ecko' not defined", remedy: "did you mean 'echo'?" });
  }
  expect(await failJson(['-C', dir, 'collections', 'find', 'note'])).toMatchObject({ exit: 3, code: 'COLLECTION_NOT_FOUND' });
  expect(await failJson(['-C', dir, 'collections', 'get', 'notes', 'nobody'])).toMatchObject({ exit: 3, code: 'DOCUMENT_NOT_FOUND' });
  expect(await failJson(['-C', dir, 'jobs', 'status', '--id', 'nothing'])).toMatchObject({ exit: 3, code: 'RUN_NOT_FOUND' });
});

it('[BOUNDARY] a database that another program has locked is unavailable after busy_timeout, and works afterwards', async () => {
  const dir = await open({ 'crap.toml': '[access]\ndefault_deny = false\n[database]\nbusy_timeout = 200\n' });
  await runJson(['-C', dir, 'jobs', 'trigger', 'echo']);
  const other = new Database(join(dir, 'data/crap.db'));
  other.exec('BEGIN IMMEDIATE');
  try {
    const error = await failJson(['-C', dir, 'jobs', 'trigger', 'echo']);
    expect(error).toMatchObject({ exit: 5, code: 'WRITE_LOCK_BUSY' });
    expect(error.message).toContain(join(dir, 'data/crap.db'));
    expect(await runsOf(dir)).toHaveLength(1);
  } finally {
    other.close();
  }
  await runJson(['-C', dir, 'jobs', 'trigger', 'echo']);
  expect(await runsOf(dir)).toHaveLength(2);
});

it('[BOUNDARY] a read-only database is named as such; what can be read is read', async () => {
  const dir = await open();
  await runJson(['-C', dir, 'jobs', 'trigger', 'echo']);
  const path = join(dir, 'data/crap.db');
  const { writeVersion } = markReadOnly(path);
  expect(await failJson(['-C', dir, 'jobs', 'trigger', 'echo'])).toMatchObject({ exit: 5, code: 'DATABASE_READ_ONLY' });
  expect(await failJson(['-C', dir, 'eval', 'return crap.jobs.queue("echo")'])).toMatchObject({ exit: 5, code: 'DATABASE_READ_ONLY' });
  writeVersion(2);
  expect(await runsOf(dir)).toHaveLength(1);
});

it('[BOUNDARY] a database written by a newer version is refused and left as it is', async () => {
  const dir = await open();
  await runJson(['-C', dir, 'jobs', 'trigger', 'echo']);
  const path = join(dir, 'data/crap.db');
  edit(path, "UPDATE _ml_meta SET value = '999' WHERE key = 'schema_version'");
  const before = readFileSync(path);
  for (const args of [['jobs', 'trigger', 'echo'], ['jobs', 'list'], ['work', '--drain'], ['migrate'], ['migrate', 'status']]) {
    expect(await failJson(['-C', dir, ...args])).toMatchObject({ exit: 5, code: 'DATABASE_NEWER' });
  }
  expect(readFileSync(path).equals(before)).toBe(true);
});

it('[BOUNDARY] a file that is no database, and a path that cannot be one', async () => {
  const dir = await open({ 'data/crap.db': 'not a database at all, but long enough to have a header of its own\n'.repeat(20) });
  expect(await failJson(['-C', dir, 'jobs', 'list'])).toMatchObject({ exit: 5, code: 'DATABASE_CORRUPT' });
  await project!.write({ 'crap.toml': '[database]\npath = "init.lua/crap.db"\n', 'init.lua': '' });
  expect(await failJson(['-C', dir, 'jobs', 'list'])).toMatchObject({ exit: 5, code: 'DATABASE_UNAVAILABLE' });
});

it('[BOUNDARY] a value of the wrong type in a definition is named with its key', async () => {
  const dir = await open({ 'jobs/odd.lua': 'crap.jobs.define("a", { handler = "jobs.echo.run", retries = "many" })\n' });
  const [problem] = await problemsOf(dir);
  expect(problem).toMatchObject({ file: 'jobs/odd.lua', line: 1 });
  expect(problem!.message).toContain('retries');
});

it('a chunk that raises ends with 1, its message and its traceback; nothing of it stays', async () => {
  const dir = await open();
  const chunk = 'crap.collections.create("notes", { title = "gone" })\nerror("stop here")';
  const error = await failJson(['-C', dir, 'eval', chunk]);
  expect(error).toMatchObject({ exit: 1, code: 'LUA_RUNTIME' });
  expect(error.message).toContain('eval:2: stop here');
  expect(error.details['traceback']).toContain('stack traceback');
  expect(await runJson(['-C', dir, 'eval', 'return crap.collections.count("notes")'])).toEqual({ value: 0 });
  const syntax = await failJson(['-C', dir, 'eval', 'return +']);
  expect(syntax).toMatchObject({ exit: 1, code: 'LUA_SYNTAX' });
});

/** Root may write to a file whatever its mode, so SQLite itself is told: a write version it does not know makes a file read-only. */
function markReadOnly(path: string): { writeVersion(version: number): void } {
  edit(path, 'PRAGMA wal_checkpoint(TRUNCATE)');
  const writeVersion = (version: number) => {
    chmodSync(path, 0o644);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.from([version]), 0, 1, 18);
    closeSync(file);
  };
  writeVersion(3);
  return { writeVersion };
}

function edit(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}
