import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { allowance } from '../support/allowance.js';
import { numbersCollection, Scenario } from './support.js';

let scenario: Scenario | undefined;
let server: Server;
let url: string;
let asked: (() => void)[] = [];

beforeEach(async () => {
  server = createServer((request, response) => {
    const ms = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('ms') ?? 0);
    for (const tell of asked) tell();
    setTimeout(() => response.end('ok'), ms);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  asked = [];
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await scenario?.dispose();
  scenario = undefined;
});

const allowLoopback = '[http]\nallow = ["127.0.0.1/32"]\n';

interface RunRow {
  slug: string;
  status: string;
  error: string | null;
  started_at: string;
  completed_at: string;
}

it('200 runs that each wait 200 ms for HTTP finish in well under 5 s on at most four threads', async () => {
  scenario = await Scenario.create({
    'crap.toml': '[jobs]\nmax_concurrent = 200\n',
    'moonlighter.toml': `[workers]\nthreads = 4\n${allowLoopback}`,
    'jobs/wait.lua': `
crap.jobs.define("wait", { handler = "jobs.wait.run", concurrency = 200 })
return { run = function(ctx) return crap.http.request({ url = "${url}?ms=200" }).status end }`,
  });
  await scenario.eval('for i = 1, 200 do crap.jobs.queue("wait") end');
  const allowed = allowance();
  const drained = await scenario.command('work', '--drain');
  expect(drained.code, drained.stderr).toBe(0);
  const runs = await scenario.json<RunRow[]>('jobs', 'status', '-l', '300');
  expect(runs.map((r) => r.status)).toEqual(Array(200).fill('completed'));
  const started = Math.min(...runs.map((r) => Date.parse(r.started_at)));
  const ended = Math.max(...runs.map((r) => Date.parse(r.completed_at)));
  expect(ended - started).toBeLessThan(allowed(5_000));
});

it('[EXPLAIN] a writer that waits for HTTP is named once; reads, timeouts and /healthz go on, other writers wait and then go on', async () => {
  scenario = await Scenario.create({
    'collections/numbers.lua': numbersCollection,
    'moonlighter.toml': `[workers]\nthreads = 1\n[server]\nport = 0\n${allowLoopback}`,
    'jobs/all.lua': `
crap.jobs.define("holder", { handler = "jobs.all.holder" })
crap.jobs.define("reader", { handler = "jobs.all.reader" })
crap.jobs.define("writer", { handler = "jobs.all.writer" })
crap.jobs.define("late", { handler = "jobs.all.late", timeout = 1 })
local M = {}
function M.holder()
  crap.collections.create("numbers", { number = 1 })
  crap.http.request({ url = "${url}?ms=3000" })
end
function M.reader() return crap.collections.count("numbers") end
function M.writer() crap.collections.create("numbers", { number = 2 }) end
function M.late() crap.sleep(30) end
return M`,
  });
  const requested = new Promise<void>((resolve) => asked.push(resolve));
  const host = scenario.start(['serve']);
  await host.until((text) => /http:\/\/127\.0\.0\.1:\d+/.test(text));
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(host.stdout + host.stderr)![0];
  await scenario.json('jobs', 'trigger', 'holder');
  await requested;
  for (const slug of ['reader', 'late', 'writer']) await scenario.command('jobs', 'trigger', slug);
  const health = await fetch(`${address}/healthz`);
  expect(health.status).toBe(200);
  await host.until((text) => (text.match(/completed in/g) ?? []).length >= 3 && /timed out after 1s/.test(text));
  const printed = host.stdout + host.stderr;
  const warnings = printed.split('\n').filter((line) => /holder/.test(line) && /jobs\/all\.lua:9/.test(line));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/transaction = false|before the first write/);
  expect(await host.stop()).toBe(0);
  const by = new Map((await scenario.json<RunRow[]>('jobs', 'status')).map((r) => [r.slug, r]));
  expect(by.get('holder')).toMatchObject({ status: 'completed' });
  expect(by.get('reader')).toMatchObject({ status: 'completed' });
  expect(by.get('writer')).toMatchObject({ status: 'completed' });
  expect(by.get('late')).toMatchObject({ status: 'failed' });
  expect(Date.parse(by.get('writer')!.completed_at)).toBeGreaterThanOrEqual(Date.parse(by.get('holder')!.completed_at));
});
