import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AddressRules } from '../../src/bindings/http-address.js';
import { closeConnections, type HttpRequest, parseTarget, performRequest } from '../../src/bindings/http-request.js';

const servers: Server[] = [];

/** A server on 127.0.0.1; ends with its origin. */
async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ origin: string; port: number; server: Server }> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, port, server };
}

afterEach(async () => {
  closeConnections();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

const loopback = new AddressRules({ allowPrivateNetworks: false, allow: ['127.0.0.0/8'] });

function ask(url: string, change: Partial<HttpRequest> = {}, signal = new AbortController().signal) {
  return performRequest(
    { method: 'GET', url, headers: {}, body: undefined, timeoutSeconds: 10, maxResponseBytes: 1000, rules: loopback, ...change },
    signal,
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

describe('an HTTP request', () => {
  it('sends method, headers and body, and gives status, headers and body', async () => {
    const { origin } = await serve(async (request, response) => {
      const body = await bodyOf(request);
      response.writeHead(418, { 'X-Two': ['a', 'b'], 'Content-Type': 'text/plain' });
      response.end(`${request.method} ${request.url} ${request.headers['x-own']} ${request.headers['content-length']} ${body}`);
    });
    const response = await ask(`${origin}/a?b=c`, { method: 'POST', headers: { 'X-Own': 'yes', 'Content-Length': '999' }, body: 'grüße' });
    expect(response.status).toBe(418);
    expect(response.headers['x-two']).toBe('b');
    expect(response.headers['content-type']).toBe('text/plain');
    expect(response.body.toString()).toBe('POST /a?b=c yes 7 grüße');
  });

  it('follows redirects with method and headers but without the body', async () => {
    const seen: string[] = [];
    const { origin } = await serve(async (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization} [${await bodyOf(request)}]`);
      if (request.url === '/start') response.writeHead(303, { location: '/next' }).end('moved');
      else response.end('there');
    });
    const response = await ask(`${origin}/start`, { method: 'PUT', body: 'data', headers: { Authorization: 'secret' } });
    expect(response.body.toString()).toBe('there');
    expect(seen).toEqual(['PUT /start secret [data]', 'PUT /next secret []']);
  });

  it('keeps credentials from another origin', async () => {
    const other = await serve((request, response) =>
      response.end(`${request.headers.authorization} ${request.headers.cookie} ${request.headers['x-own']}`),
    );
    const { origin } = await serve((_request, response) => response.writeHead(302, { location: other.origin }).end());
    const response = await ask(origin, { headers: { authorization: 'secret', Cookie: 'c', 'X-Own': 'kept' } });
    expect(response.body.toString()).toBe('undefined undefined kept');
  });

  it('stops after ten redirects', async () => {
    let count = 0;
    const { origin } = await serve((_request, response) => {
      count++;
      response.writeHead(302, { location: '/again' }).end();
    });
    await expect(ask(origin)).rejects.toThrow('too many redirects (max 10)');
    expect(count).toBe(11);
  });

  it.each([
    [{}, 'redirect without Location header'],
    [{ location: 'http://' }, 'invalid redirect URL: empty host'],
    [{ location: 'ftp://127.0.0.1/' }, 'unsupported scheme: ftp'],
  ])('refuses the redirect %j', async (headers, text) => {
    const { origin } = await serve((_request, response) => response.writeHead(301, headers).end());
    await expect(ask(origin)).rejects.toThrow(text);
  });

  it('checks the address again after a redirect, and connects to no other', async () => {
    let reached = 0;
    const hidden = await serve((_request, response) => {
      reached++;
      response.end('secret');
    });
    const front = await serve((_request, response) => response.writeHead(302, { location: `http://localhost:${hidden.port}/` }).end());
    const rules = new AddressRules({ allowPrivateNetworks: false, allow: [`127.0.0.1:${front.port}`] });
    const refused: string[] = [];
    const request = ask(front.origin, { rules, refused: (host, _address, why) => refused.push(`${host} ${why}`) });
    await expect(request).rejects.toThrow('Target resolves to a blocked address; see server logs for details');
    expect(reached).toBe(0);
    expect(refused).toContain('localhost loopback');
  });

  it('connects to a host allowed by name', async () => {
    const { port } = await serve((request, response) => response.end(request.headers.host));
    const rules = new AddressRules({ allowPrivateNetworks: false, allow: ['localhost'] });
    expect((await ask(`http://localhost:${port}/`, { rules })).body.toString()).toBe(`localhost:${port}`);
  });

  it.each([
    'http://127.0.0.1:9/',
    'http://127.1:9/',
    'http://0x7f000001:9/',
    'http://2130706433:9/',
    'http://0.0.0.0:9/',
    'http://[::1]:9/',
    'http://[::ffff:127.0.0.1]:9/',
    'http://[fe80::1]:9/',
    'http://169.254.169.254/latest',
  ])('refuses %s without connecting', async (url) => {
    const rules = new AddressRules({ allowPrivateNetworks: false, allow: [] });
    await expect(ask(url, { rules })).rejects.toThrow('Target resolves to a blocked address');
  });

  it('cuts a body that is too long', async () => {
    const { origin } = await serve((_request, response) => response.end('x'.repeat(5000)));
    const response = await ask(origin, { maxResponseBytes: 100 });
    expect(response.body.toString()).toBe('x'.repeat(100));
    expect(response.cut).toBe(true);
    expect((await ask(origin, { maxResponseBytes: 5000 })).cut).toBe(false);
  });

  it('ends at its timeout, before and inside the body', async () => {
    const { origin } = await serve((request, response) => {
      if (request.url === '/body') response.write('begin');
    });
    await expect(ask(origin, { timeoutSeconds: 0.05 })).rejects.toThrow('HTTP transport error: timed out after 0.05 s');
    await expect(ask(`${origin}/body`, { timeoutSeconds: 0.05 })).rejects.toThrow('timed out after 0.05 s');
  });

  it('is abandoned by its signal, and closes its connection', async () => {
    const stop = new AbortController();
    const closed = new Promise<void>((done) => {
      void serve((request) => {
        request.socket.on('close', () => done());
        stop.abort();
      }).then(({ origin }) => ask(origin, {}, stop.signal).catch(() => undefined));
    });
    await expect(closed).resolves.toBeUndefined();
  });

  it('says what the transport said', async () => {
    const { origin, server } = await serve(() => undefined);
    await new Promise((done) => server.close(done));
    await expect(ask(origin)).rejects.toThrow(/^HTTP transport error: .*ECONNREFUSED/);
    const broken = await serve((request) => request.socket.destroy());
    await expect(ask(broken.origin)).rejects.toThrow(/^HTTP transport error: /);
    await expect(ask(broken.origin, { headers: { 'X-Bad': 'a\nb' } })).rejects.toThrow(/^HTTP transport error: /);
  });

  it('keeps connections, and repeats what may be repeated when a kept one was closed', async () => {
    const sockets = new Set<Socket>();
    let requests = 0;
    const { origin } = await serve((request, response) => {
      requests++;
      const known = sockets.has(request.socket);
      sockets.add(request.socket);
      // The second request on a connection finds it closed.
      if (known && requests === 3) request.socket.destroy();
      else response.end('ok');
    });
    await ask(origin);
    await ask(origin);
    expect(sockets.size).toBe(1);
    expect((await ask(origin)).body.toString()).toBe('ok');
    expect(sockets.size).toBe(2);
    expect(requests).toBe(4);
  });
});

describe('a target', () => {
  it.each([
    ['not a url', 'invalid URL: relative URL without a base'],
    ['', 'invalid URL: relative URL without a base'],
    ['http://', 'invalid URL: empty host'],
    ['http://x:99999/', 'invalid URL: invalid port number'],
    ['ftp://example.com/', 'unsupported scheme: ftp'],
    ['file:///etc/hosts', 'unsupported scheme: file'],
    ['javascript:alert(1)', 'unsupported scheme: javascript'],
  ])('%j: %s', (url, text) => {
    expect(() => parseTarget(url)).toThrow(text);
  });
});
