/** Every operation of the command line is a method of a host. */
import { getEventListeners } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Command } from 'commander';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Invocation } from '../../src/cli/command.js';
import { createProgram } from '../../src/cli/program.js';
import { type AnyJob, type CreateHostOptions, createHost, defineJob, type EmbeddedHost } from '../../src/index.js';
import { createProject, type ProjectFolder } from '../support/project.js';

/** What a command is on a host; a text with a blank is the reason why it is none. */
const METHODS: Record<string, string> = {
  init: 'a host is made over a folder that is there',
  'make job': 'writes source files of a project, at development',
  'make collection': 'writes source files of a project, at development',
  'make global': 'writes source files of a project, at development',
  'make hook': 'writes source files of a project, at development',
  'make migration': 'writes source files of a project, at development',
  check: 'check',
  serve: 'start',
  work: 'idle',
  'jobs list': 'definitions',
  'jobs trigger': 'enqueue',
  'jobs status': 'jobs.runs',
  'jobs cancel': 'jobs.cancel',
  'jobs retry': 'jobs.retry',
  'jobs purge': 'jobs.purge',
  'jobs healthcheck': 'jobs.health',
  'jobs pause': 'jobs.pause',
  'jobs resume': 'jobs.resume',
  'jobs logs': 'jobs.attempts',
  'jobs why': 'jobs.why',
  'schedules list': 'schedules.list',
  'schedules next': 'schedules.next',
  'schedules explain': 'schedules.explain',
  'schedules preview': 'schedules.preview',
  'schedules history': 'schedules.history',
  'schedules pause': 'schedules.pause',
  'schedules resume': 'schedules.resume',
  'schedules run': 'schedules.run',
  run: 'run',
  eval: 'eval',
  'collections list': 'collections',
  'collections find': 'collection',
  'collections get': 'collection',
  'collections create': 'collection',
  'collections update': 'collection',
  'collections delete': 'collection',
  migrate: 'migrate.tables',
  'migrate up': 'migrate.up',
  'migrate down': 'migrate.down',
  'migrate status': 'migrate.status',
  types: 'types.lua',
  verify: 'verify',
  doctor: 'doctor',
};

const hosts: { stop(): Promise<void> }[] = [];
const projects: ProjectFolder[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  for (const project of projects.splice(0)) await project.dispose();
});

async function open<const Jobs extends readonly AnyJob[]>(
  files: Record<string, string> | undefined,
  options: CreateHostOptions<Jobs> = {},
): Promise<EmbeddedHost<Jobs>> {
  const project = files && (await createProject(files));
  if (project) projects.push(project);
  const host = await createHost<Jobs>({ threads: 1, ...(project && { project: project.dir }), ...options });
  hosts.push(host);
  return host;
}

const NOTES = {
  'collections/notes.lua': `crap.collections.define("notes", { fields = { { name = "title", type = "text" } },
    access = { create = "hooks.access.never" } })`,
  'hooks/access.lua': 'return { never = function() return false end }',
};

function leaves(command: Command, path: readonly string[] = []): string[] {
  const own = command.commands.filter((each) => each.name() !== 'help');
  const below = own.flatMap((each) => leaves(each, [...path, each.name()]));
  // `migrate` does something of its own too.
  return own.length === 0 || path.join(' ') === 'migrate' ? [path.join(' '), ...below] : below;
}

it('every command has a method, or a reason why it has none', async () => {
  const streams = { stdout: { write() {} }, stderr: { write() {} } };
  const program = createProgram({ output: { streams, json: false, note() {} } } as unknown as Invocation);
  // A command is loaded when it is asked for.
  for (const command of [...program.commands]) {
    await program.parseAsync(['help', command.name()], { from: 'user' }).catch(() => {});
  }
  expect(leaves(program).sort()).toEqual(Object.keys(METHODS).sort());
  const host = await open(undefined);
  for (const path of Object.values(METHODS).filter((text) => !text.includes(' '))) {
    const method = path.split('.').reduce<unknown>((holder, key) => (holder as Record<string, unknown>)[key], host);
    expect(typeof method, path).toBe('function');
  }
});

it('docs/typescript.md names every method, event of a host and option of createHost and defineJob', async () => {
  const text = readFileSync(new URL('../../docs/typescript.md', import.meta.url), 'utf8');
  const host = await open(undefined);
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(host)).filter((name) => name !== 'constructor');
  const grouped = [host.jobs, host.schedules, host.migrate, host.types].flatMap((group) => Object.keys(group));
  const keysOf = (file: string, name: string) => {
    const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
    const body = source.slice(source.indexOf(`export interface ${name}`)).split('\n}')[0]!;
    return [...body.matchAll(/^ {2}'?([\w:]+)'?\??:/gm)].map(([, key]) => key!);
  };
  const options = [
    keysOf('api/create-host.ts', 'CreateHostOptions'),
    keysOf('api/job.ts', 'JobOptions'),
    keysOf('host/events.ts', 'HostEvents'),
  ];
  expect(options.map((keys) => keys.length > 10)).toEqual([true, true, true]);
  const missing = [...own, ...grouped, ...options.flat()].filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
  expect(missing).toEqual([]);
});

describe('check, verify, collections', () => {
  it('check lists the problems of the files as they are now, and the host goes on', async () => {
    const host = await open(NOTES);
    expect(await host.check()).toMatchObject({ ok: true, counts: { collections: 1 } });
    expect((await host.collections()).length).toBe(1);
    await projects[0]!.write({ 'jobs/broken.lua': 'crap.jobs.define("broken", {})' });
    const report = await host.check();
    expect(report).toMatchObject({ ok: false, problems: [expect.objectContaining({ file: 'jobs/broken.lua' })] });
    expect(await host.collections()).toMatchObject([{ slug: 'notes', fields: 1, documents: 0 }]);
  });

  it('verify reads the database of the host', async () => {
    const host = await open(undefined, { jobs: [defineJob({ slug: 'ok', handler: () => 1 })] });
    await host.start();
    await host.jobs.wait((await host.enqueue('ok')).id);
    expect(await host.verify()).toMatchObject({ ok: true, runs: 1, attempts: 1, breaches: [], since: null });
    expect(await host.verify({ since: new Date('2026-01-01T00:00:00Z') })).toMatchObject({ since: '2026-01-01T00:00:00.000Z' });
  });
});

it('doctor finds and mends what is wrong, beside the host that runs', async () => {
  const host = await open(undefined, { jobs: [defineJob({ slug: 'ok', handler: () => 1 })] });
  await host.start();
  expect(await host.doctor()).toMatchObject({ ok: true, repaired: [], database: host.databasePath });
  const other = new Sqlite(host.databasePath);
  other.exec(`INSERT INTO _ml_attempts (run, claim, attempt, host, ended_at, outcome) VALUES ('gone', 1, 1, 'x', 1, 'completed')`);
  other.close();
  expect(await host.doctor({ quick: true })).toMatchObject({ ok: false, findings: [expect.objectContaining({ code: 'ATTEMPT_ORPHAN' })] });
  const report = await host.doctor({ repair: true });
  expect(report.repaired.length).toBe(1);
  expect(report.ok).toBe(true);
});

it('migrate applies and undoes the migrations of the project', async () => {
  const name = '20260101000000_seed.lua';
  const host = await open({
    ...NOTES,
    [`migrations/${name}`]: `return { up = function() crap.collections.create("notes", { title = "seed" }, { overrideAccess = true }) end,
      down = function() for _, doc in ipairs(crap.collections.find("notes").documents) do crap.collections.delete("notes", doc.id) end end }`,
  });
  expect(await host.migrate.status()).toMatchObject({ projectTables: 'current', migrations: [{ name, status: 'pending' }] });
  expect(await host.migrate.up()).toMatchObject({ applied: [name], created: [] });
  expect(await host.collection('notes').count()).toBe(1);
  expect(await host.migrate.down({ steps: 5 })).toEqual({ rolled_back: [name] });
  expect(await host.collection('notes').count()).toBe(0);
  expect(await host.migrate.tables()).toMatchObject({ created: [], altered: [] });
});

describe('types', () => {
  it('writes those of the project', async () => {
    const host = await open({
      ...NOTES,
      'jobs/a.lua': 'crap.jobs.define("a", { handler = "jobs.a.run" })\nreturn { run = function() end }',
    });
    const report = await host.types.ts();
    expect(report).toMatchObject({ ok: true, slugs: ['a'] });
    expect(readFileSync(report.file.path, 'utf8')).toContain('a:');
    expect(await host.types.ts({ check: true })).toMatchObject({ ok: true, file: { state: 'unchanged' } });
    expect((await host.types.lua()).ok).toBe(true);
    expect(existsSync(join(projects[0]!.dir, 'types/crap.lua'))).toBe(true);
  });

  it('of a host without a project need a path', async () => {
    const host = await open(undefined);
    await expect(host.types.ts()).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('out: ') });
    await expect(host.types.lua()).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describe('run', () => {
  const module = new URL('./spin.mjs', import.meta.url);

  it('executes inline, module and Lua jobs now, without a row', async () => {
    const inline = defineJob({
      slug: 'inline',
      input: z.object({ n: z.coerce.number(), at: z.coerce.date() }),
      handler: async ({ data, log, collection }) => {
        log.warn('here');
        await collection('notes').create({ title: `n ${data.n}` });
        return data.at.getTime() + data.n;
      },
    });
    const counts = defineJob({ slug: 'counts', handler: module });
    const host = await open(
      { ...NOTES, 'jobs/a.lua': 'crap.jobs.define("a", { handler = "jobs.a.run" })\nreturn { run = function(c) return c.data.n end }' },
      { jobs: [inline, counts] },
    );
    const lines: string[] = [];
    const report = await host.run('inline', { n: '2', at: '1970-01-01T00:00:01Z' }, { log: ({ text }) => lines.push(text) });
    expect(report).toMatchObject({ slug: 'inline', outcome: 'completed', result: 1002, log: [{ text: 'here' }] });
    expect(lines).toEqual(['here']);
    expect(await host.run('counts', { n: 4 })).toMatchObject({ outcome: 'completed', result: { n: 5, thread: true } });
    expect(await host.run('a', { n: 7 })).toMatchObject({ outcome: 'completed', result: 7 });
    expect(await host.collection('notes').count()).toBe(2);
    expect(await host.jobs.runs()).toEqual([]);
  });

  it('rollback undoes, a user is held to the access rules, a failure is a report, wrong data is refused', async () => {
    const writes = defineJob({
      slug: 'writes',
      input: z.object({ fail: z.boolean().default(false) }),
      handler: async ({ data, collection, enqueue }) => {
        await collection('notes').create({ title: 'x' });
        await enqueue('writes');
        if (data.fail) throw new Error('no luck');
      },
    });
    const apart = defineJob({ slug: 'apart', transaction: false, handler: ({ collection }) => collection('notes').create({ title: 'y' }) });
    const missing = defineJob({ slug: 'missing', handler: new URL('./nowhere.mjs', import.meta.url) });
    const host = await open(NOTES, { jobs: [writes, apart, missing] });
    expect(await host.run('writes', {}, { rollback: true })).toMatchObject({ outcome: 'completed' });
    expect(await host.run('apart', {}, { rollback: true })).toMatchObject({ outcome: 'completed' });
    expect(await host.run('writes', { fail: true })).toMatchObject({ outcome: 'failed', error: { message: 'no luck' } });
    const denied = await host.run('writes', {}, { user: { id: 'u' } });
    expect(denied).toMatchObject({ outcome: 'failed', error: { message: expect.stringMatching(/denied/i) } });
    expect(await host.run('missing')).toMatchObject({ outcome: 'failed', error: { message: expect.stringContaining('nowhere.mjs') } });
    await expect(host.run('writes', { fail: 5 })).rejects.toMatchObject({ code: 'DATA_INVALID' });
    await expect(host.run('nothing')).rejects.toMatchObject({ code: 'JOB_NOT_DEFINED' });
    expect([await host.collection('notes').count(), (await host.jobs.runs()).length]).toEqual([0, 0]);
    await host.run('writes');
    expect([await host.collection('notes').count(), (await host.jobs.runs()).length]).toEqual([1, 1]);
  });

  it('is ended by its deadline and by the signal of the caller, which keeps no listener', async () => {
    const waits = defineJob({
      slug: 'waits',
      timeoutMs: 100,
      handler: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const host = await open(NOTES, { jobs: [waits] });
    expect(await host.run('waits')).toMatchObject({ outcome: 'timed_out' });
    expect(await host.run('waits', {}, { signal: AbortSignal.abort() })).toMatchObject({ outcome: 'cancelled' });
    const { signal } = new AbortController();
    await host.run('waits', {}, { signal });
    await host.eval('return 1', { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

it('schedules.run queues a run beside the schedule; of a job without one it is refused', async () => {
  const daily = defineJob({ slug: 'daily', schedule: '0 8 * * *', handler: () => 'done' });
  const plain = defineJob({ slug: 'plain', handler: () => 1 });
  const host = await open(undefined, { jobs: [daily, plain] });
  const { id } = await host.schedules.run('daily');
  expect(await host.jobs.run(id)).toMatchObject({ slug: 'daily', status: 'pending', scheduled_by: 'api' });
  await expect(host.schedules.run('plain')).rejects.toMatchObject({ code: expect.stringMatching(/SCHEDULE/) });
});
