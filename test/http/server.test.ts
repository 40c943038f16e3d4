import { afterEach, expect, it } from 'vitest';
import { HostError } from '../../src/domain/errors.js';
import type { HostStats } from '../../src/host/host.js';
import { type HttpServer, startHttpServer } from '../../src/http/server.js';

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(port = 0, stats?: () => HostStats): Promise<HttpServer> {
  const server = await startHttpServer({ host: '127.0.0.1', port, stats });
  servers.push(server);
  return server;
}

it('/healthz shows the host, whatever query follows; HEAD has no body', async () => {
  const outcomes = { completed: 2, failed: 1, timed_out: 0, cancelled: 0, released: 0, lost: 0 };
  const { url } = await start(0, () => ({
    id: 'h',
    startedAt: 0,
    running: 1,
    free: 3,
    workers: 2,
    outcomes,
    writer: undefined,
    writersWaiting: 0,
  }));
  const response = await fetch(`${url}/healthz?now`);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toMatchObject({
    status: 'ok',
    scheduler: true,
    host: 'h',
    started_at: '1970-01-01T00:00:00.000Z',
    running: 1,
    outcomes,
  });
  const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

it('other paths and methods are refused with a code', async () => {
  const { url } = await start();
  const missing = await fetch(`${url}/jobs`);
  expect([missing.status, await missing.json()]).toMatchObject([404, { error: { code: 'NOT_FOUND' } }]);
  const wrong = await fetch(`${url}/healthz`, { method: 'DELETE' });
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

it('[BOUNDARY] a port that is taken is an error with a remedy; closing frees it, also with a connection open', async () => {
  const first = await start();
  const port = Number(new URL(first.url).port);
  const error = await start(port).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(HostError);
  expect(error).toMatchObject({ code: 'PORT_UNAVAILABLE', details: { host: '127.0.0.1', port } });
  await (await fetch(`${first.url}/healthz`)).text();
  servers.splice(0);
  await first.close();
  expect((await start(port)).url).toBe(first.url);
});
