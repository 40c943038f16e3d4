/** What waits: crap.sleep and crap.http; and crap.transaction. */
import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { closeConnections } from '../../src/bindings/http-request.js';
import { engines } from '../support/engines.js';
import { TestServers } from './servers.js';
import { Benches } from './support.js';

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  const servers = new TestServers();
  const serve = (handle: RequestListener) => servers.serve(handle);

  afterEach(async () => {
    benches.dispose();
    closeConnections();
    await servers.dispose();
  });

  const allowed = { http: ['127.0.0.1'] };

  it('sends a request and gives status, headers and body', async () => {
    const url = await serve((request, response) => {
      response.setHeader('X-Seen', String(request.headers['x-number']));
      request.pipe(response);
    });
    const bench = await benches.open(engine, allowed);
    const results =
      await bench.run(`local r = crap.http.request({ url = "${url}", method = "post", headers = { ["X-Number"] = 5 }, body = "grüße", timeout = 5, retries = 1 })
      return r.status, math.type(r.status), r.headers["x-seen"], r.body`);
    expect(results).toEqual([200, 'integer', '5', 'grüße']);
    await bench.enter();
    await bench.run(`crap.http.request({ url = "${url}" })`);
    expect(bench.outside).toEqual(['http']);
  });

  it.each([
    ['{}', 'error converting Lua nil to String (expected string or number)'],
    ['{ url = "not a url" }', 'runtime error: invalid URL: relative URL without a base'],
    ['{ url = "ftp://example.com/" }', 'runtime error: unsupported scheme: ftp'],
    ['{ url = "file:///etc/hosts" }', 'runtime error: unsupported scheme: file'],
    ['{ url = "not a url", method = "BREW" }', 'runtime error: unsupported HTTP method: BREW'],
    ['nil', 'bad argument #1: error converting Lua nil to table'],
    ['"http://127.0.0.1:9/"', 'bad argument #1: error converting Lua string to table'],
    ['{ url = "http://127.0.0.1:9/", headers = "x" }', 'error converting Lua string to table'],
    ['{ url = "http://127.0.0.1:9/", headers = { a = {} } }', 'error converting Lua table to String (expected string or number)'],
    ['{ url = "http://127.0.0.1:9/", timeout = {} }', 'error converting Lua table to u64 (expected number or string coercible to number)'],
    ['{ url = "http://127.0.0.1:9/", timeout = -1 }', 'error converting Lua integer to u64 (out of range)'],
    ['{ url = "http://127.0.0.1:9/" }', 'runtime error: Target resolves to a blocked address; see server logs for details'],
    ['{ url = "http://localhost:9/" }', 'runtime error: Target resolves to a blocked address; see server logs for details'],
  ])('refuses %s', async (options, text) => {
    const bench = await benches.open(engine);
    expect(await bench.failure(`crap.http.request(${options})`)).toBe(text);
  });

  it('logs what was blocked', async () => {
    const bench = await benches.open(engine);
    await bench.failure('crap.http.request({ url = "http://[::1]:9/" })');
    expect(bench.lines.map((line) => line.text)).toEqual([
      'crap.http: ::1 resolves to ::1 (loopback), which is blocked; allow it under [http] allow in moonlighter.toml',
    ]);
  });

  it('cuts long bodies at a whole character, refuses them in the later generation, and refuses what is no UTF-8', async () => {
    const url = await serve((request, response) => response.end(request.url === '/binary' ? Buffer.from([0x61, 0xff]) : 'ü'.repeat(1000)));
    const bench = await benches.open(engine, { ...allowed, config: { hooks: { http_max_response_bytes: 101 } } });
    expect(await bench.value(`return crap.http.request({ url = "${url}" }).body`)).toBe('ü'.repeat(50));
    expect(bench.lines.map((line) => line.level)).toEqual(['warn']);
    expect(await bench.failure(`crap.http.request({ url = "${url}binary" })`)).toBe(
      'runtime error: failed to read response body: invalid utf-8 sequence of 1 bytes from index 1',
    );
    const later = await benches.open(engine, { ...allowed, generation: 10 });
    expect(await later.failure(`crap.http.request({ url = "${url}" })`)).toContain('is longer than 1000 bytes');
  });

  it('[STOP] abandons the request of a run that is given up', async () => {
    let wait: { cancel?(): void } | undefined;
    const closed = new Promise<void>((done) => {
      void serve((request) => {
        request.socket.on('close', () => done());
        wait?.cancel?.();
      }).then(async (url) => {
        const bench = await benches.open(engine, allowed);
        const op = bench.session.vm.execute(`crap.http.request({ url = "${url}" })`, '=test');
        const step = op.next();
        if (step.done) throw new Error('did not wait');
        expect(step.value.reason).toBe('http');
        wait = step.value;
        await step.value.start().catch(() => undefined);
      });
    });
    await expect(closed).resolves.toBeUndefined();
  });

  it('waits for several requests of several coroutines of the host at a time', async () => {
    let open = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const url = await serve((_request, response) => {
      open++;
      most = Math.max(most, open);
      release.push(() => {
        open--;
        response.end('ok');
      });
      if (release.length === 5) for (const done of release.splice(0)) done();
    });
    const all = await Promise.all(Array.from({ length: 5 }, () => benches.open(engine, allowed)));
    const bodies = await Promise.all(all.map((bench) => bench.value(`return crap.http.request({ url = "${url}" }).body`)));
    expect(bodies).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(most).toBe(5);
  });

  it('sleeps as a wait, and tells the host', async () => {
    const bench = await benches.open(engine);
    await bench.enter();
    const op = bench.session.vm.execute('crap.sleep(0.001) return "awake", select("#", crap.sleep(0))', '=test');
    const first = op.next();
    expect(first.done === false && first.value.reason).toBe('sleep');
    if (!first.done) await first.value.start();
    const second = op.next();
    expect(second.done === false && second.value.reason).toBe('sleep');
    expect(op.next().value).toEqual(['awake', 0]);
    expect(bench.outside).toEqual(['sleep', 'sleep']);
    expect(await bench.failure('crap.sleep(-1)')).toContain('seconds must be between 0 and');
    expect(await bench.failure('crap.sleep("soon")')).toContain('bad argument #1');
  });

  it('runs a transaction: results as they are, errors undo its writes and are raised as they are', async () => {
    const bench = await benches.open(engine);
    expect(await bench.failure('crap.transaction(function() end)')).toMatch(
      /^runtime error: crap.transaction requires a job or pool context/,
    );
    bench.session.registry.jobs.set('echo', {
      slug: 'echo',
      handler: { ref: 'x.y' },
      queue: 'default',
      retries: 0,
      timeout: 60,
      concurrency: 1,
      skipIfRunning: true,
      priority: 0,
      transaction: true,
    });
    await bench.enter();
    const results = await bench.run(`
      local t, e = {}, { code = 7 }
      local a, b, c = crap.transaction(function() crap.jobs.queue("echo", { n = 1 }) return t, nil, 3 end)
      local ok, caught = pcall(crap.transaction, function() crap.jobs.queue("echo", { n = 2 }) error(e) end)
      return a == t, b, c, ok, caught == e`);
    expect(results).toEqual([true, undefined, 3, false, true]);
    expect(await bench.failure('crap.transaction(5)')).toBe('bad argument #1: error converting Lua integer to function');
    bench.commit();
    expect(bench.runs().map((run) => run.data)).toEqual(['{"n":1}']);
  });
});
