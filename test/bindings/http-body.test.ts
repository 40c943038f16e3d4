/** Compressed, endless, broken and oversized answers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { AddressRules } from '../../src/bindings/http-address.js';
import { closeConnections, type HttpRequest, performRequest } from '../../src/bindings/http-request.js';

const servers: Server[] = [];

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

afterEach(async () => {
  closeConnections();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

const rules = new AddressRules({ allowPrivateNetworks: false, allow: ['127.0.0.0/8'] });

function ask(url: string, change: Partial<HttpRequest> = {}) {
  const request = { method: 'GET', url, headers: {}, body: undefined, timeoutSeconds: 10, maxResponseBytes: 1000, rules, ...change };
  return performRequest(request, new AbortController().signal);
}

const text = 'grüße '.repeat(20);

describe('the body of an answer', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', Buffer.from(text)],
    ['deflate, gzip', gzipSync(deflateSync(text))],
    ['gzip , br', brotliCompressSync(gzipSync(text))],
  ])('is decoded: %s', async (encoding, bytes) => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': encoding, 'Content-Length': bytes.length, 'X-Kept': 'yes' });
      response.end(bytes);
    });
    const answer = await ask(url);
    expect(answer.body.toString()).toBe(text);
    expect(answer.cut).toBe(false);
    expect(answer.headers['x-kept']).toBe('yes');
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('content-')).length).toBe(encoding === 'identity' ? 2 : 0);
  });

  it('is asked for in the encodings that can be decoded, unless the script asks for something', async () => {
    const url = await serve((request, response) => response.end(String(request.headers['accept-encoding'])));
    expect((await ask(url)).body.toString()).toBe('gzip, deflate, br');
    expect((await ask(url, { headers: { 'Accept-Encoding': 'identity' } })).body.toString()).toBe('identity');
  });

  it('may be empty where an encoding is named', async () => {
    const url = await serve((request, response) => {
      response.writeHead(request.url === '/none' ? 204 : 200, { 'Content-Encoding': 'gzip' });
      response.end();
    });
    expect((await ask(url)).body.length).toBe(0);
    expect((await ask(`${url}none`)).body.length).toBe(0);
    const head = await ask(url, { method: 'HEAD' });
    expect([head.body.length, head.headers['content-encoding']]).toEqual([0, 'gzip']);
  });

  it('is counted after decoding: a bomb is cut at the limit, and its connection closed', async () => {
    let closed = () => {};
    const end = new Promise<void>((done) => {
      closed = done;
    });
    const url = await serve((request, response) => {
      request.socket.on('close', () => closed());
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      const gzip = createGzip();
      gzip.pipe(response);
      const zeros = Buffer.alloc(1024 * 1024);
      const more = () => {
        while (!response.destroyed && gzip.write(zeros));
      };
      gzip.on('drain', more);
      more();
    });
    const answer = await ask(url, { maxResponseBytes: 5000 });
    expect([answer.body.length, answer.cut]).toEqual([5000, true]);
    await expect(end).resolves.toBeUndefined();
  });

  it('is cut when it never ends, and its connection closed although the server waits', async () => {
    let closed = () => {};
    const end = new Promise<void>((done) => {
      closed = done;
    });
    const url = await serve((request, response) => {
      request.socket.on('close', () => closed());
      response.write('x'.repeat(1500));
    });
    expect(await ask(url)).toMatchObject({ status: 200, cut: true });
    await expect(end).resolves.toBeUndefined();
  });

  it('is refused when it cannot be decoded', async () => {
    const answers: Record<string, [string, Buffer]> = {
      '/garbage': ['gzip', Buffer.from('this is no gzip')],
      '/short': ['gzip', gzipSync(text).subarray(0, 20)],
      '/brotli': ['br', Buffer.from('this is no brotli either')],
      '/zstd': ['zstd', Buffer.from('x')],
      '/many': ['gzip, gzip, gzip, gzip', Buffer.from('x')],
    };
    const url = await serve((request, response) => {
      const [encoding, bytes] = answers[request.url as string] as [string, Buffer];
      response.writeHead(200, { 'Content-Encoding': encoding }).end(bytes);
    });
    await expect(ask(`${url}garbage`)).rejects.toMatchObject({
      code: 'HTTP_BODY',
      message: 'failed to read response body: incorrect header check',
    });
    await expect(ask(`${url}short`)).rejects.toMatchObject({ message: 'failed to read response body: unexpected end of file' });
    await expect(ask(`${url}brotli`)).rejects.toMatchObject({ code: 'HTTP_BODY' });
    await expect(ask(`${url}zstd`)).rejects.toMatchObject({ message: 'failed to read response body: unsupported content-encoding: zstd' });
    await expect(ask(`${url}many`)).rejects.toMatchObject({ message: 'failed to read response body: too many content-encodings' });
  });

  it('of a broken connection is a transport problem', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('begin', () => response.destroy());
    });
    await expect(ask(url)).rejects.toMatchObject({ code: 'HTTP_TRANSPORT', message: expect.stringMatching(/^HTTP transport error: /) });
  });

  it('of a compressed answer that stands still ends at the timeout', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      response.write(gzipSync(text).subarray(0, 12));
    });
    await expect(ask(url, { timeoutSeconds: 0.05 })).rejects.toMatchObject({ code: 'HTTP_TIMEOUT' });
  });

  it('of a redirect is not read when it never ends', async () => {
    let closed = () => {};
    const end = new Promise<void>((done) => {
      closed = done;
    });
    const url = await serve((request, response) => {
      if (request.url === '/there') {
        response.end('there');
        return;
      }
      request.socket.on('close', () => closed());
      response.writeHead(302, { location: '/there' });
      response.write('moved');
    });
    expect((await ask(url)).body.toString()).toBe('there');
    await expect(end).resolves.toBeUndefined();
  });
});
