/** The host within an application: jobs in TypeScript beside those in Lua, on one queue and with the same guarantees. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyJob, type CreateHostOptions, createHost, defineJob, type EmbeddedHost } from '../../src/index.js';
import { createProject, type ProjectFolder } from '../support/project.js';

const hosts: { stop(): Promise<void> }[] = [];
const projects: ProjectFolder[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  for (const project of projects.splice(0)) await project.dispose();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function open<const Jobs extends readonly AnyJob[]>(options: CreateHostOptions<Jobs>, start = true): Promise<EmbeddedHost<Jobs>> {
  const host = await createHost<Jobs>({ threads: 1, ...options });
  hosts.push(host);
  if (start) await host.start();
  return host;
}

async function notes(more: Record<string, string> = {}): Promise<string> {
  const project = await createProject({
    'collections/notes.lua': 'crap.collections.define("notes", { fields = { { name = "title", type = "text", unique = true } } })',
    'jobs/lua.lua':
      'crap.jobs.define("in_lua", { handler = "jobs.lua.run" })\nreturn { run = function(ctx) return { id = crap.jobs.queue("in_ts", { n = ctx.data.n + 1 }) } end }',
    ...more,
  });
  projects.push(project);
  return project.dir;
}

describe('a host without a project', () => {
  it('executes an inline job, gives its result and its log, and goes with its database', async () => {
    const double = defineJob({
      slug: 'double',
      input: z.object({ n: z.number() }),
      handler: ({ data, log, run }) => {
        log.info(`attempt ${run.attempt}`);
        return { n: data.n * 2 };
      },
    });
    const host = await open({ jobs: [double] });
    const { id } = await host.enqueue(double, { n: 21 });
    expect(await host.jobs.wait(id)).toMatchObject({ slug: 'double', status: 'completed', result: { n: 42 }, scheduled_by: 'api' });
    expect((await host.jobs.attempts(id))[0]?.log.map(({ text }) => text)).toEqual(['attempt 1']);
    expect(host.running).toBe(true);
    expect(await host.snapshot()).toMatchObject({
      running: true,
      counts: { total: 1, byStatus: { completed: 1 }, bySlug: { double: 1 } },
      definitions: [{ slug: 'double' }],
    });
  });

  it('refuses wrong data when it is queued, and before a run that came otherwise', async () => {
    const double = defineJob({ slug: 'double', retries: 3, input: z.object({ n: z.number() }), handler: ({ data }) => data.n });
    const host = await open({ jobs: [double] });
    await expect(host.enqueue('double', { n: 'x' } as never)).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining('n: '),
    });
    const ids = await host.eval('return crap.jobs.queue("double", { n = "x" })');
    const run = await host.jobs.wait(String(ids[0]));
    expect(run).toMatchObject({ status: 'failed', attempt: 1, error: expect.stringContaining("data of job 'double' is invalid: n: ") });
  });

  it('two hosts in one process have nothing in common', async () => {
    const jobs = (mark: string) => [defineJob({ slug: 'who', handler: () => mark })] as const;
    const [a, b] = [await open({ jobs: jobs('a') }), await open({ jobs: jobs('b') })];
    const [first, second] = [await a.enqueue('who'), await b.enqueue('who')];
    expect([(await a.jobs.wait(first.id)).result, (await b.jobs.wait(second.id)).result]).toEqual(['a', 'b']);
  });

  it('await using stops it; what is queued afterwards is refused', async () => {
    const host = await open({ jobs: [defineJob({ slug: 'x', handler: () => 1 })] });
    {
      await using used = host;
      expect(used.running).toBe(true);
    }
    expect(host.running).toBe(false);
    await expect(host.enqueue('x')).rejects.toMatchObject({ code: 'HOST_STOPPED' });
  });
});

describe('[ONCE] an inline handler', () => {
  it('has one transaction with its completion: writes and queued runs of a failed attempt are undone', async () => {
    let attempts = 0;
    const writes = defineJob({
      slug: 'in_ts',
      retries: 1,
      backoff: [0],
      handler: async ({ collection, enqueue }) => {
        await collection('notes').create({ title: 'once' });
        await enqueue('after', { attempts });
        if (++attempts === 1) throw new Error('first attempt fails');
        return (await collection('notes').find({ limit: 5 })).documents.map(({ title }) => title as string);
      },
    });
    const after = defineJob({ slug: 'after', handler: ({ data }) => data });
    const host = await open({ project: await notes(), jobs: [writes, after] });
    const { id } = await host.enqueue('in_ts');
    expect(await host.jobs.wait(id)).toMatchObject({ status: 'completed', attempt: 2, result: ['once'] });
    expect(await host.collection('notes').count()).toBe(1);
    expect((await host.jobs.runs({ slug: 'after' })).map(({ data }) => data)).toEqual([{ attempts: 1 }]);
    const [first] = await host.jobs.attempts(id);
    expect(first).toMatchObject({
      outcome: 'failed',
      error: { message: 'first attempt fails', traceback: expect.stringContaining('Error: first attempt fails') },
    });
  });

  it('operations that it does not await are done before it is completed, in its transaction', async () => {
    const hasty = defineJob({
      slug: 'in_ts',
      handler: ({ collection, enqueue }) => {
        void collection('notes').create({ title: 'hasty' });
        void enqueue('after', {});
        return 'returned';
      },
    });
    const after = defineJob({ slug: 'after', handler: () => null });
    const host = await open({ project: await notes(), jobs: [hasty, after] });
    expect(await host.jobs.wait((await host.enqueue('in_ts', {})).id)).toMatchObject({ status: 'completed', result: 'returned' });
    expect(await host.collection('notes').count()).toBe(1);
    expect(await host.jobs.runs({ slug: 'after' })).toHaveLength(1);
  });

  it('cannot catch that another commit came between: it is executed again, and its update is not lost', async () => {
    let passes = 0;
    let reach = () => {};
    let letGo = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const opened = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const adds = defineJob({
      slug: 'in_ts',
      handler: async ({ collection }) => {
        passes++;
        const { documents } = await collection('counters').find({});
        reach();
        await opened;
        const [{ id, value }] = documents as [{ id: string; value: number }];
        await collection('counters')
          .update(id, { value: value + 1 })
          .catch(() => {});
        return passes;
      },
    });
    const project = await notes({
      'collections/counters.lua': 'crap.collections.define("counters", { fields = { { name = "value", type = "number" } } })',
    });
    const host = await open({ project, jobs: [adds] });
    const counter = await host.collection('counters').create({ value: 0 });
    const { id } = await host.enqueue('in_ts');
    await reached;
    await host.collection('counters').update(counter.id as string, { value: 10 });
    letGo();
    expect(await host.jobs.wait(id)).toMatchObject({ status: 'completed', result: 2 });
    expect((await host.collection('counters').find({})).documents).toMatchObject([{ value: 11 }]);
  });

  it('a hundred that read and then write lose no update', async () => {
    const adds = defineJob({
      slug: 'adds',
      concurrency: 10,
      handler: async ({ collection }) => {
        const counters = collection('counters');
        const { documents } = await counters.find({});
        const counter = documents[0]!;
        await new Promise((resolve) => setImmediate(resolve));
        await counters.update(counter.id as string, { value: Number(counter.value) + 1 });
      },
    });
    const project = await notes({
      'collections/counters.lua': 'crap.collections.define("counters", { fields = { { name = "value", type = "number" } } })',
    });
    const host = await open({ project, jobs: [adds], concurrency: 10 });
    await host.collection('counters').create({ value: 0 });
    const queued = await host.enqueueMany(Array.from({ length: 100 }, () => ({ job: 'adds' as const })));
    const statuses = await Promise.all(queued.map(async ({ id }) => (await host.jobs.wait(id)).status));
    expect(new Set(statuses)).toEqual(new Set(['completed']));
    expect((await host.collection('counters').find({})).documents[0]?.value).toBe(100);
  });

  it('[STOP] after its deadline its context is refused, its signal aborted, and nothing it wrote stays', async () => {
    const late: unknown[] = [];
    let ended = () => {};
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const slow = defineJob({
      slug: 'slow',
      timeoutMs: 200,
      handler: async ({ collection, signal }) => {
        await collection('notes').create({ title: 'slow' });
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await collection('notes')
          .create({ title: 'late' })
          .catch((error: unknown) => late.push((error as { code: string }).code));
        ended();
      },
    });
    const host = await open({ project: await notes(), jobs: [slow] });
    const { id } = await host.enqueue('slow');
    expect(await host.jobs.wait(id)).toMatchObject({ status: 'failed', error: 'timeout after 0.2s' });
    await over;
    expect(late).toEqual(['RUN_OVER']);
    expect(await host.collection('notes').count()).toBe(0);
  });

  it('is cancelled, put off and discarded like a Lua handler', async () => {
    const started: (() => void)[] = [];
    const waits = defineJob({
      slug: 'waits',
      handler: ({ signal }) =>
        new Promise((_, reject) => {
          started.shift()?.();
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    });
    const later = defineJob({ slug: 'later', handler: ({ retryLater }) => retryLater(3_600_000, 'the shop is closed') });
    const gone = defineJob({ slug: 'gone', retries: 5, handler: ({ discard }) => discard('no such order') });
    const host = await open({ jobs: [waits, later, gone] });
    const begun = new Promise<void>((resolve) => started.push(resolve));
    const waiting = await host.enqueue('waits');
    await begun;
    expect(await host.jobs.cancel(waiting.id, { wait: true })).toEqual({ id: waiting.id, outcome: 'cancelled' });
    expect(await host.jobs.wait((await host.enqueue('gone')).id)).toMatchObject({ status: 'failed', attempt: 1, error: 'no such order' });
    const ended = new Promise<void>((resolve) => host.on('attempt:finished', ({ run }) => run.slug === 'later' && resolve()));
    const { id } = await host.enqueue('later');
    await ended;
    expect(await host.jobs.run(id)).toMatchObject({ status: 'pending', attempt: 0, error: 'the shop is closed' });
  });
});

describe('a module job', () => {
  const module = new URL('./spin.mjs', import.meta.url);

  it('runs in a worker thread with the collections of the project', async () => {
    const counts = defineJob({ slug: 'counts', input: z.object({ n: z.number() }), handler: module });
    const host = await open({ project: await notes(), jobs: [counts] });
    const { id } = await host.enqueue('counts', { n: 1 });
    expect(await host.jobs.wait(id)).toMatchObject({ status: 'completed', result: { n: 2, thread: false } });
    expect(await host.collection('notes').count()).toBe(1);
  });

  it('[STOP] is really stopped, its loop too, and the host goes on', async () => {
    const spins = defineJob({ slug: 'spins', timeoutMs: 300, handler: module, exportName: 'spin' });
    const quick = defineJob({ slug: 'quick', handler: module, input: z.object({ n: z.number() }) });
    const host = await open({ project: await notes(), jobs: [spins, quick] });
    const { id } = await host.enqueue('spins');
    expect(await host.jobs.wait(id)).toMatchObject({ status: 'failed', error: expect.stringContaining('timeout after 0.3s') });
    expect(await host.jobs.wait((await host.enqueue('quick', { n: 5 })).id)).toMatchObject({ status: 'completed' });
    expect((await host.collection('notes').find({})).documents.map(({ title }) => title)).toEqual(['note 5']);
  });

  it('[BOUNDARY] Regression: one that loops behind a wait is to blame for what it keeps from going on, instead of those beside it', async () => {
    const hogs = defineJob({ slug: 'hogs', timeoutMs: 60_000, handler: module, exportName: 'spinLater' });
    const beside = defineJob({ slug: 'beside', timeoutMs: 2_000, handler: module, exportName: 'beside' });
    const host = await open({ project: await notes(), jobs: [hogs, beside], threads: 1 });
    const lost = new Promise<string>((resolve) =>
      host.on('attempt:finished', ({ run, outcome, error }) => run.slug === 'hogs' && resolve(`${outcome}: ${error?.message}`)),
    );
    const hog = await host.enqueue('hogs');
    const { id } = await host.enqueue('beside');
    expect(await lost).toMatch(/^lost: .*let no other go on/);
    await host.jobs.cancel(hog.id);
    expect(await host.jobs.wait(id)).toMatchObject({ status: 'completed', attempt: 1, result: 'unharmed' });
  });

  it('one that is not there, or does not export it, fails its runs with the reason', async () => {
    const missing = defineJob({ slug: 'missing', handler: new URL('./nowhere.mjs', import.meta.url) });
    const other = defineJob({ slug: 'other', handler: module, exportName: 'nothing' });
    const host = await open({ jobs: [missing, other] });
    expect(await host.jobs.wait((await host.enqueue('missing')).id)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('nowhere.mjs'),
    });
    expect(await host.jobs.wait((await host.enqueue('other')).id)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining("exports no function 'nothing'"),
    });
  });
});

it('Lua queues a TypeScript job and the other way round', async () => {
  const inTs = defineJob({ slug: 'in_ts', input: z.object({ n: z.number() }), handler: ({ data }) => data.n });
  const host = await open({ project: await notes(), jobs: [inTs] });
  const first = await host.jobs.wait((await host.enqueue('in_lua' as never, { n: 1 } as never)).id);
  const second = (first.result as { id: string }).id;
  expect(await host.jobs.wait(second)).toMatchObject({ status: 'completed', result: 2, scheduled_by: 'hook' });
});

describe('[ONCE] withTransaction', () => {
  async function shared() {
    const folder = mkdtempSync(join(tmpdir(), 'ml-app-'));
    folders.push(folder);
    const database = join(folder, 'app.db');
    const client = new Sqlite(database);
    client.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT)');
    const ships = defineJob({ slug: 'ships', input: z.object({ order: z.number() }), handler: ({ data }) => data.order });
    const host = await open({ database, jobs: [ships] });
    return { client, host, ships };
  }

  it('the run comes with the commit of the application, and goes with its rollback', async () => {
    const { client, host, ships } = await shared();
    const order = client.transaction((what: string) => {
      const { lastInsertRowid } = client.prepare('INSERT INTO orders (what) VALUES (?)').run(what);
      const { id } = host.withTransaction(client).enqueue(ships, { order: Number(lastInsertRowid) });
      if (what === 'nothing') throw new Error('we do not sell that');
      return id;
    });
    expect(() => order('nothing')).toThrow('we do not sell that');
    expect((await host.jobs.runs()).length).toBe(0);
    expect(await host.jobs.wait(order('lamp'))).toMatchObject({ status: 'completed', result: 1 });
    client.close();
  });

  it('refuses a client of another package, of another file, and one without a transaction', async () => {
    const { client, host } = await shared();
    const other = new Sqlite(':memory:');
    const enqueue = (given: object) => () => host.withTransaction(given).enqueue('ships', { order: 1 });
    expect(enqueue({ prepare() {} })).toThrow(expect.objectContaining({ code: 'CLIENT_FOREIGN' }));
    expect(enqueue(client)).toThrow(expect.objectContaining({ code: 'CLIENT_NO_TRANSACTION' }));
    expect(enqueue(other)).toThrow(expect.objectContaining({ code: 'CLIENT_OTHER_FILE' }));
    expect(() => client.transaction(() => host.withTransaction(client).enqueue('ships', { order: 'x' } as never))()).toThrow(
      expect.objectContaining({ code: 'DATA_INVALID' }),
    );
    client.close();
    other.close();
  });
});

it('a slug that the project has too is refused, and what defineJob is given wrong is named', async () => {
  await expect(createHost({ project: await notes(), jobs: [defineJob({ slug: 'in_lua', handler: () => 1 })] })).rejects.toMatchObject({
    code: 'DUPLICATE_SLUG',
  });
  expect(() => defineJob({ slug: 'Wrong Slug', handler: () => 1 })).toThrow(expect.objectContaining({ code: 'JOB_INVALID' }));
  expect(() => defineJob({ slug: 'x', retries: -1, handler: () => 1 })).toThrow(/retries expected a whole number/);
  expect(() => defineJob({ slug: 'x', schedule: '99 * * * *', handler: () => 1 })).toThrow(
    expect.objectContaining({ code: 'SCHEDULE_INVALID' }),
  );
  expect(() => defineJob({ slug: 'x', input: 5 as never, handler: () => 1 })).toThrow(/input expected a schema/);
});
