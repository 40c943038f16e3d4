import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEvents } from '../../src/host/events.js';
import { allowance } from '../support/allowance.js';
import { job, numbers, RunningHost } from './running.js';

let running: RunningHost | undefined;
let server: Server;
let url: string;

beforeEach(async () => {
  server = createServer((request, response) => {
    setTimeout(() => response.end('ok'), Number(new URL(request.url ?? '/', 'http://x').searchParams.get('ms') ?? 0));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  await running?.dispose();
  running = undefined;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const loopback = '[http]\nallow = ["127.0.0.1/32"]\n';

describe('waiting', () => {
  it('200 runs that each wait 200 ms for HTTP end in well under 5 s on one thread', async () => {
    running = await RunningHost.start({
      'crap.toml': '[access]\ndefault_deny = false\n[jobs]\nmax_concurrent = 200\n',
      'moonlighter.toml': `[workers]\nthreads = 1\n${loopback}`,
      ...job('wait', 'concurrency = 200', `return crap.http.request({ url = "${url}?ms=200" }).status`),
    });
    const allowed = allowance();
    const begun = performance.now();
    await running.enqueue('wait', Array(200).fill({}));
    await running.ended(200);
    const took = performance.now() - begun;
    expect(took).toBeLessThan(allowed(5_000));
    expect(new Set(running.runs().map((run) => `${run.status} ${run.result}`))).toEqual(new Set(['completed 200']));
  });

  it('[EXPLAIN] a run that waits while it is the writer is named once; readers and timeouts go on, writers wait and then go on', async () => {
    running = await RunningHost.start({
      'collections/numbers.lua': numbers,
      'moonlighter.toml': `[workers]\nthreads = 1\n${loopback}`,
      ...job(
        'holder',
        'concurrency = 2',
        `crap.collections.create("numbers", { number = ctx.data.n })\ncrap.http.request({ url = "${url}?ms=1500" })`,
      ),
      ...job('reader', '', 'crap.sleep(0.3)\nlocal n = crap.collections.count("numbers")\ncrap.log.info("read " .. n)'),
      ...job('writer', '', 'crap.sleep(0.3)\ncrap.collections.create("numbers", { number = 9 })'),
      ...job('late', 'timeout = 1', 'crap.sleep(30)'),
    });
    const suspended: HostEvents['writer:suspended'][] = [];
    running.host.events.on('writer:suspended', (e) => suspended.push(e));
    const allowed = allowance();
    await running.enqueue('reader');
    await running.enqueue('writer');
    await running.enqueue('late');
    await running.enqueue('holder', [{ n: 1 }]);
    await running.until(() => running!.log.some((e) => e.line.text === 'read 0'));
    expect(running.finished.some((e) => e.run.slug === 'holder')).toBe(false);
    await running.ended(4);
    const by = new Map(running.finished.map((e) => [e.run.slug, e]));
    expect(by.get('late')).toMatchObject({ outcome: 'timed_out' });
    expect(by.get('late')!.durationMs).toBeLessThan(1_000 + allowed(250));
    expect(['holder', 'reader', 'writer'].map((slug) => by.get(slug)?.outcome)).toEqual(['completed', 'completed', 'completed']);
    const order = running.finished.map((e) => e.run.slug);
    expect(order.indexOf('writer')).toBeGreaterThan(order.indexOf('holder'));
    await running.enqueue('holder', [{ n: 2 }]);
    await running.ended(5);
    expect(suspended.map(({ slug, reason, file, line, again }) => ({ slug, reason, file, line, again }))).toEqual([
      { slug: 'holder', reason: 'http', file: 'jobs/holder.lua', line: 4, again: false },
      { slug: 'holder', reason: 'http', file: 'jobs/holder.lua', line: 4, again: true },
    ]);
  });

  it('max_write_hold ends a run that keeps the other writers waiting', async () => {
    running = await RunningHost.start({
      'collections/numbers.lua': numbers,
      'moonlighter.toml': '[workers]\nthreads = 1\n[jobs]\nmax_write_hold = "300ms"\n',
      ...job('holder', '', 'crap.collections.create("numbers", { number = 1 })\ncrap.sleep(30)'),
      ...job('writer', '', 'crap.sleep(0.1)\ncrap.collections.create("numbers", { number = 2 })'),
    });
    await running.enqueue('writer');
    await running.enqueue('holder');
    await running.ended(2);
    const holder = running.finished.find((e) => e.run.slug === 'holder');
    expect(holder).toMatchObject({ outcome: 'timed_out', next: 'failed', error: { code: 'WRITE_HELD_TOO_LONG' } });
    expect(running.rows('SELECT number FROM numbers')).toEqual([{ number: 2 }]);
  });
});
