/** `moonlighter migrate up|down|status` as a command: texts, documents, exit codes, and other programs on the same database. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunView } from '../../src/operations/run-view.js';
import { failJson, runCli, runJson, startCli } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

const FIRST = '20260101000000_first.lua';
const SECOND = '20260102000000_second.lua';
const creating = (title: string) =>
  `return { up = function() crap.log.info("making ${title}") crap.collections.create("notes", { title = "${title}" }) end, down = function() end }`;

let project: ProjectFolder;
let dir: string;
beforeEach(async () => {
  project = await notesProject({ [`migrations/${FIRST}`]: creating('first'), [`migrations/${SECOND}`]: creating('second') });
  dir = project.dir;
});
afterEach(() => project.dispose());

const text = (...args: string[]) => runCli(['-C', dir, 'migrate', ...args]);
const json = <T>(...args: string[]) => runJson<T>(['-C', dir, 'migrate', ...args]);
const count = async () => (await runJson<{ value: number }>(['-C', dir, 'eval', 'return crap.collections.count("notes")'])).value;

it('up, down and status say what they did', async () => {
  const up = await text('up');
  expect(up.code).toBe(0);
  expect(up.stdout).toMatch(new RegExp(`^Created .*notes[\\s\\S]*Applied ${FIRST}\nApplied ${SECOND}\n$`));
  expect(up.stderr).toBe('making first\nmaking second\n');
  expect((await text('up')).stdout).toBe('The database is up to date.\n');
  const status = await text('status');
  expect(status.stdout).toMatch(/^Migration +Status +Applied$/m);
  expect(status.stdout).toMatch(new RegExp(`^${FIRST} +applied +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d$`, 'm'));
  expect((await text('down')).stdout).toBe(`Rolled back ${SECOND}\n`);
  expect((await text('down', '--steps', '5')).stdout).toBe(`Rolled back ${FIRST}\n`);
  expect((await text('down')).stdout).toBe('No migration is applied.\n');
});

it('the same as documents', async () => {
  expect(await json('up')).toMatchObject({
    created: expect.arrayContaining(['notes']),
    altered: ['_ml_idx_notes_newest'],
    warnings: [],
    applied: [FIRST, SECOND],
  });
  expect(await json('up')).toEqual({ created: [], altered: [], warnings: [], applied: [] });
  expect(await json('down', '-s', '1')).toEqual({ rolled_back: [SECOND] });
  expect(await json('list')).toMatchObject({
    system_tables: 'current',
    migrations: [
      { name: FIRST, status: 'applied', applied_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/) },
      { name: SECOND, status: 'pending', applied_at: null },
    ],
  });
});

it('a failed one: exit 1, file, line, traceback, what was done and what is left', async () => {
  await project.write({ [`migrations/${SECOND}`]: 'return { up = function()\n  error("on purpose")\nend }' });
  const failed = await text('up');
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain(`Applied ${FIRST}\n`);
  expect(failed.stderr).toContain(`Error: migration ${SECOND} failed (up): migrations/${SECOND}:2: on purpose\nstack traceback:`);
  expect(failed.stderr).toContain('it was rolled back whole, the one before it stays; correct');
  expect(await failJson(['-C', dir, 'migrate', 'up'])).toMatchObject({
    exit: 1,
    code: 'MIGRATION_FAILED',
    details: { file: `migrations/${SECOND}`, line: 2, done: [], left: [SECOND], traceback: expect.stringContaining('stack traceback') },
  });
});

it('wrong usage, a broken project and a missing file have their exit codes', async () => {
  expect(await failJson(['-C', dir, 'migrate', 'down', '--steps', '0'])).toMatchObject({ exit: 2, code: 'INVALID_OPTION' });
  expect(await failJson(['-C', dir, 'migrate', 'sideways'])).toMatchObject({ exit: 2 });
  expect(await failJson(['-C', dir, 'migrate', 'down'])).toMatchObject({ exit: 5, code: 'DATABASE_MISSING' });
  await json('up');
  await project.write({ 'collections/bad.lua': 'error("no")' });
  expect(await failJson(['-C', dir, 'migrate', 'up'])).toMatchObject({ exit: 2, code: 'PROJECT_INVALID' });
});

it('without a subcommand the tables alone; what waits is named there, by check and at the start of a host', async () => {
  const tables = await text();
  expect(tables.stderr).toBe('2 migrations not applied yet: moonlighter migrate up\n');
  expect(await count()).toBe(0);
  const drained = await runCli(['-C', dir, 'work', '--drain']);
  expect(drained.code).toBe(0);
  expect(drained.stderr).toContain(`Not applied yet: 2 migrations, from ${FIRST} on (moonlighter migrate up)`);
  await project.write({ 'migrations/20260103000000_broken.lua': 'return {' });
  expect(await runJson(['-C', dir, 'check'])).toMatchObject({
    ok: true,
    problems: [{ severity: 'warning', code: 'LUA_SYNTAX', file: 'migrations/20260103000000_broken.lua' }],
  });
});

describe('other programs', () => {
  it('of two commands at once each migration is applied by exactly one', async () => {
    const reports = await Promise.all([json<{ applied: string[] }>('up'), json<{ applied: string[] }>('up')]);
    expect(reports.flatMap(({ applied }) => applied).sort()).toEqual([FIRST, SECOND]);
    expect(await count()).toBe(2);
    const undone = await Promise.all([
      json<{ rolled_back: string[] }>('down', '-s', '2'),
      json<{ rolled_back: string[] }>('down', '-s', '2'),
    ]);
    expect(undone.flatMap(({ rolled_back }) => rolled_back).sort()).toEqual([FIRST, SECOND]);
  });

  it('what a migration queues is executed by the host that runs beside it', async () => {
    const host = startCli(['-C', dir, 'work', '--no-cron']);
    try {
      await host.until(/Scheduler started/);
      const done = host.until(/\(echo\) completed[\s\S]*\(echo\) completed/);
      expect(await json('up')).toMatchObject({ applied: [FIRST, SECOND] });
      await done;
      const runs = await runJson<RunView[]>(['-C', dir, 'jobs', 'status']);
      expect(runs.map(({ slug, status }) => [slug, status])).toEqual([
        ['echo', 'completed'],
        ['echo', 'completed'],
      ]);
    } finally {
      host.child.kill('SIGTERM');
      await host.ended;
    }
  });

  it('a lock that another program holds: exit 5, nothing done, the remedy', async () => {
    await project.write({ 'crap.toml': '[access]\ndefault_deny = false\n[database]\nbusy_timeout = "1s"\n' });
    await runJson(['-C', dir, 'migrate']);
    const other = new Sqlite(join(dir, 'data/crap.db'));
    try {
      other.exec('BEGIN IMMEDIATE');
      expect(await failJson(['-C', dir, 'migrate', 'up'])).toMatchObject({ exit: 5, code: 'WRITE_LOCK_BUSY', remedy: expect.any(String) });
      other.exec('COMMIT');
    } finally {
      other.close();
    }
    expect(await json('up')).toMatchObject({ applied: [FIRST, SECOND] });
  });
});

it('Ctrl-C within a migration: 130, nothing of it stays', async () => {
  await project.write({
    [`migrations/${SECOND}`]:
      'return { up = function() crap.collections.create("notes", { title = "lost" }) print("looping") while true do end end }',
  });
  const running = startCli(['-C', dir, 'migrate', 'up']);
  await running.until(/looping/);
  running.child.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  expect(await count()).toBe(1);
  expect(await json('status')).toMatchObject({ migrations: [{ status: 'applied' }, { status: 'pending' }] });
});
