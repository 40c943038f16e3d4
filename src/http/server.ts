/** The HTTP server of a host: `/healthz` for now. It answers while runs execute, since those are in other threads. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HostError } from '../domain/errors.js';
import type { HostStats } from '../host/host.js';
import { VERSION } from '../host/version.js';

export interface HttpServer {
  /** `http://127.0.0.1:7878`. */
  readonly url: string;
  close(): Promise<void>;
}

export interface HttpOptions {
  host: string;
  /** 0 = any free one. */
  port: number;
  /** undefined where the process runs no scheduler. */
  stats?(): HostStats;
}

/** Ends when it listens. HostError PORT_UNAVAILABLE when it cannot. */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const known = path === '/healthz';
    const allowed = request.method === 'GET' || request.method === 'HEAD';
    const status = !known ? 404 : !allowed ? 405 : 200;
    const body = status === 200 ? health(options.stats?.()) : problem(status, path ?? '/');
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...(status === 405 && { allow: 'GET, HEAD' }),
    });
    response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`);
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function health(stats: HostStats | undefined): object {
  const base = { status: 'ok', version: VERSION };
  if (!stats) return { ...base, scheduler: false };
  const { id, startedAt, running, free, workers, outcomes } = stats;
  return {
    ...base,
    scheduler: true,
    host: id,
    started_at: startedAt === undefined ? null : new Date(startedAt).toISOString(),
    running,
    free,
    workers,
    outcomes,
  };
}

function problem(status: number, path: string): object {
  if (status === 405)
    return { error: { code: 'METHOD_NOT_ALLOWED', message: 'this path answers GET and HEAD', remedy: null, details: {} } };
  return { error: { code: 'NOT_FOUND', message: `nothing at ${path}`, remedy: 'try /healthz', details: {} } };
}

function listen(server: Server, { host, port }: HttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
      reject(
        new HostError('PORT_UNAVAILABLE', `cannot listen on ${host}:${port} (${why})`, {
          remedy: 'give another one with --port, or [server] port in moonlighter.toml',
          details: { host, port },
          cause: error,
        }),
      );
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      // An error after this is of one connection, which node closes itself.
      server.on('error', () => {});
      resolve();
    });
  });
}
