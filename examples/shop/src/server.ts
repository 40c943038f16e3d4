/** `node dist/server.js [port] [database]`: serves the shop until it is told to stop. */
import { serve } from '@hono/node-server';
import { createHost } from 'moonlighter';
import { createApp } from './app.js';
import { openShop } from './database.js';
import { jobs } from './jobs.js';

const [port = '3000', database = 'shop.db'] = process.argv.slice(2);

const shop = openShop(database);
const host = await createHost({ database, jobs, log: 'info' });
await host.start();
const server = serve({ fetch: createApp(shop, host).fetch, hostname: '127.0.0.1', port: Number(port) }, (address) => {
  console.log(`The shop is open at http://127.0.0.1:${address.port}`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close();
    await host.stop();
    shop.close();
    process.exit(0);
  });
}
