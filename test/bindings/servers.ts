/** HTTP servers on loopback for one test. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class TestServers {
  readonly #servers: Server[] = [];

  /** Starts a server on a free port and gives its URL. */
  async serve(handle: RequestListener): Promise<string> {
    const server = createServer(handle);
    this.#servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  async dispose(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }
}
