/** Many enqueues beside many runs, two processes on one file, and module jobs that end their thread: the host stands, and nothing happens twice. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type AnyJob, type CreateHostOptions, createHost, defineJob, type EmbeddedHost, type RunView } from '../../src/index.js';
import { createTestHost } from '../../src/testing.js';

const hosts: { stop(): Promise<void> }[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function open<const Jobs extends readonly AnyJob[]>(options: CreateHostOptions<Jobs>): Promise<EmbeddedHost<Jobs>> {
  const host = await createHost<Jobs>({ threads: 1, ...options });
  hosts.push(host);
  await host.start();
  return host;
}

const odd = new URL('./odd.mjs', import.meta.url);

it('[ONCE] five hundred enqueues at once, while inline and module jobs run: each run is executed once, and the database agrees', async () => {
  const seen = new Map<number, number>();
  const inline = defineJob({
    slug: 'inline',
    concurrency: 10,
    handler: async ({ data, enqueue }) => {
      const { n } = data as { n: number };
      seen.set(n, (seen.get(n) ?? 0) + 1);
      if (n % 10 === 0) await enqueue('follow', { n });
      return n;
    },
  });
  const module = defineJob({ slug: 'module', concurrency: 10, handler: odd, exportName: 'echo' });
  const follow = defineJob({ slug: 'follow', concurrency: 10, handler: ({ data }) => data });
  const host = await open({ jobs: [inline, module, follow], concurrency: 20, threads: 2 });
  const queued = await Promise.all(
    Array.from({ length: 500 }, (_, n) => (n % 2 === 0 ? host.enqueue('inline', { n }) : host.enqueue('module', { n }))),
  );
  const ends = await Promise.all(queued.map(({ id }) => host.jobs.wait(id)));
  expect(ends.map(({ status }) => status)).toEqual(Array.from({ length: 500 }, () => 'completed'));
  expect([...seen.values()]).toEqual(Array.from({ length: 250 }, () => 1));
  await host.idle();
  const follows = await host.jobs.runs({ slug: 'follow', limit: -1 });
  expect(follows.map(({ data }) => (data as { n: number }).n).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n * 10));
  expect(await host.verify()).toMatchObject({ ok: true, breaches: [] });
});

it('[ONCE] two processes with the same jobs on one file share the work and its limits', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ml-two-'));
  folders.push(folder);
  const database = join(folder, 'app.db');
  let shared = () => {};
  const both = new Promise<void>((resolve) => {
    shared = resolve;
  });
  // Each host holds at most four of the eight that the job allows, and lets none go before the other has had one.
  const adds = defineJob({
    slug: 'adds',
    concurrency: 8,
    handler: async ({ data }) => {
      child.stdin.write('this one took one\n');
      await both;
      return { data, by: process.pid };
    },
  });
  const host = await open({ database, jobs: [adds], concurrency: 4 });
  const child = spawn(process.execPath, [fileURLToPath(new URL('./second-host.mjs', import.meta.url)), database], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      resolve();
      if (String(text).includes('took one')) shared();
    });
    void closed.then((code) => reject(new Error(`the other process ended with ${code}`)));
  });
  const queued = await host.enqueueMany(Array.from({ length: 200 }, (_, n) => ({ job: 'adds' as const, data: { n } })));
  const ends = await Promise.all(queued.map(({ id }) => host.jobs.wait(id)));
  child.stdin.end();
  expect(await closed).toBe(0);
  const results = ends.map(({ result }) => result as { data: { n: number }; by: number });
  expect(results.map(({ data }) => data.n)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  expect(new Set(results.map(({ by }) => by)).size).toBe(2);
  expect(await host.verify()).toMatchObject({ ok: true, runs: 200, attempts: 200, breaches: [] });
});

describe('[BOUNDARY] a module job', () => {
  async function endOf(host: EmbeddedHost<readonly AnyJob[]>, slug: string): Promise<RunView> {
    return await host.jobs.wait((await host.enqueue(slug)).id);
  }

  it('that throws at its import fails its runs, and is tried again like any other', async () => {
    const broken = defineJob({ slug: 'broken', retries: 1, backoff: [0], handler: new URL('./broken.mjs', import.meta.url) });
    const fine = defineJob({ slug: 'fine', handler: odd, exportName: 'echo' });
    const host = await open({ jobs: [broken, fine] });
    expect(await endOf(host, 'broken')).toMatchObject({ status: 'failed', attempt: 2, error: expect.stringContaining('at import') });
    expect(await endOf(host, 'fine')).toMatchObject({ status: 'completed' });
  });

  it('that ends its thread three times has failed; the host starts another thread each time', async () => {
    const exits = defineJob({ slug: 'exits', handler: odd, exportName: 'exits', onFailed: 'told' });
    const bursts = defineJob({ slug: 'bursts', handler: odd, exportName: 'bursts', onLost: 'stale' });
    const told = defineJob({ slug: 'told', handler: ({ data }) => (data as { slug: string }).slug });
    const fine = defineJob({ slug: 'fine', handler: odd, exportName: 'echo' });
    const { host, drain, stop } = await createTestHost({ jobs: [exits, bursts, told, fine] });
    hosts.push({ stop });
    const replaced: string[] = [];
    host.on('worker:replaced', ({ reason }) => replaced.push(reason));
    await host.enqueue('bursts');
    expect(await drain()).toMatchObject([{ slug: 'bursts', status: 'stale' }]);
    await host.enqueue('exits');
    expect((await drain({ later: true })).map(({ slug, status, result }) => [slug, status, result])).toEqual([
      ['exits', 'failed', null],
      ['told', 'completed', 'exits'],
    ]);
    expect(replaced.length).toBe(4);
    await host.enqueue('fine');
    expect(await drain()).toMatchObject([{ slug: 'fine', status: 'completed' }]);
  });

  it('[STOP] that loops without end is ended with its thread, again and again', async () => {
    const spins = defineJob({ slug: 'spins', timeoutMs: 150, retries: 2, backoff: [0], handler: odd, exportName: 'spins' });
    const host = await open({ jobs: [spins] });
    expect(await endOf(host, 'spins')).toMatchObject({ status: 'failed', attempt: 3, error: expect.stringContaining('timeout') });
    expect(host.running).toBe(true);
  });

  it('that leaves rejected promises behind costs neither its thread nor the runs beside it', async () => {
    const floats = defineJob({ slug: 'floats', handler: odd, exportName: 'floats' });
    const host = await open({ jobs: [floats] });
    const lines: string[] = [];
    let replaced = 0;
    host.on('log', ({ line }) => lines.push(line.text)).on('worker:replaced', () => replaced++);
    expect(await endOf(host, 'floats')).toMatchObject({ status: 'completed', result: 'done' });
    expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/nobody awaited was rejected: left behind$/)]));
    expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/rejected: left behind later$/)]));
    expect(replaced).toBe(0);
  });
});
