/** crap.http.all: many requests from one handler at once. */
import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { closeConnections } from '../../src/bindings/http-request.js';
import { engines } from '../support/engines.js';
import { TestServers } from './servers.js';
import { Benches } from './support.js';

describe.each(engines)('crap.http.all on $name', (engine) => {
  const benches = new Benches();
  const servers = new TestServers();
  const serve = (handle: RequestListener) => servers.serve(handle);

  afterEach(async () => {
    benches.dispose();
    closeConnections();
    await servers.dispose();
  });

  const allowed = { http: ['127.0.0.1'] };

  it('has all requests under way at once, and gives the answers in the order of the entries', async () => {
    const held: { path: string; answer(): void }[] = [];
    const url = await serve((request, response) => {
      held.push({ path: request.url as string, answer: () => response.end(request.url) });
      if (held.length < 8) return;
      for (const { answer } of held.splice(0).reverse()) answer();
    });
    const bench = await benches.open(engine, allowed);
    await bench.enter();
    const text = await bench.value(`
      local wanted = {}
      for i = 1, 8 do wanted[i] = { url = "${url}" .. i } end
      local bodies = {}
      for i, r in ipairs(crap.http.all(wanted)) do bodies[i] = r.status .. r.body end
      return table.concat(bodies, " ")`);
    expect(text).toBe('200/1 200/2 200/3 200/4 200/5 200/6 200/7 200/8');
    expect(bench.outside).toEqual(['http']);
  });

  it('has sixteen under way at a time, and does the rest after them', async () => {
    let open = 0;
    let most = 0;
    const held: (() => void)[] = [];
    const url = await serve((_request, response) => {
      open++;
      most = Math.max(most, open);
      held.push(() => {
        open--;
        response.end('x');
      });
      if (held.length === 16) for (const answer of held.splice(0)) answer();
    });
    const bench = await benches.open(engine, allowed);
    const count = await bench.value(`
      local wanted = {}
      for i = 1, 48 do wanted[i] = { url = "${url}", method = "POST" } end
      local count = 0
      for _, r in ipairs(crap.http.all(wanted)) do if r.body == "x" then count = count + 1 end end
      return count`);
    expect(count).toBe(48);
    expect(most).toBe(16);
  });

  it('gives an entry that fails as { error, code }, the others as usual', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('packed'));
      else if (request.url === '/binary') response.end(Buffer.from([0xff]));
      else if (request.url === '/broken') response.destroy();
      else if (request.url === '/missing') response.writeHead(404).end('not here');
    });
    const bench = await benches.open(engine, allowed);
    const results = await bench.run(`
      local results = crap.http.all({
        { url = "${url}gzip" }, { url = "${url}binary" }, { url = "${url}broken" }, { url = "${url}missing" }, { url = "${url}slow", timeout = "0.05" },
        { url = "not a url" }, { method = "GET" }, { url = "${url}", headers = 5 }, { url = "${url}", method = "BREW" }, { url = "http://[::1]:9/" },
      })
      local out = {}
      for i = 1, 10 do
        local r = results[i]
        out[i] = r.error and r.code .. ": " .. r.error or r.status .. " " .. r.body
        assert((r.error == nil) == (r.headers ~= nil))
      end
      return #results, table.unpack(out)`);
    expect(results[0]).toBe(10);
    expect(results.slice(1)).toEqual([
      '200 packed',
      'HTTP_BODY: failed to read response body: invalid utf-8 sequence of 1 bytes from index 0',
      expect.stringMatching(/^HTTP_TRANSPORT: HTTP transport error: /),
      '404 not here',
      'HTTP_TIMEOUT: HTTP transport error: timed out after 0.05 s',
      'HTTP_URL: invalid URL: relative URL without a base',
      'CONVERSION: error converting Lua nil to String (expected string or number)',
      'CONVERSION: error converting Lua integer to table',
      'HTTP_METHOD: unsupported HTTP method: BREW',
      'HTTP_BLOCKED: Target resolves to a blocked address; see server logs for details',
    ]);
  });

  it('counts bodies together against the memory of the script', async () => {
    const url = await serve((_request, response) => response.end('x'.repeat(900)));
    const bench = await benches.open(engine, { ...allowed, config: { hooks: { max_memory: 2000 } } });
    const [first, last] = await bench.run(`
      local results = crap.http.all({ { url = "${url}" }, { url = "${url}" }, { url = "${url}" } })
      local fine, failed = 0, {}
      for _, r in ipairs(results) do if r.error then failed[#failed + 1] = r.error else fine = fine + 1 end end
      return fine, table.concat(failed, "|")`);
    expect([first, last]).toEqual([2, 'the answers of one crap.http.all have more than 2000 bytes']);
  });

  it.each([
    ['{ url = "http://127.0.0.1:9/" }', "found the key 'url'"],
    ['{ [0] = {} }', "found the key '0'"],
    ['{ {}, "x" }', 'found string as entry 2'],
    ['{ function() end }', 'found function as entry 1'],
    ['(function() local t = {} for i = 1, 1001 do t[i] = {} end return t end)()', 'found 1001 entries, at most 1000 are allowed'],
  ])('refuses %s', async (list, text) => {
    const bench = await benches.open(engine, allowed);
    expect(await bench.failure(`crap.http.all(${list})`)).toBe(
      `runtime error: crap.http.all: expected a list of tables as crap.http.request takes them; ${text}`,
    );
  });

  it('takes an empty list, and does not call out for entries that are all refused', async () => {
    const bench = await benches.open(engine, allowed);
    await bench.enter();
    expect(await bench.run('return #crap.http.all({}), crap.http.all({ {} })[1].code')).toEqual([0, 'CONVERSION']);
    expect(bench.outside).toEqual([]);
    expect(await bench.failure('crap.http.all()')).toBe('bad argument #1: error converting Lua nil to table');
  });

  it('[STOP] abandons all requests of a run that is given up, and begins no more', async () => {
    let seen = 0;
    let closed = 0;
    let full = () => {};
    let empty = () => {};
    const begun = new Promise<void>((done) => {
      full = done;
    });
    const ended = new Promise<void>((done) => {
      empty = done;
    });
    const url = await serve((request) => {
      request.socket.on('close', () => {
        if (++closed === 16) empty();
      });
      if (++seen === 16) full();
    });
    const bench = await benches.open(engine, allowed);
    const chunk = `local wanted = {} for i = 1, 40 do wanted[i] = { url = "${url}" } end crap.http.all(wanted)`;
    const step = bench.session.vm.execute(chunk, '=test').next();
    if (step.done) throw new Error('did not wait');
    expect(step.value.reason).toBe('http');
    const waiting = step.value.start();
    await begun;
    step.value.cancel?.();
    await waiting;
    await ended;
    expect(seen).toBe(16);
  });
});
