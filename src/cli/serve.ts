/** `moonlighter serve`: scheduler, workers and the HTTP server, until a signal. */
import type { Command } from 'commander';
import { action, type Invocation } from './command.js';
import { EXIT } from './exit-codes.js';
import { type HostCommandOptions, prepareCommand } from './host-command.js';
import { integer, nameList } from './options.js';

interface Options extends HostCommandOptions {
  host?: string;
  port?: number;
  scheduler: boolean;
}

const EXAMPLES = `
Examples:
  moonlighter serve
  moonlighter -C news serve --port 8080
  moonlighter serve --queues mail,default --concurrency 4

Ctrl-C stops claiming, waits for running handlers ([jobs] shutdown_grace) and gives the rest back unharmed; a second one ends at once.`;

export function registerServe(command: Command, invocation: Invocation): void {
  command
    .option('--host <address>', 'address to listen on (default: [server] host)')
    .option('--port <n>', 'port to listen on, 0 = any (default: [server] port)', integer('--port', 0, 65535))
    .option('--no-scheduler', 'HTTP alone: claim nothing, watch no schedule')
    .option('--queues <names>', 'claim from these queues only', nameList('--queues'))
    .option('--concurrency <n>', 'runs of this host at a time', integer('--concurrency', 1))
    .addHelpText('after', EXAMPLES);
  action<Options>(command, invocation, async ({ signals }, options) => {
    const { startHttpServer } = await import('../http/server.js');
    const prepared = await prepareCommand(invocation, options);
    const { log } = prepared;
    const { server } = prepared.project.moonlighter;
    const host = options.scheduler ? prepared.create({}) : undefined;
    const http = await startHttpServer({
      host: options.host ?? server.host,
      port: options.port ?? server.port,
      ...(host && { stats: () => host.stats }),
    });
    try {
      if (host) {
        prepared.answer(host);
        await host.start();
      } else log.line('info', 'Background job scheduler disabled');
      log.line('info', `Listening on ${http.url} (health: ${http.url}/healthz)`, { url: http.url });
      const signal = await signals.wait();
      await host?.stop(signal);
      return EXIT.done;
    } finally {
      await http.close();
    }
  });
}
