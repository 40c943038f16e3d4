/** Another program holds the write lock: it is waited for and named, and the main thread goes on meanwhile. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { afterEach, expect, it } from 'vitest';
import { HostEmitter } from '../../src/host/events.js';
import { WalWatch } from '../../src/host/wal-watch.js';
import { RunningCommand, Scenario } from '../scenarios/support.js';
import { allowance } from '../support/allowance.js';
import { RunningHost } from './running.js';

let scenario: Scenario | undefined;
const folders: string[] = [];
afterEach(async () => {
  await scenario?.dispose();
  scenario = undefined;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Holds the lock from "held" on until it is told to let go by the end of its input. */
const HOLD = `import Sqlite from ${JSON.stringify(fileURLToPath(import.meta.resolve('better-sqlite3')))};
const database = new Sqlite(process.argv[2]);
database.exec('BEGIN IMMEDIATE');
console.log('held');
process.stdin.resume().on('end', () => { database.exec('COMMIT'); process.exit(0); });
`;

it('[DURABLE] is waited for and named by the host, by commands and by why; what came meanwhile is done afterwards', async () => {
  scenario = await Scenario.create({
    'jobs/a.lua': 'crap.jobs.define("a", { handler = "jobs.a.run" })\nreturn { run = function() return 1 end }',
    'moonlighter.toml': '[server]\nport = 0\n',
  });
  writeFileSync(join(scenario.dir, 'hold.mjs'), HOLD);
  const host = scenario.start(['serve']);
  await host.until((printed) => printed.includes('Listening on'));
  const url = /http:\/\/[\d.]+:\d+/.exec(host.stderr)![0];
  const { id: before } = await scenario.json<{ id: string }>('jobs', 'trigger', 'a', '--delay', '1h');
  const child = spawn(process.execPath, [join(scenario.dir, 'hold.mjs'), join(scenario.dir, 'data/crap.db')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const holder = new RunningCommand(child);
  await holder.until((printed) => printed.includes('held'));

  const trigger = scenario.start(['jobs', 'trigger', 'a']);
  await trigger.until((printed) => printed.includes('holds the write lock'));
  expect(trigger.stderr).toContain(process.platform === 'linux' ? `(process ${child.pid})` : 'another program');
  if (process.platform === 'linux') {
    const { reasons } = await scenario.json<{ reasons: { code: string; text: string }[] }>('jobs', 'why', before);
    expect(reasons.find(({ code }) => code === 'write_lock')?.text).toContain(`(process ${child.pid})`);
  }
  const allowed = allowance();
  const asked = performance.now();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const answeredIn = performance.now() - asked;
  expect(answeredIn).toBeLessThan(allowed(500));
  child.stdin!.end();
  expect(await trigger.exited).toBe(0);
  await host.until((printed) => /\(a\) completed/.test(printed));
});

/** Of this thread and of the worker's, in ms. */
async function standstill(during: () => Promise<void>): Promise<{ main: number; worker: number }> {
  const { watchStandstill } = (await import('./standstill.mjs' as string)) as { watchStandstill(): { longest: number; stop(): void } };
  const channel = new BroadcastChannel('standstill');
  try {
    channel.postMessage('begin');
    const watch = watchStandstill();
    await during();
    watch.stop();
    const answer = new Promise<number>((resolve) => {
      channel.onmessage = (event) => resolve((event as { data: number }).data);
    });
    channel.postMessage('end');
    return { main: watch.longest, worker: await answer };
  } finally {
    channel.close();
  }
}

it('neither the main thread nor a worker stands still while another program holds the lock; readers and waiting runs go on', async () => {
  const running = await RunningHost.start(
    {
      'moonlighter.toml': '[workers]\nthreads = 1\n',
      'collections/notes.lua': 'crap.collections.define("notes", { fields = { { name = "a", type = "text" } } })',
      'jobs/a.lua': `
        crap.jobs.define("a", { handler = "jobs.a.write", concurrency = 4 })
        crap.jobs.define("b", { handler = "jobs.a.read", concurrency = 4 })
        return {
          write = function() crap.log.info("read " .. crap.collections.count("notes")) crap.collections.create("notes", { a = "x" }) end,
          read = function() for i = 1, 20 do crap.sleep(0.05) crap.log.info("read " .. crap.collections.count("notes")) end end,
        }`,
    },
    { workerEntry: new URL('watched-thread.mjs', import.meta.url) },
  );
  const other = new Sqlite(running.databasePath);
  const read = () => running.log.filter(({ slug }) => slug === 'b').length;
  try {
    await running.enqueue('a', [{}]);
    await running.ended(1);
    // The same work without a lock, on the machine as it is now.
    const without = await standstill(async () => {
      await running.enqueue('b', [{}]);
      await running.enqueue('a', [{}, {}, {}]);
      await running.ended(5);
    });
    await running.enqueue('b', [{}]);
    await running.until(() => read() > 20);
    const began = running.started.length;
    await running.enqueue('a', [{}, {}, {}]);
    await running.until(() => running.started.length > began);
    other.exec('BEGIN IMMEDIATE');
    const before = read();
    const within = await standstill(() =>
      // The first line of the log that speaks of it comes after a second of waiting.
      running.until(() => running.log.some(({ line }) => line.text.includes('has held the write lock of the database for'))),
    );
    expect(read() - before).toBeGreaterThan(5);
    other.exec('COMMIT');
    await running.ended(9);
    // A thread that waited for the lock would have stood still for a quarter of a second at least, or for the whole one.
    expect(within.main, JSON.stringify({ within, without })).toBeLessThan(50 + Math.max(without.main, 0));
    expect(within.worker, JSON.stringify({ within, without })).toBeLessThan(50 + Math.max(without.worker, 0));
    expect(running.finished.map(({ outcome }) => outcome)).toEqual(Array(9).fill('completed'));
  } finally {
    other.close();
    await running.dispose();
  }
});

it('a thread that does stand still is seen', async () => {
  const { watchStandstill } = (await import('./standstill.mjs' as string)) as { watchStandstill(): { longest: number; stop(): void } };
  const watch = watchStandstill();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  await new Promise((resolve) => setTimeout(resolve, 20));
  watch.stop();
  expect(watch.longest).toBeGreaterThan(200);
});

it('[DURABLE] a lock that is held for longer than busy_timeout fails no run: it is given back, and executed when the lock is gone', async () => {
  const running = await RunningHost.start({
    'crap.toml': '[access]\ndefault_deny = false\n[database]\nbusy_timeout = 300\n',
    'moonlighter.toml': '[workers]\nthreads = 1\n',
    'collections/notes.lua': 'crap.collections.define("notes", { fields = { { name = "a", type = "text" } } })',
    'jobs/a.lua':
      'crap.jobs.define("a", { handler = "jobs.a.run", concurrency = 4 })\nreturn { run = function() crap.sleep(0.05) crap.collections.create("notes", { a = "x" }) end }',
  });
  const other = new Sqlite(running.databasePath);
  try {
    await running.enqueue('a', [{}, {}]);
    await running.until(() => running.started.length === 2);
    other.exec('BEGIN IMMEDIATE');
    const said = (text: string) => running.log.filter(({ line }) => line.text.startsWith(text)).length;
    await running.until(() => said('The database cannot be written, trying again') > 0);
    // Nothing is lost or decided while it lasts, and nothing is said twice.
    expect(running.runs().map(({ status }) => status)).toEqual(['running', 'running']);
    other.exec('COMMIT');
    await running.until(() => running.finished.filter(({ next }) => next === 'completed').length === 2);
    expect(said('The database cannot be written, trying again')).toBe(1);
    expect(running.runs().map(({ status, attempt }) => [status, attempt])).toEqual([
      ['completed', 1],
      ['completed', 1],
    ]);
    expect(running.rows<{ n: number }>('SELECT count(*) AS n FROM notes')).toEqual([{ n: 2 }]);
  } finally {
    other.close();
    await running.dispose();
  }
});

it('[EXPLAIN] a write-ahead log that cannot shrink is told with those who may hold it, again when it has doubled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ml-wal-'));
  folders.push(folder);
  const path = join(folder, 'x.db');
  const writer = new Sqlite(path);
  writer.pragma('journal_mode = WAL');
  writer.exec('CREATE TABLE t (x)');
  const reader = new Sqlite(path);
  reader.exec('BEGIN');
  reader.prepare('SELECT * FROM t').all();
  const events = new HostEmitter();
  const lines: string[] = [];
  events.on('log', ({ line }) => lines.push(line.text));
  const activity = () => ({
    host: 'h',
    pid: 1,
    running: [{ run: 'r1', slug: 'slow', attempt: 1, worker: 1, for_ms: 61_000, waits: null }],
    writer: null,
    writers_waiting: 0,
    memory: 0,
  });
  const watch = new WalWatch({ path, events, activity, limitBytes: 100_000 });
  const grow = () => {
    for (let i = 0; i < 200; i++) writer.prepare('INSERT INTO t VALUES (zeroblob(2000))').run();
    watch.look();
  };
  grow();
  expect(lines).toEqual([]);
  grow();
  expect(lines).toEqual([expect.stringMatching(/^The write-ahead log has grown to \d+ MB: .*the longest runs here are slow r1 \(61 s\)/)]);
  watch.look();
  expect(lines.length).toBe(1);
  for (let i = 0; i < 3; i++) grow();
  expect(lines.length).toBe(2);
  reader.close();
  writer.close();
});
